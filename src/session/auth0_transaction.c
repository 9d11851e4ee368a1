#include "session/auth0_transaction.h"

#include "base/error.h"
#include "base/str.h"
#include "session/auth0_write.h"

const char *usher_auth0_callback_message(usher_auth0_callback answer)
{
    switch (answer) {
    case USHER_AUTH0_TRANSACTION_FOUND: break;
    case USHER_AUTH0_STATE_MISSING: return "The state parameter is missing.";
    case USHER_AUTH0_STATE_INVALID: return "The state parameter is invalid.";
    case USHER_AUTH0_STATE_FOREIGN: return "An error occurred during the authorization flow.";
    }
    return NULL;
}

usher_status usher_auth0_transaction_name(usher_str *name, usher_arena *a,
                                          const usher_auth0_options *options, usher_str state,
                                          usher_error *err)
{
    usher_buf b;

    *name = options->transaction_prefix;
    if (!options->parallel_transactions) return USHER_OK;
    usher_buf_init(&b, a, options->transaction_prefix.len + state.len + 1);
    usher_buf_put(&b, options->transaction_prefix);
    usher_buf_put(&b, state);
    return usher_buf_take(name, &b, err);
}

/* ---- opening ------------------------------------------------------------------------------- */

/* The token behind the number. A colon with anything but a number before it is no form that was
 * ever written; the original cuts at it all the same. */
static usher_str token_of(usher_str value, uint64_t *created)
{
    usher_str token, number = usher_str_cut(value, ':', &token);

    *created = 0;
    if (!token.ptr) return value;
    return usher_str_u64(created, number) ? token : (usher_str){0};
}

/* Texts that may be missing, but not something else. */
static usher_status text_members(usher_auth0_transaction *t, bool *good,
                                 const usher_auth0_context *c, const usher_json_object *o,
                                 usher_error *err)
{
    const struct {
        usher_str name, *out;
    } members[] = {
        {USHER_STR("state"), &t->state},
        {USHER_STR("nonce"), &t->nonce},
        {USHER_STR("codeVerifier"), &t->code_verifier},
        {USHER_STR("returnTo"), &t->return_to},
        {USHER_STR("scope"), &t->scope},
        {USHER_STR("audience"), &t->audience},
        {USHER_STR("challengeMode"), &t->challenge_mode},
    };
    usher_status rc = USHER_OK;

    *good = true;
    for (size_t i = 0; i < sizeof members / sizeof *members && rc == USHER_OK; i++) {
        usher_json value = usher_json_get(o, members[i].name);

        if (value.type == USHER_JSON_STRING)
            rc = usher_json_string(members[i].out, c->arena, value, err);
        else if (value.type != USHER_JSON_ABSENT)
            *good = false;
    }
    return rc;
}

static bool read_kind(usher_auth0_transaction *t, const usher_json_object *o)
{
    usher_json type = usher_json_get(o, USHER_STR("responseType"));
    usher_json age = usher_json_get(o, USHER_STR("maxAge"));

    t->connect = usher_json_string_is(type, USHER_STR("connect_code"));
    t->has_max_age = age.type != USHER_JSON_ABSENT;
    if (t->has_max_age && (!usher_json_int64(&t->max_age_s, age) || t->max_age_s < 0)) return false;
    return t->connect || usher_json_string_is(type, USHER_STR("code"));
}

/* A transaction without verifier would redeem any code that is sent in: refused, where the original
 * goes on without. Whoever signs in has a nonce besides. */
static usher_status read_transaction(usher_auth0_transaction *t, bool *good,
                                     const usher_auth0_context *c, const usher_json_object *o,
                                     usher_error *err)
{
    usher_status rc = text_members(t, good, c, o, err);

    *good = rc == USHER_OK && *good && read_kind(t, o) && t->state.len && t->code_verifier.len;
    return rc;
}

