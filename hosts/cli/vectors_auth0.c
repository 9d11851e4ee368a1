#include "hosts/cli/vectors_auth0.h"

#include <stdio.h>

#include "base/error.h"
#include "base/str.h"
#include "hosts/cli/compare.h"
#include "session/auth0_return_to.h"
#include "session/auth0_transaction.h"
#include "session/auth0_write.h"
#include "wire/base64url.h"

#define CALLS_MAX 8

/* What a case sets up: a client of the original, with the original's limits. */
typedef struct client {
    usher_keyring keys;
    usher_auth0_options options;
    usher_auth0_context context;
    usher_auth0_jar jar;
    usher_str base, sign_in_path;
    usher_json_object store; /* id -> JSON text */
    bool stateful;
    usher_str calls[CALLS_MAX]; /* what was asked of the store */
    size_t call_count;
} client;

/* ---- options ------------------------------------------------------------------------------- */

static usher_status object_in(usher_json_object *out, vector *v, const usher_json_object *o,
                              usher_str name, usher_error *err)
{
    usher_json value = usher_json_get(o, name);

    *out = (usher_json_object){0};
    return value.type == USHER_JSON_OBJECT ? usher_json_members(out, v->arena, value, err)
                                           : USHER_OK;
}

static usher_status text_in(usher_str *out, vector *v, const usher_json_object *o, usher_str name,
                            usher_error *err)
{
    usher_json value = usher_json_get(o, name);

    return value.type == USHER_JSON_STRING ? usher_json_string(out, v->arena, value, err)
                                           : USHER_OK;
}

static void flag_in(bool *out, const usher_json_object *o, usher_str name)
{
    usher_json value = usher_json_get(o, name);

    if (value.type == USHER_JSON_TRUE || value.type == USHER_JSON_FALSE)
        *out = value.type == USHER_JSON_TRUE;
}

static void number_in(int64_t *out, const usher_json_object *o, usher_str name)
{
    int64_t n;

    if (usher_json_int64(&n, usher_json_get(o, name))) *out = n;
}

static void same_site_in(usher_same_site *out, const usher_json_object *o)
{
    usher_json value = usher_json_get(o, USHER_STR("sameSite"));

    if (usher_json_string_is(value, USHER_STR("lax"))) *out = USHER_SAME_SITE_LAX;
    if (usher_json_string_is(value, USHER_STR("strict"))) *out = USHER_SAME_SITE_STRICT;
    if (usher_json_string_is(value, USHER_STR("none"))) *out = USHER_SAME_SITE_NONE;
}

static usher_status cookie_options(client *c, vector *v, const usher_json_object *o,
                                   usher_error *err)
{
    usher_json_object cookie;
    usher_status rc;

    if ((rc = object_in(&cookie, v, o, USHER_STR("cookie"), err)) ||
        (rc = text_in(&c->options.cookie_name, v, &cookie, USHER_STR("name"), err)) ||
        (rc = text_in(&c->options.path, v, &cookie, USHER_STR("path"), err)) ||
        (rc = text_in(&c->options.domain, v, &cookie, USHER_STR("domain"), err)))
        return rc;
    same_site_in(&c->options.same_site, &cookie);
    flag_in(&c->options.transient, &cookie, USHER_STR("transient"));
    flag_in(&c->options.secure, &cookie, USHER_STR("secure"));
    return USHER_OK;
}

static usher_status transaction_options(client *c, vector *v, const usher_json_object *o,
                                        usher_error *err)
{
    usher_json_object cookie;
    usher_status rc = object_in(&cookie, v, o, USHER_STR("transaction_cookie"), err);

    flag_in(&c->options.parallel_transactions, o, USHER_STR("parallel_transactions"));
    return rc ? rc : text_in(&c->options.transaction_prefix, v, &cookie, USHER_STR("prefix"), err);
}

static usher_status read_options(client *c, vector *v, usher_error *err)
{
    usher_json_object o;
    usher_status rc;

    usher_auth0_options_init(&c->options);
    c->options.as_original = true;
    c->options.secure = false;
    c->options.tenant = USHER_STR("tenant.example.com");
    c->base = USHER_STR("https://app.example.com");
    c->sign_in_path = USHER_STR("/");
    if ((rc = object_in(&o, v, &v->input, USHER_STR("options"), err)) ||
        (rc = cookie_options(c, v, &o, err)) || (rc = transaction_options(c, v, &o, err)) ||
        (rc = text_in(&c->base, v, &o, USHER_STR("app_base_url"), err)) ||
        (rc = text_in(&c->sign_in_path, v, &o, USHER_STR("sign_in_return_to_path"), err)))
        return rc;
    flag_in(&c->options.rolling, &o, USHER_STR("rolling"));
    number_in(&c->options.absolute_s, &o, USHER_STR("absolute_duration"));
    number_in(&c->options.inactivity_s, &o, USHER_STR("inactivity_duration"));
    if (usher_str_starts(c->base, USHER_STR("https:"))) c->options.secure = true;
    return USHER_OK;
}

