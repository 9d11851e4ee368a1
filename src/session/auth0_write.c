#include "session/auth0_write.h"

#include <string.h>

#include "base/error.h"
#include "base/str.h"
#include "wire/jose/digest.h"
#include "wire/json_set.h"

/* ---- lifetimes ----------------------------------------------------------------------------- */

/* The original counts a session that does not roll from the present write, so that each write
 * starts the whole time anew; ours ends when it was going to. */
int64_t usher_auth0_max_age(const usher_auth0_options *options, double created_s, int64_t now_s)
{
    double left = created_s + (double)options->absolute_s - (double)now_s;
    double most = (double)(options->rolling ? options->inactivity_s : options->absolute_s);

    if (!options->rolling && options->as_original) return options->absolute_s;
    /* A clock that was set back since the session was created must not lengthen its life. */
    if (!options->as_original && most > (double)options->absolute_s)
        most = (double)options->absolute_s;
    if (left > most) left = most;
    return left >= 1 ? (int64_t)left : 0;
}

/* The same for what a session is bound by besides. */
static int64_t max_age_of(const usher_auth0_options *options, const usher_auth0_session *session,
                          int64_t now_s)
{
    double age = (double)usher_auth0_max_age(options, session->created_s, now_s);
    double promised = session->promised_s - (double)now_s;
    double most = session->created_s + (double)options->absolute_s - (double)now_s;

    if (session->has_promise && promised > age) age = promised < most ? promised : most;
    if (session->has_end && session->end_s - (double)now_s < age)
        age = session->end_s - (double)now_s;
    return age >= 1 ? (int64_t)age : 0;
}

int64_t usher_auth0_end(const usher_auth0_options *options, const usher_auth0_session *session,
                        int64_t now_s)
{
    int64_t end;

    if (__builtin_add_overflow(now_s, max_age_of(options, session, now_s), &end)) return INT64_MAX;
    return end;
}

static usher_auth0_attributes attributes_of(const usher_auth0_context *c, int64_t max_age_s,
                                            bool transient)
{
    usher_auth0_attributes at = usher_auth0_session_attributes(c->options);

    at.has_max_age = !transient;
    at.max_age_s = max_age_s;
    at.now_s = c->now_s;
    return at;
}

/* ---- sealing ------------------------------------------------------------------------------- */

usher_status usher_auth0_seal(usher_str *token, const usher_auth0_context *c,
                              const usher_json_object *members, usher_str without,
                              int64_t max_age_s, usher_entropy entropy, usher_error *err)
{
    const usher_key_header *h = &c->keys->headers[USHER_FOR_SESSION][0];
    usher_str plain, exp_text;
    usher_buf b;
    int64_t exp;
    usher_status rc;

    *token = (usher_str){0};
    if (__builtin_add_overflow(c->now_s, max_age_s, &exp))
        return usher_fail(err, USHER_E_USAGE, "auth0: the lifetime leaves the calendar", 0);
    if (members->count >= usher_json_limits_claims.members)
        return usher_fail(err, USHER_E_LIMIT, "auth0: more members than are read", members->count);
    usher_buf_init(&b, c->arena, 24);
    usher_buf_put_i64(&b, exp);
    if ((rc = usher_buf_take(&exp_text, &b, err)) ||
        (rc =
             usher_json_set(&plain, c->arena, members, USHER_STR("exp"), exp_text, without, err)) ||
        (rc = usher_jwe_seal(token, c->arena, c->cipher, &c->keys->keys[USHER_FOR_SESSION][0][0],
                             (usher_str){h->json, h->json_len}, plain, entropy, err)))
        return rc;
    usher_keyring_count_seal(c->keys, c->cipher);
    if (token->len <= USHER_TOKEN_MAX) return USHER_OK;
    *token = (usher_str){0};
    return usher_fail(err, USHER_E_LIMIT, "auth0: longer than what is read", plain.len);
}

/* ---- lines --------------------------------------------------------------------------------- */

typedef struct writer {
    const usher_auth0_context *c;
    const usher_auth0_jar *jar;
    usher_auth0_lines *lines;
    usher_auth0_attributes keep, gone;
    usher_error *err;
} writer;

static writer writer_of(usher_auth0_lines *lines, const usher_auth0_context *c,
                        const usher_auth0_jar *jar, int64_t max_age_s, bool transient,
                        usher_error *err)
{
    lines->count = 0;
    return (writer){.c = c,
                    .jar = jar,
                    .lines = lines,
                    .keep = attributes_of(c, max_age_s, transient),
                    .gone = usher_auth0_session_attributes(c->options),
                    .err = err};
}

static usher_status put(writer *w, usher_str name, usher_str value)
{
    return usher_auth0_lines_put(w->lines, w->c->arena, name, value, &w->keep, w->err);
}

static usher_status put_deletion(writer *w, usher_str name)
{
    return usher_auth0_lines_delete(w->lines, w->c->arena, name, &w->gone, w->err);
}

