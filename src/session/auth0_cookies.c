#include "session/auth0_cookies.h"

#include <string.h>

#include "base/error.h"
#include "base/str.h"

void usher_auth0_options_init(usher_auth0_options *out)
{
    const usher_profile *profile = &usher_profile_auth0_4;

    *out = (usher_auth0_options){
        .names = profile->auth0,
        .cookie_name = profile->cookies[USHER_COOKIE_SESSION].name,
        .path = USHER_STR("/"),
        .secure = true,
        .same_site = USHER_SAME_SITE_LAX,
        .rolling = true,
        .absolute_s = profile->auth0->absolute_s,
        .inactivity_s = profile->auth0->inactivity_s,
        .transaction_prefix = profile->auth0->transaction_prefix,
        .transaction_max_age_s = profile->auth0->transaction_max_age_s,
        .parallel_transactions = true,
    };
}

/* ---- names --------------------------------------------------------------------------------- */

bool usher_auth0_numbered(size_t *number, usher_str name, usher_str stem)
{
    uint64_t n;

    *number = 0;
    if (name.len <= stem.len || !usher_str_starts(name, stem)) return false;
    usher_str digits = usher_str_from(name, stem.len);
    for (size_t i = 0; i < digits.len; i++)
        if (digits.ptr[i] < '0' || digits.ptr[i] > '9') return false;
    *number = usher_str_u64(&n, digits) && n < SIZE_MAX ? (size_t)n : SIZE_MAX;
    return true;
}

bool usher_auth0_piece(size_t *number, usher_str cookie, usher_str name, usher_str separator)
{
    *number = 0;
    return usher_str_starts(cookie, name) &&
           usher_auth0_numbered(number, usher_str_from(cookie, name.len), separator);
}

static bool is_session_cookie(const usher_auth0_options *o, usher_str name)
{
    size_t number;

    return usher_str_eq(name, o->cookie_name) ||
           usher_auth0_piece(&number, name, o->cookie_name, o->names->chunk) ||
           usher_auth0_numbered(&number, name, o->names->connection_prefix) ||
           usher_str_eq(name, o->names->legacy_session) ||
           usher_auth0_piece(&number, name, o->names->legacy_session, o->names->legacy_chunk);
}

/* A name that no cookie can be set with is none of ours, and could not be deleted. */
static bool is_transaction_cookie(const usher_auth0_options *o, usher_str name)
{
    return usher_str_starts(name, o->transaction_prefix) && usher_cookie_is_name(name);
}

/* ---- reading ------------------------------------------------------------------------------- */

static usher_cookie *jar_find(usher_auth0_jar *jar, usher_str name)
{
    for (size_t i = 0; i < jar->count; i++)
        if (usher_str_eq(jar->items[i].name, name)) return &jar->items[i];
    return NULL;
}

const usher_cookie *usher_auth0_jar_get(const usher_auth0_jar *jar, usher_str name)
{
    for (size_t i = 0; i < jar->count; i++)
        if (usher_str_eq(jar->items[i].name, name)) return &jar->items[i];
    return NULL;
}

/* A value whose escapes are broken is as if it had not come: an earlier one of the name stays. */
static usher_status jar_take(usher_auth0_jar *jar, usher_arena *a, usher_cookie_raw raw,
                             usher_error *err)
{
    usher_str value;
    bool keep;
    usher_status rc = usher_cookie_decode(&value, &keep, a, raw.value, USHER_COOKIE_NEXT_EDGE, err);

    if (rc || !keep) return rc;
    usher_cookie *seen = jar_find(jar, raw.name);
    if (seen)
        seen->value = value;
    else if (jar->count == USHER_AUTH0_COOKIES_MAX)
        jar->too_many = true;
    else
        jar->items[jar->count++] = (usher_cookie){raw.name, value};
    return USHER_OK;
}

typedef bool wanted_fn(const usher_auth0_options *o, usher_str name);

static usher_status jar_fill(usher_auth0_jar *out, usher_arena *a, const usher_auth0_options *o,
                             wanted_fn *wanted, usher_str header, usher_error *err)
{
    usher_cookie_raw raw;
    usher_status rc = USHER_OK;

    out->count = 0;
    out->too_many = false;
    if (o->cookie_name.len == 0 || o->transaction_prefix.len == 0)
        return usher_fail(err, USHER_E_USAGE, "auth0: a cookie without name", 0);
    while (rc == USHER_OK && usher_cookie_next(&raw, &header, USHER_COOKIE_NEXT_EDGE))
        if (wanted(o, raw.name)) rc = jar_take(out, a, raw, err);
    if (rc) out->count = 0;
    return rc;
}

usher_status usher_auth0_jar_read(usher_auth0_jar *out, usher_arena *a,
                                  const usher_auth0_options *options, usher_str header,
                                  usher_error *err)
{
    return jar_fill(out, a, options, is_session_cookie, header, err);
}

usher_status usher_auth0_jar_read_transactions(usher_auth0_jar *out, usher_arena *a,
                                               const usher_auth0_options *options, usher_str header,
                                               usher_error *err)
{
    return jar_fill(out, a, options, is_transaction_cookie, header, err);
}