static usher_status open_keys(client *c, vector *v, usher_error *err)
{
    const usher_str salts[USHER_PURPOSES] = {{0}};
    usher_secret secrets[USHER_SECRETS_MAX];
    size_t count;
    usher_status rc = vector_secrets(secrets, &count, v, err);

    if (rc) return rc;
    return usher_keyring_init(&c->keys, usher_allocator_default(), &usher_profile_auth0_4, secrets,
                              count, salts, err);
}

typedef usher_status jar_reader(usher_auth0_jar *out, usher_arena *a,
                                const usher_auth0_options *options, usher_str header,
                                usher_error *err);

static usher_status client_open(client *c, vector *v, jar_reader *read_jar, usher_error *err)
{
    usher_str header;
    usher_status rc;

    *c = (client){.call_count = 0};
    c->stateful = usher_json_get(&v->input, USHER_STR("store")).type == USHER_JSON_OBJECT;
    if ((rc = read_options(c, v, err)) || (rc = vector_header(&header, v, "cookie_header", err)) ||
        (rc = object_in(&c->store, v, &v->input, USHER_STR("store"), err)) ||
        (rc = read_jar(&c->jar, v->arena, &c->options, header, err)) || (rc = open_keys(c, v, err)))
        return rc;
    c->context = (usher_auth0_context){.arena = v->arena,
                                       .cipher = v->cipher,
                                       .keys = &c->keys,
                                       .options = &c->options,
                                       .now_s = vector_now(v)};
    return USHER_OK;
}

static void client_close(client *c)
{
    usher_keyring_deinit(&c->keys, usher_allocator_default());
}

/* ---- the store ----------------------------------------------------------------------------- */

static usher_status called(client *c, vector *v, usher_str verb, usher_str id, usher_error *err)
{
    usher_buf b;

    if (c->call_count == CALLS_MAX) return usher_fail(err, USHER_E_LIMIT, "vector: calls", 0);
    usher_buf_init(&b, v->arena, verb.len + id.len + 1);
    usher_buf_put(&b, verb);
    usher_buf_put_char(&b, ' ');
    usher_buf_put(&b, id);
    return usher_buf_take(&c->calls[c->call_count++], &b, err);
}

static usher_status stored(usher_str *record, client *c, vector *v, usher_str id, usher_error *err)
{
    usher_status rc = called(c, v, USHER_STR("get"), id, err);

    *record = (usher_str){0};
    return rc ? rc : text_in(record, v, &c->store, id, err);
}

/* ---- opening ------------------------------------------------------------------------------- */

typedef struct opened {
    usher_auth0_session session;
    usher_auth0_id id;
    usher_verdict verdict;
    usher_cause cause;
} opened;

static usher_status open_stored(opened *o, client *c, vector *v, usher_error *err)
{
    usher_str record;
    usher_status rc =
        usher_auth0_id_open(&o->id, &o->verdict, &o->cause, &c->context, &c->jar, err);

    if (rc || o->verdict != USHER_SESSION_VALID) return rc;
    if ((rc = stored(&record, c, v, o->id.id, err))) return rc;
    o->verdict = USHER_NO_SESSION;
    if (!record.ptr) return USHER_OK;
    return usher_auth0_record_open(&o->session, &o->verdict, &o->cause, &c->context, record, err);
}

static usher_status open_session(opened *o, client *c, vector *v, usher_error *err)
{
    *o = (opened){.verdict = USHER_NO_SESSION};
    if (c->stateful) return open_stored(o, c, v, err);
    return usher_auth0_session_open(&o->session, &o->verdict, &o->cause, &c->context, &c->jar, err);
}

static usher_status judge_session(vector *v, const opened *o, usher_error *err)
{
    usher_json recorded = usher_json_get(&v->expected, USHER_STR("result"));
    vector_outcome got = {.verdict = o->verdict, .cause = o->cause, .claims = o->session.json};

    if (got.verdict != USHER_SESSION_VALID)
        got.verdict = usher_json_string_is(recorded, USHER_STR("invalid")) ? USHER_SESSION_REJECTED
                                                                           : USHER_NO_SESSION;
    return vector_judge(v, "", &v->expected, &got, err);
}