static usher_status judge_claims(usher_auth0_transaction *t, usher_auth0_callback *answer,
                                 usher_cause *cause, const usher_auth0_context *c,
                                 const usher_claims *claims, usher_str state, usher_error *err)
{
    bool good;
    usher_status rc = read_transaction(t, &good, c, &claims->object, err);

    if (rc) return rc;
    bool same = good && usher_secret_equal_str(t->state, state);
    *answer = same ? USHER_AUTH0_TRANSACTION_FOUND : USHER_AUTH0_STATE_FOREIGN;
    *cause = same ? USHER_CAUSE_NONE : USHER_CAUSE_STATE_MISMATCH;
    return USHER_OK;
}

static usher_status open_found(usher_auth0_transaction *t, usher_auth0_callback *answer,
                               usher_cause *cause, const usher_auth0_context *c,
                               const usher_cookie *cookie, usher_str state, usher_error *err)
{
    usher_claims claims;
    usher_verdict verdict;
    usher_cause why;
    uint64_t created;
    usher_status rc;

    if ((rc = usher_token_open(&claims, &verdict, &why, c->arena, c->cipher, c->keys,
                               USHER_FOR_STATE, token_of(cookie->value, &created), c->now_s, err)))
        return rc;
    if (verdict != USHER_SESSION_VALID) return USHER_OK;
    return judge_claims(t, answer, cause, c, &claims, state, err);
}

usher_status usher_auth0_transaction_open(usher_auth0_transaction *out,
                                          usher_auth0_callback *answer, usher_cause *cause,
                                          const usher_auth0_context *c, const usher_auth0_jar *jar,
                                          usher_str state, usher_error *err)
{
    usher_auth0_transaction t = {0};
    usher_auth0_callback found = USHER_AUTH0_STATE_INVALID;
    usher_cause why = USHER_CAUSE_STATE_COOKIE;
    const usher_cookie *cookie;
    usher_str name;
    usher_status rc;

    *out = t;
    *answer = state.len ? USHER_AUTH0_STATE_INVALID : USHER_AUTH0_STATE_MISSING;
    *cause = state.len ? USHER_CAUSE_STATE_COOKIE : USHER_CAUSE_STATE_MISMATCH;
    if (state.len == 0) return USHER_OK;
    if ((rc = usher_auth0_transaction_name(&name, c->arena, c->options, state, err))) return rc;
    cookie = usher_auth0_jar_get(jar, name);
    if (!cookie) return USHER_OK;
    if ((rc = open_found(&t, &found, &why, c, cookie, state, err))) return rc;
    *answer = found;
    *cause = why;
    if (found == USHER_AUTH0_TRANSACTION_FOUND) *out = t;
    return USHER_OK;
}

/* ---- writing ------------------------------------------------------------------------------- */

static void put_text(usher_json_writer *w, const char *name, usher_str text)
{
    usher_json_put_member(w, usher_str_z(name), text); /* nothing for an absent text */
}

static usher_status payload(usher_str *out, const usher_auth0_context *c,
                            const usher_auth0_transaction *t, usher_error *err)
{
    usher_json_writer w;
    usher_buf b;

    usher_buf_init(&b, c->arena, USHER_TOKEN_MAX);
    usher_json_write_init(&w, &b);
    usher_json_open_object(&w);
    put_text(&w, "nonce", t->nonce);
    if (t->has_max_age) {
        usher_json_name(&w, USHER_STR("maxAge"));
        usher_json_put_int(&w, t->max_age_s);
    }
    put_text(&w, "codeVerifier", t->code_verifier);
    put_text(&w, "responseType", t->connect ? USHER_STR("connect_code") : USHER_STR("code"));
    put_text(&w, "state", t->state);
    put_text(&w, "returnTo", t->return_to);
    put_text(&w, "scope", t->scope);
    put_text(&w, "audience", t->audience);
    put_text(&w, "challengeMode", t->challenge_mode);
    usher_json_close_object(&w);
    return usher_buf_take(out, &b, err);
}

static int64_t lifetime(const usher_auth0_options *o)
{
    return o->transaction_max_age_s ? o->transaction_max_age_s : o->names->transaction_max_age_s;
}

