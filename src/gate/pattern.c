#include "gate/pattern.h"

#define PCRE2_CODE_UNIT_WIDTH 16
#include <pcre2.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/str.h"
#include "wire/utf8.h"

#define TRANSLATED_MAX ((size_t)USHER_PATTERN_MAX * 16)
#define DEPTH_MAX      250
/* Far beyond what a path of 8 KiB takes with the matchers of Next.js' documentation, and some tens
 * of milliseconds at most. */
#define STEPS_MAX    200000
#define HEAP_MAX_KIB 512

struct usher_pattern {
    pcre2_code *code;
};

/* ---- units --------------------------------------------------------------------------------- */

static uint32_t code_point(usher_str s, size_t step)
{
    static const unsigned char lead[] = {0, 0x7f, 0x1f, 0x0f, 0x07};
    uint32_t c = (unsigned char)s.ptr[0] & lead[step];

    for (size_t i = 1; i < step; i++)
        c = c << 6 | ((unsigned char)s.ptr[i] & 0x3f);
    return c;
}

usher_status usher_units_of(usher_units *out, usher_arena *a, usher_str utf8, usher_error *err)
{
    uint16_t *units = usher_arena_get(a, utf8.len * sizeof *units);
    size_t n = 0;

    *out = (usher_units){0};
    if (!units) return usher_arena_fail(a, err);
    for (size_t at = 0, step; at < utf8.len; at += step) {
        step = usher_utf8_step(usher_str_from(utf8, at));
        if (step == 0) return usher_fail(err, USHER_E_SYNTAX, "pattern: text is not UTF-8", at);
        uint32_t c = code_point(usher_str_from(utf8, at), step);
        if (c > 0xffff) {
            units[n++] = (uint16_t)(0xd800 + ((c - 0x10000) >> 10));
            c = 0xdc00 + (c & 0x3ff);
        }
        units[n++] = (uint16_t)c;
    }
    *out = (usher_units){units, n};
    return USHER_OK;
}

usher_status usher_units_latin1(usher_units *out, usher_arena *a, usher_str bytes, usher_error *err)
{
    uint16_t *units = usher_arena_get(a, bytes.len * sizeof *units);

    *out = (usher_units){0};
    if (!units) return usher_arena_fail(a, err);
    for (size_t i = 0; i < bytes.len; i++)
        units[i] = (unsigned char)bytes.ptr[i];
    *out = (usher_units){units, bytes.len};
    return USHER_OK;
}

/* ---- translation --------------------------------------------------------------------------- */

typedef struct translator {
    usher_units js;
    size_t at;
    usher_buf out;   /* ASCII */
    bool repeatable; /* a quantifier may follow */
    unsigned depth;
    bool behind[DEPTH_MAX]; /* which open groups are lookbehind */
} translator;

/* What \s stands for in JavaScript, and what it does not, inside a class. */
#define SPACES                                                                                     \
    "\\x{9}-\\x{d}\\x{20}\\x{a0}\\x{1680}\\x{2000}-\\x{200a}\\x{2028}\\x{2029}\\x{202f}\\x{205f}"  \
    "\\x{3000}\\x{feff}"
#define NO_SPACES                                                                                  \
    "\\x{0}-\\x{8}\\x{e}-\\x{1f}\\x{21}-\\x{9f}\\x{a1}-\\x{167f}\\x{1681}-\\x{1fff}"               \
    "\\x{200b}-\\x{2027}\\x{202a}-\\x{202e}\\x{2030}-\\x{205e}\\x{2060}-\\x{2fff}"                 \
    "\\x{3001}-\\x{fefe}\\x{ff00}-\\x{ffff}"

#define EVERYTHING "\\x{0}-\\x{ffff}"

static usher_status refuse(const translator *t, usher_error *err, const char *what)
{
    return usher_fail(err, USHER_E_SETTING, what, t->at);
}

/* The unit `ahead` of the next one; -1 past the end. */
static int peek(const translator *t, size_t ahead)
{
    return ahead < t->js.len - t->at ? t->js.ptr[t->at + ahead] : -1;
}

static bool next_is(const translator *t, const char *ascii)
{
    for (size_t i = 0; ascii[i]; i++)
        if (peek(t, i) != ascii[i]) return false;
    return true;
}

static bool is_digit(int c)
{
    return c >= '0' && c <= '9';
}