/* ---- joining ------------------------------------------------------------------------------- */

typedef struct piece {
    size_t number;
    usher_str value;
} piece;

typedef struct pieces {
    piece items[USHER_CHUNKS_MAX];
    size_t count; /* of all that came, even if they are more than items has room for */
    size_t length, end;
} pieces;

/* Keeps the order by number; of equal ones, that in which they came. */
static void pieces_add(pieces *p, piece new)
{
    size_t at = p->count;

    if (new.number >= p->end) p->end = new.number == SIZE_MAX ? SIZE_MAX : new.number + 1;
    if (p->count++ >= USHER_CHUNKS_MAX) return;
    for (; at && p->items[at - 1].number > new.number; at--)
        p->items[at] = p->items[at - 1];
    p->items[at] = new;
    p->length += new.value.len;
}

static void pieces_collect(pieces *out, const usher_auth0_jar *jar, usher_str name,
                           usher_str separator)
{
    out->count = out->length = out->end = 0;
    for (size_t i = 0; i < jar->count; i++) {
        piece new = {.value = jar->items[i].value};

        if (usher_auth0_piece(&new.number, jar->items[i].name, name, separator))
            pieces_add(out, new);
    }
}

static usher_status pieces_join(usher_str *out, usher_arena *a, const pieces *p, usher_error *err)
{
    size_t at = 0;

    if (p->count == 1) {
        *out = p->items[0].value;
        return USHER_OK;
    }
    char *text = usher_arena_get(a, p->length);
    if (!text) return usher_arena_fail(a, err);
    for (size_t i = 0; i < p->count; i++) {
        if (p->items[i].value.len) memcpy(text + at, p->items[i].value.ptr, p->items[i].value.len);
        at += p->items[i].value.len;
    }
    *out = (usher_str){text, p->length};
    return USHER_OK;
}

usher_status usher_auth0_jar_value(usher_auth0_value *out, usher_arena *a,
                                   const usher_auth0_jar *jar, usher_str name, usher_str separator,
                                   usher_error *err)
{
    const usher_cookie *plain = usher_auth0_jar_get(jar, name);
    pieces p;

    *out = (usher_auth0_value){0};
    if (plain && plain->value.len) {
        out->value = plain->value;
        return USHER_OK;
    }
    pieces_collect(&p, jar, name, separator);
    if (p.count == 0) return USHER_OK;
    /* That the numbers are those from 0 on is not asked: "0" and "00" beside "2" would pass. It is
     * the original's rule, and the seal is what tells. */
    out->incomplete = p.count != p.end;
    out->too_many = !out->incomplete && p.count > USHER_CHUNKS_MAX;
    if (out->incomplete || out->too_many) return USHER_OK;
    return pieces_join(&out->value, a, &p, err);
}

size_t usher_auth0_pieces_end(const usher_auth0_jar *jar, usher_str name, usher_str separator)
{
    size_t number, end = 0;

    for (size_t i = 0; i < jar->count; i++)
        if (usher_auth0_piece(&number, jar->items[i].name, name, separator) && number >= end)
            end = number == SIZE_MAX ? SIZE_MAX : number + 1;
    return end;
}

/* ---- writing ------------------------------------------------------------------------------- */

usher_auth0_attributes usher_auth0_session_attributes(const usher_auth0_options *options)
{
    return (usher_auth0_attributes){.path = options->path,
                                    .domain = options->domain,
                                    .secure = options->secure,
                                    .same_site = options->same_site};
}

usher_status usher_auth0_lines_put(usher_auth0_lines *lines, usher_arena *a, usher_str name,
                                   usher_str value, const usher_auth0_attributes *attributes,
                                   usher_error *err)
{
    usher_set_cookie c = {
        .name = name,
        .value = value,
        .has_max_age = attributes->has_max_age,
        .has_expires = attributes->has_max_age && attributes->max_age_s != 0,
        .max_age_s = attributes->max_age_s,
        .domain = attributes->domain,
        .path = attributes->path,
        .http_only = true,
        .secure = attributes->secure,
        .same_site = attributes->same_site,
        .edge = true,
    };
    usher_status rc;

    if (lines->count == USHER_AUTH0_LINES_MAX)
        return usher_fail(err, USHER_E_LIMIT, "auth0: too many cookies to set", lines->count);
    if (__builtin_add_overflow(attributes->now_s, attributes->max_age_s, &c.expires_s))
        return usher_fail(err, USHER_E_USAGE, "auth0: the lifetime leaves the calendar", 0);
    if ((rc = usher_set_cookie_write(&lines->items[lines->count], a, &c, err))) return rc;
    lines->count++;
    return USHER_OK;
}

usher_status usher_auth0_lines_delete(usher_auth0_lines *lines, usher_arena *a, usher_str name,
                                      const usher_auth0_attributes *attributes, usher_error *err)
{
    usher_auth0_attributes gone = *attributes;

    gone.has_max_age = true;
    gone.max_age_s = 0;
    gone.now_s = 0;
    return usher_auth0_lines_put(lines, a, name, USHER_STR(""), &gone, err);
}