usher_status vectors_auth0_get_session(vector *v, usher_error *err)
{
    client c;
    opened o;
    usher_status rc = client_open(&c, v, usher_auth0_jar_read, err);

    if (rc == USHER_OK) rc = open_session(&o, &c, v, err);
    if (rc == USHER_OK) rc = judge_session(v, &o, err);
    client_close(&c);
    return rc;
}

/* ---- comparing what was written ------------------------------------------------------------- */

static bool is_hex(usher_str s)
{
    for (size_t i = 0; i < s.len; i++)
        if (!usher_str_has(USHER_STR("0123456789abcdef"), s.ptr[i])) return false;
    return s.len == 32;
}

/* A text in which an id may be masked. */
static usher_status masked(usher_str *out, vector *v, usher_str text, usher_str id, bool mask,
                           usher_error *err)
{
    size_t at = mask && id.len ? usher_str_find(text, id) : SIZE_MAX;
    usher_buf b;

    *out = text;
    if (at == SIZE_MAX) return USHER_OK;
    usher_buf_init(&b, v->arena, text.len + 16);
    usher_buf_put(&b, (usher_str){text.ptr, at});
    usher_buf_put_z(&b, "<32 hex>");
    usher_buf_put(&b, usher_str_from(text, at + id.len));
    return usher_buf_take(out, &b, err);
}

static usher_status judge_line(vector *v, usher_json recorded, usher_str line, usher_error *err)
{
    usher_str attributes, value, name, text, pair = usher_str_cut(line, ';', &attributes);
    usher_json_object o;
    int64_t length;
    usher_status rc = usher_json_members(&o, v->arena, recorded, err);

    if (rc) return rc;
    name = usher_str_cut(pair, '=', &value);
    usher_json lengths = usher_json_get(&o, USHER_STR("value_length"));
    bool same = usher_json_string_is(usher_json_get(&o, USHER_STR("name")), name) &&
                usher_json_string_is(usher_json_get(&o, USHER_STR("attributes")),
                                     usher_str_from(attributes, 1));
    text = (usher_str){0};
    if ((rc = text_in(&text, v, &o, USHER_STR("value"), err))) return rc;
    if (text.ptr) same = same && usher_str_eq(text, value);
    if (lengths.type)
        same = same && usher_json_int64(&length, lengths) && (size_t)length == value.len;
    if (!same) vector_differs(v, "set_cookies", recorded.text, line);
    return USHER_OK;
}

static usher_status judge_lines(vector *v, const usher_auth0_lines *lines, usher_error *err)
{
    usher_json recorded = usher_json_get(&v->expected, USHER_STR("set_cookies")), item;
    usher_str rest = recorded.text;
    usher_status rc = USHER_OK;
    size_t i = 0;

    if (recorded.type != USHER_JSON_ARRAY) return USHER_OK;
    for (; rc == USHER_OK && usher_json_next(&item, &rest); i++) {
        if (i < lines->count)
            rc = judge_line(v, item, lines->items[i], err);
        else
            vector_differs(v, "set_cookies", item.text, (usher_str){0});
    }
    for (; i < lines->count; i++)
        vector_differs(v, "set_cookies", (usher_str){0}, lines->items[i]);
    return rc;
}

static usher_status judge_payload(vector *v, usher_str recorded, usher_str got, usher_error *err)
{
    usher_json one, other;
    bool same = false;
    usher_status rc;

    if ((rc = usher_json_read(&one, recorded, &usher_json_limits_claims, err)) ||
        (rc = usher_json_read(&other, got, &usher_json_limits_claims, err)) ||
        (rc = cli_json_same(&same, v->arena, one, other, err)))
        return rc;
    if (!same) vector_differs(v, "new_token.payload_json", recorded, got);
    return USHER_OK;
}

static usher_status judge_header(vector *v, const usher_json_object *o, usher_str token,
                                 usher_error *err)
{
    usher_str rest, segment = usher_str_cut(token, '.', &rest);
    size_t size = usher_base64url_decoded_size(segment.len);
    uint8_t *bytes = usher_arena_get(v->arena, size);
    usher_json recorded = usher_json_get(o, USHER_STR("header_json"));
    usher_status rc;

    if (!bytes) return usher_arena_fail(v->arena, err);
    if ((rc = usher_base64url_decode(bytes, segment, err))) return rc;
    usher_str got = {(const char *)bytes, size};
    if (recorded.type && !usher_json_string_is(recorded, got))
        vector_differs(v, "new_token.header_json", recorded.text, got);
    return USHER_OK;
}

