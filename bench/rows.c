#include "bench/rows.h"

#include <string.h>

#include "base/str.h"
#include "session/chunks.h"
#include "session/session.h"
#include "session/token.h"
#include "wire/base64url.h"

/* ---- a request as a server hands it over ---------------------------------------------------- */

/* What a server has in its hands anyway is put together once. */
static void make_request(fixture *f)
{
    const usher_header headers[] = {
        {USHER_STR("host"), USHER_STR("localhost:3000")},
        {USHER_STR("user-agent"),
         USHER_STR("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0")},
        {USHER_STR("accept"), USHER_STR("text/html,application/xhtml+xml,*/*;q=0.8")},
        {USHER_STR("accept-language"), USHER_STR("en-GB,en;q=0.5")},
        {USHER_STR("accept-encoding"), USHER_STR("gzip, deflate, br")},
        {USHER_STR("cookie"), USHER_STR("")},
    };

    memcpy(f->headers, headers, sizeof headers);
    f->request = (usher_request){.size = sizeof f->request,
                                 .method = USHER_STR("GET"),
                                 .target = USHER_STR("/dashboard?tab=reports"),
                                 .headers = f->headers,
                                 .header_count = FIXTURE_HEADERS};
}

static bool start(fixture *f, usher_str cookies)
{
    if (!f->request.size) make_request(f);
    f->headers[FIXTURE_HEADERS - 1].value = cookies;
    return usher_exchange_start(f->exchange, f->site, &f->request, f->now_ms, NULL) == USHER_OK;
}

bool rows_session(fixture *f, usher_str cookies, usher_verdict *verdict)
{
    usher_want want;

    if (!start(f, cookies) || usher_get_token(f->exchange, &want, NULL) ||
        want.kind != USHER_WANT_NOTHING)
        return false;
    *verdict = usher_exchange_verdict(f->exchange);
    return true;
}

/* ---- opening -------------------------------------------------------------------------------- */

bool rows_open_floor(fixture *f)
{
    usher_str plain;

    return floor_open(f->floor, f->token, true, &plain);
}

static bool open_table_floor(fixture *f)
{
    usher_str plain;

    return floor_open(f->floor, f->token, false, &plain);
}

bool rows_open_token(fixture *f)
{
    usher_claims claims;
    usher_verdict verdict;
    usher_cause cause;

    usher_arena_reset(&f->arena);
    return usher_token_open(&claims, &verdict, &cause, &f->arena, f->cipher, fixture_keys(f),
                            USHER_FOR_SESSION, f->token, f->now_ms / 1000, NULL) == USHER_OK &&
           verdict == USHER_SESSION_VALID;
}

static bool open_session(fixture *f)
{
    usher_verdict verdict;

    return rows_session(f, f->cookies, &verdict) && verdict == USHER_SESSION_VALID;
}

/* The steps. Each resets the arena, as the layers do once: so their sum is a little more. */

static bool step_request(fixture *f)
{
    return start(f, f->cookies);
}

static bool step_cookie(fixture *f)
{
    usher_session_cookie cookie;
    const usher_profile *profile = f->site->profile;

    usher_arena_reset(&f->arena);
    return usher_session_cookie_read(&cookie, &f->arena, profile, profile->dialect,
                                     f->site->cookies[USHER_COOKIE_SESSION].name, f->cookies,
                                     NULL) == USHER_OK &&
           cookie.value.len == f->token.len;
}

static bool step_base64url(fixture *f)
{
    usher_jwe_parts parts;

    return usher_jwe_split(&parts, f->token, NULL) == USHER_OK &&
           usher_base64url_decode(f->scratch, parts.iv, NULL) == USHER_OK &&
           usher_base64url_decode(f->scratch, parts.tag, NULL) == USHER_OK &&
           usher_base64url_decode(f->scratch, parts.ciphertext, NULL) == USHER_OK;
}

static bool step_unseal(fixture *f)
{
    usher_jwe_parts parts;
    usher_str plain;
    const usher_jwe_key *key = &fixture_keys(f)->keys[USHER_FOR_SESSION][0][0];

    usher_arena_reset(&f->arena);
    return usher_jwe_split(&parts, f->token, NULL) == USHER_OK &&
           usher_jwe_open(&plain, &f->arena, f->cipher, key, &parts, NULL) == USHER_OK;
}

static bool step_json(fixture *f)
{
    usher_json_object object;

    usher_arena_reset(&f->arena);
    return usher_json_read_object(&object, &f->arena, f->claims, &usher_json_limits_claims, NULL) ==
           USHER_OK;
}

static bool step_claims(fixture *f)
{
    usher_claims claims = f->read;
    struct usher_session session;
    bool is_session;

    return usher_claims_judge(&claims, f->now_ms / 1000, f->site->profile->tolerance_s) ==
               USHER_CAUSE_NONE &&
           usher_session_from_claims(&session, &is_session, &f->arena, &claims, f->now_ms, NULL) ==
               USHER_OK &&
           is_session;
}

const row open_rows[] = {{"floor", rows_open_floor},
                         {"table floor", open_table_floor},
                         {"token", rows_open_token},
                         {"session", open_session},
                         {"step request", step_request},
                         {"step cookie", step_cookie},
                         {"step base64url", step_base64url},
                         {"step unseal", step_unseal},
                         {"step json", step_json},
                         {"step claims", step_claims},
                         {NULL, NULL}};

/* ---- sealing -------------------------------------------------------------------------------- */

static bool seal_floor(fixture *f)
{
    usher_str token;

    return floor_seal(f->floor, f->header, f->claims, true, &token);
}

static bool seal_table_floor(fixture *f)
{
    usher_str token;

    return floor_seal(f->floor, f->header, f->claims, false, &token);
}

bool rows_seal_token(fixture *f, usher_str *token)
{
    int64_t exp;

    usher_arena_reset(&f->arena);
    return usher_token_seal(token, &exp, &f->arena, f->cipher, fixture_keys(f), USHER_FOR_SESSION,
                            f->claims, f->now_ms / 1000, 30 * 86400, f->entropy, NULL) == USHER_OK;
}

static bool seal_token(fixture *f)
{
    usher_str token;

    return rows_seal_token(f, &token);
}

/* What a renewal does: the claims were just opened, so they are read already. */
bool rows_seal_again(fixture *f, usher_str *token)
{
    int64_t exp;

    usher_arena_reset(&f->arena);
    return usher_token_seal_again(token, &exp, &f->arena, f->cipher, fixture_keys(f),
                                  USHER_FOR_SESSION, &f->read.object, f->read.text,
                                  f->now_ms / 1000, 30 * 86400, f->entropy, NULL) == USHER_OK;
}

static bool seal_again(fixture *f)
{
    usher_str token;

    return rows_seal_again(f, &token);
}

/* getServerSession() and auth(): read, seal again, Set-Cookie. */
bool rows_roll(fixture *f)
{
    usher_want want;

    return start(f, f->cookies) && usher_get_session(f->exchange, &want, NULL) == USHER_OK &&
           usher_exchange_verdict(f->exchange) == USHER_SESSION_VALID &&
           usher_exchange_response(f->exchange)->header_count > 0;
}

const row seal_rows[] = {{"floor", seal_floor}, {"table floor", seal_table_floor},
                         {"token", seal_token}, {"again", seal_again},
                         {"roll", rows_roll},   {NULL, NULL}};
