#include "hosts/cli/compare.h"

#include <math.h>

#include "base/str.h"
#include "wire/utf8.h"

/* ---- texts --------------------------------------------------------------------------------- */

typedef struct units {
    usher_str rest; /* source text between the quotes */
    unsigned low;   /* the second half of a pair, if not 0 */
} units;

static units units_of(usher_json string)
{
    return (units){{string.text.ptr + 1, string.text.len - 2}, 0};
}

static unsigned hex_value(char c)
{
    if (c >= '0' && c <= '9') return (unsigned)(c - '0');
    return (unsigned)((c | 32) - 'a') + 10;
}

static unsigned escape_unit(usher_str *rest)
{
    static const char names[] = "bfnrt", values[] = "\b\f\n\r\t";
    char c = rest->ptr[1];
    unsigned unit = (unsigned char)c;

    if (c == 'u') {
        unit = 0;
        for (size_t i = 2; i < 6; i++)
            unit = unit << 4 | hex_value(rest->ptr[i]);
        *rest = usher_str_from(*rest, 6);
        return unit;
    }
    for (size_t i = 0; i + 1 < sizeof names; i++)
        if (c == names[i]) unit = (unsigned char)values[i];
    *rest = usher_str_from(*rest, 2);
    return unit;
}

/* The next UTF-16 unit; false at the end. */
static bool units_next(unsigned *unit, units *u)
{
    static const unsigned char masks[] = {0, 0x7f, 0x1f, 0x0f, 0x07};

    *unit = u->low;
    u->low = 0;
    if (*unit) return true;
    if (u->rest.len == 0) return false;
    if (u->rest.ptr[0] == '\\') {
        *unit = escape_unit(&u->rest);
        return true;
    }
    size_t len = usher_utf8_step(u->rest);
    unsigned code = len ? (unsigned char)u->rest.ptr[0] & masks[len] : 0xfffd;
    for (size_t i = 1; i < len; i++)
        code = code << 6 | ((unsigned char)u->rest.ptr[i] & 0x3f);
    u->rest = usher_str_from(u->rest, len ? len : 1);
    *unit = code < 0x10000 ? code : 0xd800 + ((code - 0x10000) >> 10);
    u->low = code < 0x10000 ? 0 : 0xdc00 + ((code - 0x10000) & 0x3ff);
    return true;
}

static bool same_text(usher_json one, usher_json other)
{
    units a = units_of(one), b = units_of(other);
    unsigned x, y;

    while (units_next(&x, &a))
        if (!units_next(&y, &b) || x != y) return false;
    return !units_next(&y, &b);
}

/* ---- values -------------------------------------------------------------------------------- */

static bool is_infinite(usher_json value)
{
    double n;

    return usher_json_double(&n, value) && isinf(n);
}

static usher_json_type type_of(usher_json value)
{
    return is_infinite(value) ? USHER_JSON_NULL : value.type;
}

static bool same_number(usher_json one, usher_json other)
{
    double a, b;

    return usher_json_double(&a, one) && usher_json_double(&b, other) && !(a < b) && !(a > b);
}

static usher_status same_array(bool *same, usher_arena *a, usher_json one, usher_json other,
                               usher_error *err)
{
    usher_str x = one.text, y = other.text;
    usher_json i, j;
    usher_status rc = USHER_OK;

    *same = true;
    while (*same && usher_json_next(&i, &x)) {
        if (!usher_json_next(&j, &y)) {
            *same = false;
            return USHER_OK;
        }
        if ((rc = cli_json_same(same, a, i, j, err))) return rc;
    }
    *same = *same && !usher_json_next(&j, &y);
    return USHER_OK;
}

static const usher_json_member *find_member(const usher_json_object *object,
                                            const usher_json_member *like)
{
    usher_json name = {USHER_JSON_STRING, true, {like->name.ptr - 1, like->name.len + 2}};

    for (size_t i = 0; i < object->count; i++) {
        const usher_json_member *m = &object->members[i];
        usher_json other = {USHER_JSON_STRING, true, {m->name.ptr - 1, m->name.len + 2}};
        if (same_text(name, other)) return m;
    }
    return NULL;
}

static usher_status same_object(bool *same, usher_arena *a, usher_json one, usher_json other,
                                usher_error *err)
{
    usher_json_object x, y;
    usher_status rc;

    if ((rc = usher_json_members(&x, a, one, err)) || (rc = usher_json_members(&y, a, other, err)))
        return rc;
    *same = x.count == y.count;
    for (size_t i = 0; *same && i < x.count; i++) {
        const usher_json_member *m = find_member(&y, &x.members[i]);
        *same = m != NULL;
        if (m && (rc = cli_json_same(same, a, x.members[i].value, m->value, err))) return rc;
    }
    return USHER_OK;
}

usher_status cli_json_same(bool *same, usher_arena *a, usher_json one, usher_json other,
                           usher_error *err)
{
    *same = type_of(one) == type_of(other);
    if (!*same) return USHER_OK;
    switch (type_of(one)) {
    case USHER_JSON_NUMBER: *same = same_number(one, other); break;
    case USHER_JSON_STRING: *same = same_text(one, other); break;
    case USHER_JSON_ARRAY: return same_array(same, a, one, other, err);
    case USHER_JSON_OBJECT: return same_object(same, a, one, other, err);
    case USHER_JSON_ABSENT:
    case USHER_JSON_NULL:
    case USHER_JSON_FALSE:
    case USHER_JSON_TRUE: break;
    }
    return USHER_OK;
}