static usher_status judge_token(vector *v, const client *c, usher_str token, usher_str id,
                                usher_error *err)
{
    usher_json_object o;
    usher_claims claims;
    usher_verdict verdict;
    usher_cause cause;
    usher_str recorded = {0}, payload;
    int64_t length = -1;
    usher_status rc = object_in(&o, v, &v->expected, USHER_STR("new_token"), err);

    if (rc || o.count == 0) return rc;
    usher_json lengths = usher_json_get(&o, USHER_STR("length"));
    if (!usher_json_int64(&length, lengths) || (size_t)length != token.len)
        vector_differs(v, "new_token.length", lengths.text, token);
    if (token.len == 0) return USHER_OK;
    if ((rc = judge_header(v, &o, token, err)) ||
        (rc = usher_token_open(&claims, &verdict, &cause, v->arena, v->cipher, &c->keys,
                               USHER_FOR_SESSION, token, vector_now(v), err)) ||
        (rc = text_in(&recorded, v, &o, USHER_STR("payload_json"), err)) || !recorded.ptr ||
        (rc = masked(&payload, v, claims.text, id,
                     usher_str_find(recorded, USHER_STR("<32 hex>")) != SIZE_MAX, err)))
        return rc;
    return judge_payload(v, recorded, payload, err);
}

static usher_status judge_calls(vector *v, const client *c, usher_error *err)
{
    usher_json recorded = usher_json_get(&v->expected, USHER_STR("store_calls")), item;
    usher_str rest = recorded.text, text, id, got;
    usher_status rc = USHER_OK;
    size_t i = 0;

    if (recorded.type != USHER_JSON_ARRAY) return USHER_OK;
    for (; rc == USHER_OK && usher_json_next(&item, &rest); i++) {
        text = got = i < c->call_count ? c->calls[i] : (usher_str){0};
        (void)usher_str_cut(got, ' ', &id);
        if (is_hex(id) && usher_str_find(item.text, USHER_STR("<32 hex>")) != SIZE_MAX)
            rc = masked(&text, v, got, id, true, err);
        if (rc == USHER_OK && (!got.ptr || !usher_json_string_is(item, text)))
            vector_differs(v, "store_calls", item.text, got);
    }
    for (; i < c->call_count; i++)
        vector_differs(v, "store_calls", (usher_str){0}, c->calls[i]);
    return rc;
}

/* ---- rolling ------------------------------------------------------------------------------- */

typedef struct rolled {
    usher_auth0_lines lines;
    usher_str token, id;
    char room[32];
    bool failed; /* the session cannot be written: the original throws */
} rolled;

/* As the original asks a store that cannot update in one step: look again, then set. */
static usher_status roll_stored(rolled *r, client *c, vector *v, const opened *o, usher_error *err)
{
    usher_entropy entropy = usher_entropy_default();
    usher_str record;
    usher_status rc;

    r->id = o->id.id;
    if (o->id.is_old) {
        if ((rc = usher_auth0_id_new(r->room, entropy, err))) return rc;
        r->id = (usher_str){r->room, sizeof r->room};
    } else if ((rc = stored(&record, c, v, r->id, err))) {
        return rc;
    }
    if ((rc = usher_auth0_id_write(&r->lines, &r->token, &c->context, &c->jar, r->id, &o->session,
                                   entropy, err)))
        return rc;
    return called(c, v, USHER_STR("set"), r->id, err);
}

static usher_status roll(rolled *r, client *c, vector *v, const opened *o, usher_error *err)
{
    r->lines.count = 0;
    r->token = r->id = (usher_str){0};
    r->failed = false;
    if (o->verdict != USHER_SESSION_VALID) return USHER_OK;
    r->failed = !o->session.has_created;
    if (r->failed) return USHER_OK;
    if (c->stateful) return roll_stored(r, c, v, o, err);
    return usher_auth0_session_write(&r->lines, &r->token, &c->context, &c->jar, &o->session,
                                     usher_entropy_default(), err);
}

static usher_status judge_rolled(vector *v, const client *c, const rolled *r, usher_error *err)
{
    usher_json result = usher_json_get(&v->expected, USHER_STR("result"));
    bool throws = usher_json_string_is(result, USHER_STR("throws"));
    usher_status rc;

    /* Where the original throws, ours goes on without a session: nothing may be written. */
    if (r->failed || (throws && r->lines.count)) {
        if (!throws) vector_differs(v, "result", result.text, USHER_STR("throws"));
        if (r->lines.count) vector_differs(v, "result", result.text, r->lines.items[0]);
    }
    if (throws || r->failed) return USHER_OK;
    if ((rc = judge_lines(v, &r->lines, err)) || (rc = judge_token(v, c, r->token, r->id, err)))
        return rc;
    return judge_calls(v, c, err);
}