static usher_status numbered(usher_str *name, writer *w, usher_str stem, usher_str separator,
                             size_t number)
{
    usher_buf b;

    usher_buf_init(&b, w->c->arena, stem.len + separator.len + 24);
    usher_buf_put(&b, stem);
    usher_buf_put(&b, separator);
    usher_buf_put_u64(&b, number);
    return usher_buf_take(name, &b, w->err);
}

static usher_status session_piece(usher_str *name, writer *w, size_t number)
{
    return numbered(name, w, w->c->options->cookie_name, w->c->options->names->chunk, number);
}

/* The original deletes the first few pieces whether or not they came, and further ones up to the
 * highest that came. A number beyond what is ever written is a stranger's: only its own name goes.
 */
static usher_status sweep_pieces(writer *w, size_t from)
{
    const usher_auth0_options *o = w->c->options;
    size_t end = usher_auth0_pieces_end(w->jar, o->cookie_name, o->names->chunk), number;
    usher_status rc = USHER_OK;
    usher_str name;

    if (end > USHER_CHUNKS_MAX) end = USHER_CHUNKS_MAX;
    if (end < o->names->swept_chunks) end = o->names->swept_chunks;
    for (size_t i = from; i < end && rc == USHER_OK; i++)
        if ((rc = session_piece(&name, w, i)) == USHER_OK) rc = put_deletion(w, name);
    for (size_t i = 0; i < w->jar->count && rc == USHER_OK; i++)
        if (usher_auth0_piece(&number, w->jar->items[i].name, o->cookie_name, o->names->chunk) &&
            number >= USHER_CHUNKS_MAX)
            rc = put_deletion(w, w->jar->items[i].name);
    return rc;
}

static usher_status write_pieces(writer *w, usher_str token)
{
    size_t size = w->c->keys->profile->chunk_max, count = (token.len + size - 1) / size;
    usher_str name;
    usher_status rc = USHER_OK;

    if (count > USHER_CHUNKS_MAX)
        return usher_fail(w->err, USHER_E_LIMIT, "auth0: more cookies than are read", token.len);
    for (size_t i = 0; i < count && rc == USHER_OK; i++) {
        size_t left = token.len - i * size;
        usher_str part = {token.ptr + i * size, left < size ? left : size};

        if ((rc = session_piece(&name, w, i)) == USHER_OK) rc = put(w, name, part);
    }
    if (rc || (rc = sweep_pieces(w, count))) return rc;
    return put_deletion(w, w->c->options->cookie_name);
}

static usher_status write_session(writer *w, usher_str token)
{
    usher_status rc;

    if (token.len > w->c->keys->profile->chunk_max) return write_pieces(w, token);
    if ((rc = put(w, w->c->options->cookie_name, token))) return rc;
    return sweep_pieces(w, 0);
}

/* ---- connection tokens --------------------------------------------------------------------- */

static usher_status write_set(writer *w, usher_str set, size_t number, usher_entropy entropy)
{
    usher_json_object members;
    usher_str name, token;
    usher_status rc;

    if ((rc = usher_json_read_object(&members, w->c->arena, set, &usher_json_limits_claims,
                                     w->err)) ||
        (rc = usher_auth0_seal(&token, w->c, &members, (usher_str){0}, w->keep.max_age_s, entropy,
                               w->err)) ||
        (rc = numbered(&name, w, w->c->options->names->connection_prefix, (usher_str){0}, number)))
        return rc;
    return put(w, name, token);
}

static usher_status sweep_sets(writer *w, size_t from)
{
    usher_status rc = USHER_OK;
    size_t number;

    for (size_t i = 0; i < w->jar->count && rc == USHER_OK; i++)
        if (usher_auth0_numbered(&number, w->jar->items[i].name,
                                 w->c->options->names->connection_prefix) &&
            number >= from)
            rc = put_deletion(w, w->jar->items[i].name);
    return rc;
}

static usher_status write_sets(writer *w, const usher_auth0_session *s, usher_entropy entropy)
{
    usher_status rc = USHER_OK;
    bool transient = !w->keep.has_max_age;

    /* The original lets these live on where the session's cookie does not. */
    if (w->c->options->as_original) w->keep.has_max_age = true;
    for (size_t i = 0; i < s->set_count && rc == USHER_OK; i++)
        rc = write_set(w, s->sets[i], i, entropy);
    w->keep.has_max_age = !transient;
    return rc ? rc : sweep_sets(w, s->set_count);
}

/* ---- version 3 ----------------------------------------------------------------------------- */