static bool is_letter(int c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static int hex_value(int c)
{
    if (is_digit(c)) return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* A unit that means nothing but itself to PCRE2. */
static void put_unit(translator *t, uint32_t unit)
{
    char hex[4];
    size_t n = 0;

    if (is_digit((int)unit) || is_letter((int)unit) || unit == '/' || unit == '_') {
        usher_buf_put_char(&t->out, (char)unit);
        return;
    }
    for (; n == 0 || unit; unit >>= 4)
        hex[n++] = "0123456789abcdef"[unit & 15];
    usher_buf_put_z(&t->out, "\\x{");
    while (n)
        usher_buf_put_char(&t->out, hex[--n]);
    usher_buf_put_char(&t->out, '}');
}

static bool read_hex(uint32_t *unit, translator *t, size_t digits)
{
    uint32_t value = 0;

    for (size_t i = 0; i < digits; i++) {
        int v = hex_value(peek(t, i));
        if (v < 0) return false;
        value = value << 4 | (uint32_t)v;
    }
    *unit = value;
    t->at += digits;
    return true;
}

/* "\c" followed by a letter, or in a class by a digit or '_' too; otherwise the backslash stands
 * for itself and 'c' comes next. */
static uint32_t read_control(translator *t, bool in_class)
{
    int c = peek(t, 0);

    if (is_letter(c) || (in_class && (is_digit(c) || c == '_'))) {
        t->at++;
        return (uint32_t)c & 31;
    }
    t->at--;
    return '\\';
}

/* The unit that an escape names; its backslash and letter were passed. */
static usher_status read_escape(uint32_t *unit, translator *t, int letter, bool in_class,
                                usher_error *err)
{
    static const char controls[] = "tnvfr"; /* 9 to 13 */

    *unit = (uint32_t)letter;
    for (uint32_t i = 0; controls[i]; i++)
        if (letter == controls[i]) *unit = 9 + i;
    if (letter == 'c') *unit = read_control(t, in_class);
    if (letter == 'x') (void)read_hex(unit, t, 2); /* else the letter stands for itself */
    if (letter == 'u') (void)read_hex(unit, t, 4);
    if (is_digit(letter)) {
        if (letter != '0' || is_digit(peek(t, 0)))
            return refuse(t, err, "pattern: back references and octal escapes are not taken");
        *unit = 0;
    }
    if (letter == 'k' && !in_class)
        return refuse(t, err, "pattern: back references and octal escapes are not taken");
    return USHER_OK;
}

static bool is_class_letter(int c)
{
    return is_letter(c) && usher_str_has(USHER_STR("dDwWsS"), (char)c);
}

/* "\d" and the like. */
static void put_class_escape(translator *t, int letter, bool in_class)
{
    if (letter != 's' && letter != 'S') {
        usher_buf_put_char(&t->out, '\\'); /* ASCII in both, without PCRE2_UCP */
        usher_buf_put_char(&t->out, (char)letter);
        return;
    }
    if (!in_class) usher_buf_put_char(&t->out, '[');
    usher_buf_put_z(&t->out, letter == 's' ? SPACES : NO_SPACES);
    if (!in_class) usher_buf_put_char(&t->out, ']');
}

/* One member of a class, or one end of a range. *single: it is a unit, which is not yet written. */
static usher_status read_member(uint32_t *unit, bool *single, translator *t, usher_error *err)
{
    int c = peek(t, 0);

    *single = true;
    *unit = (uint32_t)c;
    t->at++;
    if (c != '\\') return USHER_OK;
    int letter = peek(t, 0);
    if (letter < 0) return refuse(t, err, "pattern: a backslash at the end");
    t->at++;
    if (letter == 'b') {
        *unit = 8;
        return USHER_OK;
    }
    *single = !is_class_letter(letter);
    if (*single) return read_escape(unit, t, letter, true, err);
    put_class_escape(t, letter, true);
    return USHER_OK;
}

/* A member, and the range it may begin. Beside "\d" and its like, '-' is a member. */
static usher_status put_range(translator *t, usher_error *err)
{
    uint32_t low, high;
    bool single, ends;
    usher_status rc = read_member(&low, &single, t, err);

    if (rc) return rc;
    if (single) put_unit(t, low);
    if (peek(t, 0) != '-' || peek(t, 1) == ']' || peek(t, 1) < 0) return USHER_OK;
    t->at++;
    bool joins = single && !(peek(t, 0) == '\\' && is_class_letter(peek(t, 1)));
    if (joins)
        usher_buf_put_char(&t->out, '-');
    else
        put_unit(t, '-');
    if ((rc = read_member(&high, &ends, t, err))) return rc;
    if (joins && high < low) return refuse(t, err, "pattern: a range that runs backwards");
    if (ends) put_unit(t, high);
    return USHER_OK;
}

static usher_status put_class(translator *t, usher_error *err)
{
    bool negated = peek(t, 1) == '^';
    usher_status rc;

    t->at += negated ? 2 : 1;
    bool empty = peek(t, 0) == ']'; /* PCRE2's own cannot be repeated: "[]?" would fail */
    usher_buf_put_z(&t->out, negated != empty ? "[^" : "[");
    if (empty) usher_buf_put_z(&t->out, EVERYTHING);
    while (peek(t, 0) != ']') {
        if (peek(t, 0) < 0) return refuse(t, err, "pattern: '[' without its ']'");
        if ((rc = put_range(t, err))) return rc;
    }
    t->at++;
    usher_buf_put_char(&t->out, ']');
    t->repeatable = true;
    return USHER_OK;
}

static usher_status put_escape(translator *t, usher_error *err)
{
    int letter = peek(t, 1);
    uint32_t unit;
    usher_status rc;

    if (letter < 0) return refuse(t, err, "pattern: a backslash at the end");
    t->at += 2;
    t->repeatable = letter != 'b' && letter != 'B';
    if (!t->repeatable) {
        usher_buf_put_z(&t->out, letter == 'b' ? "\\b" : "\\B");
        return USHER_OK;
    }
    if (is_class_letter(letter)) {
        put_class_escape(t, letter, false);
        return USHER_OK;
    }
    if ((rc = read_escape(&unit, t, letter, false, err))) return rc;
    put_unit(t, unit);
    return USHER_OK;
}

/* "(?<name>": kept, so that PCRE2 finds a name that is there twice. */
static usher_status put_group_name(translator *t, usher_error *err)
{
    size_t n = 0;

    t->at += 3;
    usher_buf_put_z(&t->out, "(?<");
    for (; is_letter(peek(t, 0)) || peek(t, 0) == '_' || (n && is_digit(peek(t, 0))); n++)
        usher_buf_put_char(&t->out, (char)t->js.ptr[t->at++]);
    if (n == 0 || n > 32 || peek(t, 0) != '>')
        return refuse(t, err, "pattern: a group name of other than letters, digits and '_'");
    t->at++;
    usher_buf_put_char(&t->out, '>');
    return USHER_OK;
}

static usher_status put_group(translator *t, usher_error *err)
{
    static const char *const kinds[] = {"(?:", "(?=", "(?!", "(?<=", "(?<!"};
    const char *found = peek(t, 1) == '?' ? NULL : "(";

    if (t->depth == DEPTH_MAX) return refuse(t, err, "pattern: groups nested too deeply");
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (next_is(t, kinds[i])) found = kinds[i];
    t->behind[t->depth++] = found == kinds[3] || found == kinds[4];
    t->repeatable = false;
    if (!found && next_is(t, "(?<")) return put_group_name(t, err);
    if (!found) return refuse(t, err, "pattern: a kind of group that is not taken");
    usher_buf_put_z(&t->out, found);
    t->at += usher_str_z(found).len;
    return USHER_OK;
}

static usher_status close_group(translator *t, usher_error *err)
{
    if (t->depth == 0) return refuse(t, err, "pattern: ')' without its '('");
    t->repeatable = !t->behind[--t->depth];
    t->at++;
    usher_buf_put_char(&t->out, ')');
    return USHER_OK;
}

/* Length of "{2}", "{2,}" or "{2,3}"; 0 if a brace stands for itself. */
static size_t braces(const translator *t)
{
    size_t n = 1;

    while (is_digit(peek(t, n)))
        n++;
    if (n == 1) return 0;
    if (peek(t, n) == ',')
        for (n++; is_digit(peek(t, n)); n++)
            ;
    return peek(t, n) == '}' ? n + 1 : 0;
}

static usher_status put_quantifier(translator *t, size_t len, usher_error *err)
{
    if (!t->repeatable) return refuse(t, err, "pattern: nothing to repeat");
    for (size_t i = 0; i < len; i++)
        usher_buf_put_char(&t->out, (char)t->js.ptr[t->at++]);
    if (peek(t, 0) == '?') {
        usher_buf_put_char(&t->out, '?');
        t->at++;
    }
    t->repeatable = false;
    return USHER_OK;
}

static usher_status put_next(translator *t, usher_error *err)
{
    int c = peek(t, 0);

    switch (c) {
    case '\\': return put_escape(t, err);
    case '[': return put_class(t, err);
    case '(': return put_group(t, err);
    case ')': return close_group(t, err);
    case '*':
    case '+':
    case '?': return put_quantifier(t, 1, err);
    case '{':
        if (braces(t)) return put_quantifier(t, braces(t), err);
        break;
    case '^':
    case '$':
    case '|':
        t->at++;
        t->repeatable = false;
        usher_buf_put_char(&t->out, (char)c);
        return USHER_OK;
    default: break;
    }
    t->at++;
    t->repeatable = true;
    if (c == '.')
        usher_buf_put_z(&t->out, "[^\\n\\r\\x{2028}\\x{2029}]");
    else
        put_unit(t, (uint32_t)c);
    return USHER_OK;
}

static usher_status translate(usher_units *out, usher_arena *a, usher_str js, usher_error *err)
{
    translator t = {0};
    usher_str text;
    usher_status rc;

    if (js.len > USHER_PATTERN_MAX)
        return usher_fail(err, USHER_E_SETTING, "pattern: too long", USHER_PATTERN_MAX);
    if ((rc = usher_units_of(&t.js, a, js, err)))
        return rc == USHER_E_SYNTAX ? refuse(&t, err, "pattern: not UTF-8") : rc;
    usher_buf_init(&t.out, a, TRANSLATED_MAX);
    while (t.at < t.js.len)
        if ((rc = put_next(&t, err))) return rc;
    if (t.depth) return refuse(&t, err, "pattern: '(' without its ')'");
    if ((rc = usher_buf_take(&text, &t.out, err))) return rc;
    return usher_units_latin1(out, a, text, err);
}

/* ---- PCRE2 --------------------------------------------------------------------------------- */

static void *get_memory(size_t size, void *arena)
{
    return usher_arena_get(arena, size);
}

static void keep_memory(void *ptr, void *arena) /* it goes with the arena */
{
    (void)ptr;
    (void)arena;
}

usher_status usher_pattern_compile(const usher_pattern **out, usher_arena *a, usher_str js,
                                   usher_error *err)
{
    uint32_t options =
        PCRE2_DOLLAR_ENDONLY | PCRE2_NEVER_UTF | PCRE2_NEVER_UCP | PCRE2_NEVER_BACKSLASH_C;
    usher_pattern *pattern = usher_arena_get(a, sizeof *pattern);
    usher_units text;
    int code;
    PCRE2_SIZE at;
    usher_status rc;

    *out = NULL;
    if (!pattern) return usher_arena_fail(a, err);
    if ((rc = translate(&text, a, js, err))) return rc;
    pcre2_general_context *general = pcre2_general_context_create(get_memory, keep_memory, a);
    pcre2_compile_context *context = general ? pcre2_compile_context_create(general) : NULL;
    if (!context) return usher_arena_fail(a, err);
    pattern->code = pcre2_compile(text.ptr, text.len, options, &code, &at, context);
    if (!pattern->code)
        return code == PCRE2_ERROR_HEAP_FAILED
                   ? usher_arena_fail(a, err)
                   : usher_fail(err, USHER_E_SETTING, "pattern: no expression", 0);
    *out = pattern;
    return USHER_OK;
}

static usher_status judge(bool *out, const usher_arena *a, int code, usher_error *err)
{
    *out = code >= 0;
    if (code >= 0 || code == PCRE2_ERROR_NOMATCH) return USHER_OK;
    if (code == PCRE2_ERROR_NOMEMORY) return usher_arena_fail(a, err);
    return usher_fail(err, USHER_E_LIMIT, "pattern: too much work for this text", 0);
}

usher_status usher_pattern_test(bool *out, const usher_pattern *pattern, usher_arena *a,
                                usher_units text, usher_error *err)
{
    pcre2_general_context *general = pcre2_general_context_create(get_memory, keep_memory, a);
    pcre2_match_context *context = general ? pcre2_match_context_create(general) : NULL;
    pcre2_match_data *data = context ? pcre2_match_data_create(1, general) : NULL;

    *out = false;
    if (!data) return usher_arena_fail(a, err);
    pcre2_set_match_limit(context, STEPS_MAX);
    pcre2_set_heap_limit(context, HEAP_MAX_KIB);
    int code = pcre2_match(pattern->code, text.len ? text.ptr : (const uint16_t *)u"", text.len, 0,
                           PCRE2_NO_UTF_CHECK, data, context);
    return judge(out, a, code, err);
}