usher_status vectors_auth0_roll(vector *v, usher_error *err)
{
    client c;
    opened o;
    rolled r;
    usher_status rc = client_open(&c, v, usher_auth0_jar_read, err);

    o.verdict = USHER_NO_SESSION; /* a site that does not roll looks at no session here */
    if (rc == USHER_OK && c.options.rolling) rc = open_session(&o, &c, v, err);
    if (rc == USHER_OK) rc = roll(&r, &c, v, &o, err);
    if (rc == USHER_OK) rc = judge_rolled(v, &c, &r, err);
    client_close(&c);
    return rc;
}

/* ---- signing in ---------------------------------------------------------------------------- */

static void judge_text(vector *v, const char *name, usher_str got)
{
    usher_json recorded = usher_json_get(&v->expected, usher_str_z(name));

    if (recorded.type == USHER_JSON_ABSENT) return;
    if (recorded.type == USHER_JSON_NULL && !got.ptr) return;
    if (!usher_json_string_is(recorded, got)) vector_differs(v, name, recorded.text, got);
}

static usher_status judge_deleted(vector *v, const usher_auth0_lines *lines)
{
    usher_json recorded = usher_json_get(&v->expected, USHER_STR("deleted_cookies")), item;
    usher_str rest = recorded.text, tail;
    size_t i = 0;

    if (recorded.type != USHER_JSON_ARRAY) return USHER_OK;
    for (; usher_json_next(&item, &rest); i++) {
        usher_str name =
            i < lines->count ? usher_str_cut(lines->items[i], '=', &tail) : (usher_str){0};

        if (!usher_json_string_is(item, name))
            vector_differs(v, "deleted_cookies", item.text, name);
    }
    if (i < lines->count) vector_differs(v, "deleted_cookies", (usher_str){0}, lines->items[i]);
    return USHER_OK;
}

static usher_status judge_found(vector *v, const client *c, const usher_auth0_transaction *t,
                                usher_error *err)
{
    usher_str path = t->return_to.ptr ? t->return_to : USHER_STR("/"), location;
    usher_auth0_lines lines;
    usher_status rc;

    if ((rc = usher_auth0_location(&location, v->arena, path, c->base, err)) ||
        (rc = usher_auth0_transaction_clear(&lines, &c->context, &c->jar, t->state, err)))
        return rc;
    judge_text(v, "result", USHER_STR("accepted"));
    judge_text(v, "code_verifier", t->code_verifier);
    judge_text(v, "location", location);
    return judge_deleted(v, &lines);
}

usher_status vectors_auth0_callback(vector *v, usher_error *err)
{
    client c;
    usher_auth0_transaction t;
    usher_auth0_callback answer;
    usher_cause cause;
    usher_str state;
    usher_status rc = client_open(&c, v, usher_auth0_jar_read_transactions, err);

    if (rc == USHER_OK && (rc = vector_text(&state, v, "state", err)) == USHER_OK)
        rc = usher_auth0_transaction_open(&t, &answer, &cause, &c.context, &c.jar, state, err);
    if (rc == USHER_OK && answer == USHER_AUTH0_TRANSACTION_FOUND) {
        rc = judge_found(v, &c, &t, err);
    } else if (rc == USHER_OK && !usher_str_eq(v->conformance, USHER_STR("stricter-allowed"))) {
        judge_text(v, "result", USHER_STR("rejected"));
        judge_text(v, "message", usher_str_z(usher_auth0_callback_message(answer)));
    }
    client_close(&c);
    return rc;
}

usher_status vectors_auth0_return_to(vector *v, usher_error *err)
{
    client c = {.call_count = 0};
    usher_str value, path, location;
    usher_status rc;

    if ((rc = read_options(&c, v, err)) || (rc = vector_text(&value, v, "return_to", err)) ||
        (rc = usher_auth0_return_to(&path, v->arena, value, c.base, c.sign_in_path,
                                    c.options.names->return_to_max, err)) ||
        (rc = usher_auth0_location(&location, v->arena, path, c.base, err)))
        return rc;
    judge_text(v, "stored_return_to", path);
    judge_text(v, "location", location);
    return USHER_OK;
}