static usher_status sweep_legacy(writer *w)
{
    const usher_auth0_names *names = w->c->options->names;
    usher_auth0_value old;
    usher_status rc = usher_auth0_jar_value(&old, w->c->arena, w->jar, names->legacy_session,
                                            names->legacy_chunk, w->err);
    size_t number;

    /* A site may give its session version 3's name: then that cookie was just written. */
    if (rc || old.value.len == 0) return rc;
    if (!usher_str_eq(w->c->options->cookie_name, names->legacy_session))
        rc = put_deletion(w, names->legacy_session);
    for (size_t i = 0; i < w->jar->count && rc == USHER_OK; i++)
        if (usher_auth0_piece(&number, w->jar->items[i].name, names->legacy_session,
                              names->legacy_chunk))
            rc = put_deletion(w, w->jar->items[i].name);
    return rc;
}

/* ---- whole answers ------------------------------------------------------------------------- */

static usher_status has_created(const usher_auth0_session *s, usher_error *err)
{
    if (s->has_created) return USHER_OK;
    return usher_fail(err, USHER_E_USAGE, "auth0: a session without createdAt has no lifetime", 0);
}

/* All lines or none: half an answer would leave half a session in the browser. */
static usher_status settle(usher_auth0_lines *lines, usher_str *token, usher_status rc)
{
    if (rc == USHER_OK) return USHER_OK;
    lines->count = 0;
    *token = (usher_str){0};
    return rc;
}

usher_status usher_auth0_session_write(usher_auth0_lines *lines, usher_str *token,
                                       const usher_auth0_context *c, const usher_auth0_jar *jar,
                                       const usher_auth0_session *session, usher_entropy entropy,
                                       usher_error *err)
{
    int64_t max_age_s = max_age_of(c->options, session, c->now_s);
    writer w = writer_of(lines, c, jar, max_age_s, c->options->transient, err);
    usher_status rc;

    *token = (usher_str){0};
    if ((rc = has_created(session, err)) ||
        (rc = usher_auth0_seal(token, c, &session->members, USHER_STR("connectionTokenSets"),
                               max_age_s, entropy, err)) ||
        (rc = write_session(&w, *token)) || (rc = write_sets(&w, session, entropy)))
        return settle(lines, token, rc);
    return settle(lines, token, sweep_legacy(&w));
}

static usher_status id_token(usher_str *token, const usher_auth0_context *c, usher_str id,
                             int64_t max_age_s, usher_entropy entropy, usher_error *err)
{
    usher_json_object members;
    usher_str text;
    usher_status rc;
    usher_json_writer w;
    usher_buf b;

    usher_buf_init(&b, c->arena, 6 * id.len + 16);
    usher_json_write_init(&w, &b);
    usher_json_open_object(&w);
    usher_json_put_member(&w, USHER_STR("id"), id);
    usher_json_close_object(&w);
    if ((rc = usher_buf_take(&text, &b, err)) ||
        (rc = usher_json_read_object(&members, c->arena, text, &usher_json_limits_claims, err)))
        return rc;
    return usher_auth0_seal(token, c, &members, (usher_str){0}, max_age_s, entropy, err);
}

usher_status usher_auth0_id_write(usher_auth0_lines *lines, usher_str *token,
                                  const usher_auth0_context *c, const usher_auth0_jar *jar,
                                  usher_str id, const usher_auth0_session *session,
                                  usher_entropy entropy, usher_error *err)
{
    int64_t max_age_s = max_age_of(c->options, session, c->now_s);
    bool transient = c->options->transient && !c->options->as_original;
    writer w = writer_of(lines, c, jar, max_age_s, transient, err);
    usher_str old = c->options->names->legacy_session;
    usher_status rc;

    *token = (usher_str){0};
    if (id.len == 0) return usher_fail(err, USHER_E_USAGE, "auth0: a session without id", 0);
    if ((rc = has_created(session, err)) ||
        (rc = id_token(token, c, id, max_age_s, entropy, err)) ||
        (rc = put(&w, c->options->cookie_name, *token)))
        return settle(lines, token, rc);
    if (usher_auth0_jar_get(jar, old) && !usher_str_eq(c->options->cookie_name, old))
        rc = put_deletion(&w, old);
    return settle(lines, token, rc);
}

usher_status usher_auth0_id_new(char out[32], usher_entropy entropy, usher_error *err)
{
    uint8_t random[16];

    memset(out, '0', 32);
    if (!entropy.fill(entropy.ctx, random, sizeof random))
        return usher_fail(err, USHER_E_CRYPTO, "auth0: no entropy for an id", 0);
    usher_hex(out, random, sizeof random);
    return USHER_OK;
}

usher_status usher_auth0_session_clear(usher_auth0_lines *lines, const usher_auth0_context *c,
                                       const usher_auth0_jar *jar, usher_error *err)
{
    writer w = writer_of(lines, c, jar, 0, false, err);
    usher_str none;
    usher_status rc;

    if ((rc = put_deletion(&w, c->options->cookie_name)) || (rc = sweep_pieces(&w, 0)) ||
        (rc = sweep_sets(&w, 0)))
        return settle(lines, &none, rc);
    return settle(lines, &none, sweep_legacy(&w));
}