static usher_status value_of(usher_str *out, const usher_auth0_context *c,
                             const usher_auth0_transaction *t, usher_entropy entropy,
                             usher_error *err)
{
    usher_json_object members;
    usher_str text, token;
    usher_buf b;
    usher_status rc;

    if ((rc = payload(&text, c, t, err)) ||
        (rc = usher_json_read_object(&members, c->arena, text, &usher_json_limits_claims, err)) ||
        (rc = usher_auth0_seal(&token, c, &members, (usher_str){0}, lifetime(c->options), entropy,
                               err)))
        return rc;
    usher_buf_init(&b, c->arena, token.len + 24);
    usher_buf_put_i64(&b, c->now_s);
    usher_buf_put_char(&b, ':');
    usher_buf_put(&b, token);
    return usher_buf_take(out, &b, err);
}

static size_t cost(usher_str name, usher_str value)
{
    return name.len + 1 + value.len;
}

/* The oldest of those that are left; a value without a number counts as of 1970. */
static const usher_cookie *oldest(const usher_auth0_jar *jar, const bool gone[], size_t *index)
{
    uint64_t least = 0, created;

    *index = SIZE_MAX;
    for (size_t i = 0; i < jar->count; i++) {
        if (gone[i]) continue;
        (void)token_of(jar->items[i].value, &created);
        if (*index != SIZE_MAX && created >= least) continue;
        *index = i;
        least = created;
    }
    return *index == SIZE_MAX ? NULL : &jar->items[*index];
}

static usher_status evict(usher_auth0_lines *lines, const usher_auth0_context *c,
                          const usher_auth0_jar *jar, usher_str name, size_t total,
                          usher_error *err)
{
    usher_auth0_attributes at = usher_auth0_session_attributes(c->options);
    bool gone[USHER_AUTH0_COOKIES_MAX] = {false};
    const usher_cookie *cookie;
    usher_status rc = USHER_OK;
    size_t index;

    for (size_t i = 0; i < jar->count; i++) {
        gone[i] = usher_str_eq(jar->items[i].name, name);
        if (!gone[i]) total += cost(jar->items[i].name, jar->items[i].value);
    }
    while (rc == USHER_OK && total >= c->options->names->transactions_max &&
           (cookie = oldest(jar, gone, &index))) {
        gone[index] = true;
        total -= cost(cookie->name, cookie->value);
        rc = usher_auth0_lines_delete(lines, c->arena, cookie->name, &at, err);
    }
    return rc;
}

usher_status usher_auth0_transaction_write(usher_auth0_lines *lines, const usher_auth0_context *c,
                                           const usher_auth0_jar *jar,
                                           const usher_auth0_transaction *t, usher_entropy entropy,
                                           usher_error *err)
{
    usher_auth0_attributes at = usher_auth0_session_attributes(c->options);
    usher_str name, value;
    usher_status rc;

    lines->count = 0;
    if (t->state.len == 0 || t->code_verifier.len == 0)
        return usher_fail(err, USHER_E_USAGE, "auth0: a transaction without state or verifier", 0);
    at.has_max_age = true;
    at.max_age_s = lifetime(c->options);
    at.now_s = c->now_s;
    if ((rc = usher_auth0_transaction_name(&name, c->arena, c->options, t->state, err)) ||
        (rc = value_of(&value, c, t, entropy, err)) ||
        (rc = usher_auth0_lines_put(lines, c->arena, name, value, &at, err)) ||
        (rc = evict(lines, c, jar, name, cost(name, value), err)))
        lines->count = 0;
    return rc;
}

usher_status usher_auth0_transaction_clear(usher_auth0_lines *lines, const usher_auth0_context *c,
                                           const usher_auth0_jar *jar, usher_str state,
                                           usher_error *err)
{
    usher_auth0_attributes at = usher_auth0_session_attributes(c->options);
    usher_str name;
    usher_status rc = USHER_OK;

    lines->count = 0;
    if (state.ptr) {
        if ((rc = usher_auth0_transaction_name(&name, c->arena, c->options, state, err))) return rc;
        return usher_auth0_lines_delete(lines, c->arena, name, &at, err);
    }
    for (size_t i = 0; i < jar->count && rc == USHER_OK; i++)
        rc = usher_auth0_lines_delete(lines, c->arena, jar->items[i].name, &at, err);
    if (rc) lines->count = 0;
    return rc;
}
