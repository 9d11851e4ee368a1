/* authjs_rig - worlds of Auth.js' systems for fuzz targets: a visitor who pressed the button and
 * then signed in another way has $C        the cookies of a sign-in under way, $X its token that
 * goes into forms, $s $n $I  its state, nonce, and ID token signed with that, $S $T     the session
 * cookie, name and value, and its value alone. Test code only. */
#ifndef USHER_FLOW_AUTHJS_RIG_H
#define USHER_FLOW_AUTHJS_RIG_H

#include "flow/fuzz_rig.h"

static const char metadata[] = METADATA("\"userinfo_endpoint\":\"" ISSUER "/me\","
                                        "\"code_challenge_methods_supported\":[\"S256\"]");

static inline void post(const world *w, const char *target, usher_str cookies, usher_str body)
{
    ask(w, kit_str(target), cookies, body,
        text("200 application/json\n$", kit_str(metadata), (usher_str){0}));
}

/* Every cookie of the last answer, as a browser sends them back. */
static inline usher_str sent_back(usher_str before)
{
    const usher_response *r = usher_exchange_response(exchange);
    usher_str rest;

    for (size_t i = 0; i < r->header_count; i++)
        if (usher_str_eq(r->headers[i].name, USHER_STR("Set-Cookie"))) {
            usher_str pair = usher_str_cut(r->headers[i].value, ';', &rest);
            before = before.len ? text("$; $", before, pair) : keep(pair);
        }
    return before;
}

static inline void sign_id_token(world *w)
{
    usher_str claims = text("{\"iss\":\"" ISSUER "\",\"sub\":\"user-1\",\"aud\":\"client\","
                            "\"iat\":1767225600,\"exp\":1767225900,\"nonce\":\"$\","
                            "\"name\":\"Ada L.\",\"email\":\"ada@example.com\"}",
                            w->of['n'], (usher_str){0});
    w->of['I'] = sample_sign(&kept, true, USHER_STR("{\"alg\":\"EdDSA\",\"kid\":\"ed\"}"), claims);
}

/* Users that the settings name have no rows. */
static inline void make_site_of(world *w, const char *profile, const char *more, const char *checks)
{
    static const char development[] =
        ",{\"id\":\"development\",\"type\":\"development\",\"name\":\"Development\","
        "\"users\":[{\"id\":\"ada\",\"name\":\"Ada\",\"email\":\"ada@example.com\"}]}";
    static const char form[] = ",{\"id\":\"form\",\"type\":\"credentials\",\"fields\":["
                               "{\"name\":\"user\"},{\"name\":\"<p>\",\"type\":\"password\"}]}";
    char json[2048];

    snprintf(json, sizeof json,
             "{\"site\":{\"base_url\":\"" BASE "\",\"development\":true,\"profile\":\"%s\","
             "\"secret\":\"0123456789abcdef-test-only-0123456789abcdef\",%s"
             "\"open\":[\"/\",\"/docs/*\"],\"providers\":["
             "{\"id\":\"op\",\"type\":\"oidc\",\"issuer\":\"" ISSUER "\",\"client_id\":\"client\","
             "\"client_secret\":\"a-client-secret-of-some-length\",\"id_token_alg\":\"EdDSA\","
             "%s}%s%s]}}",
             profile, more, checks, strstr(more, "database") ? "" : development,
             strstr(more, "authorize") ? form : "");
    make_site(w, json);
    w->of['M'] = usher_str_of(metadata, sizeof metadata - 1);
}

static inline void make_world(world *w, const char *profile, const char *more, const char *checks)
{
    usher_str body, rest;

    make_site_of(w, profile, more, checks);
    post(w, "/api/auth/csrf", (usher_str){0}, (usher_str){0});
    body = usher_exchange_response(exchange)->body;
    assert(body.len == sizeof "{\"csrfToken\":\"\"}" - 1 + 64);
    w->of['X'] = keep(usher_str_of(body.ptr + 14, 64));
    w->of['C'] = sent_back((usher_str){0});
    body = text("csrfToken=$", w->of['X'], (usher_str){0});
    post(w, "/api/auth/signin/op", w->of['C'], body);
    usher_str location = answer_header("Location", ISSUER "/auth?");
    w->of['s'] = parameter(location, "state");
    w->of['n'] = parameter(location, "nonce");
    usher_str before = w->of['C'];
    w->of['C'] = sent_back(before);
    body = text("csrfToken=$&user=ada", w->of['X'], (usher_str){0});
    post(w, "/api/auth/callback/development", before, body);
    assert(usher_exchange_signed_in(exchange));
    w->of['S'] = keep(usher_str_cut(answer_header("Set-Cookie", "session-token"), ';', &rest));
    (void)usher_str_cut(w->of['S'], '=', &w->of['T']);
    sign_id_token(w);
}

/* Nobody signs in without something that only we could have given out; forms, queries and JSON have
 * their own spellings of it, so the text is read both ways. */
static inline bool has_secret(usher_str text, usher_str secret)
{
    static char plain[INPUT_MAX];
    size_t len = 0;

    for (size_t i = 0; i < text.len; i++) {
        bool percent = text.ptr[i] == '%' && text.len - i > 2;
        bool json = text.ptr[i] == '\\' && text.len - i > 5 && text.ptr[i + 1] == 'u';
        size_t digits = i + (percent ? 1 : 4);
        char hex[3] = {0};
        if (percent || json) memcpy(hex, text.ptr + digits, 2);
        char *stop = hex;
        long c = strtol(hex, &stop, 16);
        plain[len++] = stop == hex + 2 ? (char)c : text.ptr[i];
        if (stop == hex + 2) i = digits + 1;
    }
    return secret.len && usher_str_find((usher_str){plain, len}, secret) != SIZE_MAX;
}

/* The site's "open": "/" and "/docs/" with a star. */
static inline bool is_open(usher_str target)
{
    usher_str query, path = usher_str_cut(target, '?', &query);

    return usher_str_eq(path, USHER_STR("/")) || usher_str_eq(path, USHER_STR("/docs")) ||
           (usher_str_starts(path, USHER_STR("/docs/")) && !usher_str_has(path, '%') &&
            usher_str_find(path, USHER_STR("/..")) == SIZE_MAX);
}

#endif
