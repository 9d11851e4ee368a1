#include "session/email.h"

#include <utf8proc.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/str.h"
#include "wire/utf8.h"

/* ---- letters ------------------------------------------------------------------------------- */

typedef struct letters {
    int32_t *points;
    size_t count;
} letters;

/* In two calls, since one letter may stand for eighteen: the first only counts. */
static usher_status fold(letters *out, usher_arena *a, usher_str text, usher_error *err)
{
    const utf8proc_option_t options = UTF8PROC_STABLE | UTF8PROC_COMPOSE | UTF8PROC_COMPAT;
    const utf8proc_uint8_t *bytes = (const utf8proc_uint8_t *)text.ptr;
    utf8proc_ssize_t len = (utf8proc_ssize_t)text.len;
    utf8proc_ssize_t n = utf8proc_decompose(bytes, len, NULL, 0, options);

    *out = (letters){0};
    if (n <= 0) return USHER_OK; /* nothing, or not UTF-8: no letters */
    out->points = usher_arena_get(a, (size_t)n * sizeof *out->points);
    if (!out->points) return usher_arena_fail(a, err);
    n = utf8proc_decompose(bytes, len, out->points, n, options);
    n = n > 0 ? utf8proc_normalize_utf32(out->points, n, options) : n;
    out->count = n > 0 ? (size_t)n : 0;
    return USHER_OK;
}

/* What JavaScript trims. */
static bool is_space(int32_t c)
{
    utf8proc_category_t kind = utf8proc_category(c);

    return (c >= 9 && c <= 13) || c == 0xfeff || kind == UTF8PROC_CATEGORY_ZS ||
           kind == UTF8PROC_CATEGORY_ZL || kind == UTF8PROC_CATEGORY_ZP;
}

static letters trim(letters l)
{
    while (l.count && is_space(l.points[0]))
        l.points++, l.count--;
    while (l.count && is_space(l.points[l.count - 1]))
        l.count--;
    return l;
}

static bool is_cased(int32_t c)
{
    utf8proc_category_t kind = utf8proc_category(c);

    return kind == UTF8PROC_CATEGORY_LU || kind == UTF8PROC_CATEGORY_LL ||
           kind == UTF8PROC_CATEGORY_LT;
}

/* Marks, and the punctuation that stands inside of words (Unicode's Case_Ignorable). */
static bool is_ignorable(int32_t c)
{
    switch (utf8proc_category(c)) {
    case UTF8PROC_CATEGORY_MN:
    case UTF8PROC_CATEGORY_ME:
    case UTF8PROC_CATEGORY_CF:
    case UTF8PROC_CATEGORY_LM:
    case UTF8PROC_CATEGORY_SK: return true;
    default:
        return c == '\'' || c == '.' || c == ':' || c == 0xb7 || c == 0x387 || c == 0x55f ||
               c == 0x5f4 || c == 0x2018 || c == 0x2019 || c == 0x2027;
    }
}

/* A sigma at the end of a word has a form of its own. */
static bool ends_a_word(letters l, size_t at)
{
    size_t before = at, after = at + 1;

    while (before && is_ignorable(l.points[before - 1]))
        before--;
    while (after < l.count && is_ignorable(l.points[after]))
        after++;
    return before && is_cased(l.points[before - 1]) &&
           !(after < l.count && is_cased(l.points[after]));
}

static void put_point(usher_buf *b, int32_t c)
{
    uint8_t bytes[4];

    usher_buf_put(b, (usher_str){(char *)bytes, usher_utf8_encode(bytes, (uint32_t)c)});
}

/* The library maps one letter to one; these two are the only others (Unicode's SpecialCasing). */
static void put_lower(usher_buf *b, letters l, size_t at)
{
    int32_t c = l.points[at];

    if (c == 0x3a3 && ends_a_word(l, at)) {
        put_point(b, 0x3c2);
    } else if (c == 0x130) {
        put_point(b, 'i');
        put_point(b, 0x307);
    } else {
        put_point(b, utf8proc_tolower(c));
    }
}

/* ---- the address --------------------------------------------------------------------------- */

static bool has_odd_character(letters l)
{
    for (size_t i = 0; i < l.count; i++)
        if (is_space(l.points[i]) || utf8proc_category(l.points[i]) == UTF8PROC_CATEGORY_CC)
            return true;
    return false;
}

/* Cuts it after the domain; false if it is not one address. */
static bool cut(letters *l, bool dotted)
{
    size_t at = 0, ats = 0, end = 0, dots = 0;

    for (size_t i = 0; i < l->count; i++) {
        if (l->points[i] == '"') return false;
        if (l->points[i] == '@') ats++, at = i;
    }
    if (ats != 1 || at == 0) return false;
    for (end = at + 1; end < l->count && l->points[end] != ','; end++)
        dots += l->points[end] == '.';
    l->count = end;
    return end > at + 1 && (dots || !dotted) && !has_odd_character(*l);
}

usher_status usher_email_read(usher_str *out, usher_arena *a, usher_str text, bool dotted,
                              usher_error *err)
{
    letters l;
    usher_buf b;
    usher_status rc;

    *out = (usher_str){0};
    if (text.len == 0 || text.len > USHER_EMAIL_MAX) return USHER_OK;
    if ((rc = fold(&l, a, text, err))) return rc;
    l = trim(l);
    if (!cut(&l, dotted)) return USHER_OK;
    usher_buf_init(&b, a, l.count * 8);
    for (size_t i = 0; i < l.count; i++)
        put_lower(&b, l, i);
    return usher_buf_take(out, &b, err);
}
