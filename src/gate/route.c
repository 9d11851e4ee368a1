#include "gate/route.h"

#include "base/buf.h"
#include "base/error.h"
#include "base/str.h"

#define REGEXP_MAX ((size_t)64 << 10)
#define DELIMITERS USHER_STR("/#?")

/* ---- words --------------------------------------------------------------------------------- */

typedef enum word_kind {
    WORD_END,
    WORD_CHAR,
    WORD_ESCAPED,
    WORD_MODIFIER,
    WORD_OPEN,
    WORD_CLOSE,
    WORD_NAME,
    WORD_PATTERN,
} word_kind;

typedef struct word {
    word_kind kind;
    usher_str text; /* without ':', parentheses or backslash */
    size_t at;
} word;

static usher_status refuse(usher_error *err, const char *what, size_t at)
{
    return usher_fail(err, USHER_E_SETTING, what, at);
}

static bool is_name_char(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_';
}

static usher_status read_name(word *w, size_t *at, usher_str s, usher_error *err)
{
    size_t end = *at + 1;

    while (end < s.len && is_name_char(s.ptr[end]))
        end++;
    *w = (word){WORD_NAME, {s.ptr + *at + 1, end - *at - 1}, *at};
    if (w->text.len == 0) return refuse(err, "route: ':' without a name", *at);
    *at = end;
    return USHER_OK;
}

/* Up to the parenthesis that closes it. Backslashes hide what follows them; a bracket hides
 * nothing, here as there. */
static usher_status read_pattern(word *w, size_t *at, usher_str s, usher_error *err)
{
    size_t i = *at + 1, depth = 1;

    if (i < s.len && s.ptr[i] == '?') return refuse(err, "route: a pattern begins with '?'", i);
    for (; i < s.len; i++) {
        if (s.ptr[i] == '\\') {
            i++;
        } else if (s.ptr[i] == ')') {
            if (--depth == 0) break;
        } else if (s.ptr[i] == '(') {
            depth++;
            if (i + 1 >= s.len || s.ptr[i + 1] != '?')
                return refuse(err, "route: a capturing group inside a pattern", i);
        }
    }
    if (i >= s.len) return refuse(err, "route: a pattern without its ')'", *at);
    *w = (word){WORD_PATTERN, {s.ptr + *at + 1, i - *at - 1}, *at};
    if (w->text.len == 0) return refuse(err, "route: an empty pattern", *at);
    *at = i + 1;
    return USHER_OK;
}

/* The word at *at, and *at moved past it. */
static usher_status read_word(word *w, size_t *at, usher_str s, usher_error *err)
{
    static const struct {
        char c;
        word_kind kind;
    } signs[] = {{'*', WORD_MODIFIER},
                 {'+', WORD_MODIFIER},
                 {'?', WORD_MODIFIER},
                 {'{', WORD_OPEN},
                 {'}', WORD_CLOSE}};

    *w = (word){WORD_END, {"", 0}, *at};
    if (*at >= s.len) return USHER_OK;
    char c = s.ptr[*at];
    if (c == ':') return read_name(w, at, s, err);
    if (c == '(') return read_pattern(w, at, s, err);
    if (c == '\\') { /* at the very end it stands for nothing, and the original says nothing */
        *w = (word){WORD_ESCAPED, usher_str_from(s, *at + 1), *at};
        if (w->text.len) w->text.len = 1;
        *at += 1 + w->text.len;
        return USHER_OK;
    }
    *w = (word){WORD_CHAR, {s.ptr + *at, 1}, *at};
    for (size_t i = 0; i < sizeof signs / sizeof *signs; i++)
        if (signs[i].c == c) w->kind = signs[i].kind;
    (*at)++;
    return USHER_OK;
}

/* ---- parts --------------------------------------------------------------------------------- */

/* Literal text, or a parameter. */
typedef struct part {
    bool parameter;
    usher_str text;           /* literal */
    usher_str prefix, suffix; /* of a parameter */
    usher_str pattern;        /* what it matches; empty: prefix and suffix only */
    char modifier;            /* 0 or one of ? * + */
} part;

typedef struct parser {
    usher_arena *arena;
    usher_str source;
    word *words; /* the last is WORD_END */
    size_t next;
    part *parts;
    size_t count;
} parser;

static usher_status read_words(parser *p, usher_error *err)
{
    size_t at = 0, n = 0;
    usher_status rc;

    p->words = usher_arena_get(p->arena, (p->source.len + 1) * sizeof *p->words);
    if (!p->words) return usher_arena_fail(p->arena, err);
    do {
        if ((rc = read_word(&p->words[n], &at, p->source, err))) return rc;
    } while (p->words[n++].kind != WORD_END);
    return USHER_OK;
}

static const word *take(parser *p, word_kind kind)
{
    return p->words[p->next].kind == kind ? &p->words[p->next++] : NULL;
}

static char take_modifier(parser *p)
{
    const word *w = take(p, WORD_MODIFIER);

    return w ? w->text.ptr[0] : (char)0;
}

static bool has_delimiter(usher_str text)
{
    for (size_t i = 0; i < text.len; i++)
        if (usher_str_has(DELIMITERS, text.ptr[i])) return true;
    return false;
}

static void put_escaped(usher_buf *b, usher_str text)
{
    for (size_t i = 0; i < text.len; i++) {
        if (usher_str_has(USHER_STR(".+*?=^!:${}()[]|/\\"), text.ptr[i]))
            usher_buf_put_char(b, '\\');
        usher_buf_put_char(b, text.ptr[i]);
    }
}

/* What a parameter without a pattern matches: up to the next delimiter, and not past the text that
 * stood before it if that could not be told apart otherwise. */
static usher_status default_pattern(usher_str *out, parser *p, usher_str prefix, size_t at,
                                    usher_error *err)
{
    const part *last = p->count ? &p->parts[p->count - 1] : NULL;
    usher_str before = prefix.len ? prefix : last && !last->parameter ? last->text : prefix;
    usher_buf b;

    if (last && before.len == 0)
        return refuse(err, "route: two parameters without a text between", at);
    usher_buf_init(&b, p->arena, REGEXP_MAX);
    if (before.len && !has_delimiter(before)) {
        usher_buf_put_z(&b, "(?:(?!");
        put_escaped(&b, before);
        usher_buf_put_z(&b, ")[^\\/#\\?])+?");
    } else {
        usher_buf_put_z(&b, "[^\\/#\\?]+?");
    }
    return usher_buf_take(out, &b, err);
}

/* Text so far becomes a part of its own. */
static usher_status flush(parser *p, usher_buf *text, usher_error *err)
{
    usher_str literal;
    usher_status rc = usher_buf_take(&literal, text, err);

    if (rc || literal.len == 0) return rc;
    p->parts[p->count++] = (part){.text = literal};
    usher_buf_init(text, p->arena, REGEXP_MAX);
    return USHER_OK;
}

/* ":name(pattern)modifier", or one of the two; `before` is the character in front, or empty. */
static usher_status read_parameter(parser *p, usher_buf *text, usher_str before, const word *name,
                                   const word *pattern, usher_error *err)
{
    part q = {.parameter = true, .prefix = before};
    usher_status rc;

    if (before.len && !usher_str_has(USHER_STR("./"), before.ptr[0])) {
        usher_buf_put(text, before);
        q.prefix.len = 0;
    }
    if ((rc = flush(p, text, err))) return rc;
    if (pattern)
        q.pattern = pattern->text;
    else if ((rc = default_pattern(&q.pattern, p, q.prefix, name->at, err)))
        return rc;
    q.modifier = take_modifier(p);
    p->parts[p->count++] = q;
    return USHER_OK;
}

static usher_status read_text(usher_str *out, parser *p, usher_error *err)
{
    const word *w;
    usher_buf b;

    usher_buf_init(&b, p->arena, REGEXP_MAX);
    while ((w = take(p, WORD_CHAR)) || (w = take(p, WORD_ESCAPED)))
        usher_buf_put(&b, w->text);
    return usher_buf_take(out, &b, err);
}

/* "{prefix:name(pattern)suffix}modifier"; the brace was taken. */
static usher_status read_braces(parser *p, usher_error *err)
{
    part q = {.parameter = true};
    usher_status rc;

    if ((rc = read_text(&q.prefix, p, err))) return rc;
    const word *name = take(p, WORD_NAME), *pattern = take(p, WORD_PATTERN);
    if ((rc = read_text(&q.suffix, p, err))) return rc;
    if (!take(p, WORD_CLOSE))
        return refuse(err, "route: '{' without its '}'", p->words[p->next].at);
    if (pattern)
        q.pattern = pattern->text;
    else if (name && (rc = default_pattern(&q.pattern, p, q.prefix, name->at, err)))
        return rc;
    q.modifier = take_modifier(p);
    p->parts[p->count++] = q;
    return USHER_OK;
}

static usher_status read_parts(parser *p, usher_error *err)
{
    usher_status rc = USHER_OK;
    usher_buf text;

    usher_buf_init(&text, p->arena, REGEXP_MAX);
    while (rc == USHER_OK && p->words[p->next].kind != WORD_END) {
        const word *c = take(p, WORD_CHAR), *name = take(p, WORD_NAME),
                   *pattern = take(p, WORD_PATTERN);
        if (name || pattern) {
            rc = read_parameter(p, &text, c ? c->text : (usher_str){"", 0}, name, pattern, err);
        } else if (c || (c = take(p, WORD_ESCAPED))) {
            usher_buf_put(&text, c->text);
        } else if ((rc = flush(p, &text, err)) == USHER_OK) {
            if (!take(p, WORD_OPEN))
                return refuse(err, "route: a modifier or brace where none can be",
                              p->words[p->next].at);
            rc = read_braces(p, err);
        }
    }
    return rc ? rc : flush(p, &text, err);
}

/* ---- the expression ------------------------------------------------------------------------ */

static bool repeats(const part *q)
{
    return q->modifier == '*' || q->modifier == '+';
}

/* A repeated parameter that nothing separates: path-to-regexp refuses, and Next.js tries again with
 * "/" in front of every such one. */
static void separate(parser *p)
{
    bool needed = false;

    for (size_t i = 0; i < p->count; i++) {
        const part *q = &p->parts[i];
        if (q->parameter && q->pattern.len && repeats(q) && !q->prefix.len && !q->suffix.len)
            needed = true;
    }
    for (size_t i = 0; needed && i < p->count; i++) {
        part *q = &p->parts[i];
        if (q->parameter && repeats(q) && !q->prefix.len && !q->suffix.len)
            q->prefix = USHER_STR("/");
    }
}

/* An expression's own text, with "/" escaped where RegExp.source escapes it. */
static void put_pattern(usher_buf *b, usher_str text)
{
    bool class = false;

    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        if (c == '\\' && i + 1 < text.len) {
            usher_buf_put_char(b, c);
            c = text.ptr[++i];
        } else if (c == '[') {
            class = true;
        } else if (c == ']') {
            class = false;
        } else if (c == '/' && !class) {
            usher_buf_put_char(b, '\\');
        }
        usher_buf_put_char(b, c);
    }
}

static void put_repeated(usher_buf *b, const part *q)
{
    usher_buf_put_z(b, "(?:");
    put_escaped(b, q->prefix);
    usher_buf_put_z(b, "((?:");
    put_pattern(b, q->pattern);
    usher_buf_put_z(b, ")(?:");
    put_escaped(b, q->suffix);
    put_escaped(b, q->prefix);
    usher_buf_put_z(b, "(?:");
    put_pattern(b, q->pattern);
    usher_buf_put_z(b, "))*)");
    put_escaped(b, q->suffix);
    usher_buf_put_z(b, q->modifier == '*' ? ")?" : ")");
}

static void put_single(usher_buf *b, const part *q)
{
    bool around = q->prefix.len || q->suffix.len || !q->pattern.len;

    if (around) usher_buf_put_z(b, "(?:");
    put_escaped(b, q->prefix);
    if (q->pattern.len) {
        usher_buf_put_char(b, '(');
        put_pattern(b, q->pattern);
        usher_buf_put_char(b, ')');
    }
    put_escaped(b, q->suffix);
    if (around) usher_buf_put_char(b, ')');
    if (q->modifier) usher_buf_put_char(b, q->modifier);
}

static usher_status write_regexp(usher_str *out, const parser *p, usher_error *err)
{
    usher_buf b;

    usher_buf_init(&b, p->arena, REGEXP_MAX);
    usher_buf_put_char(&b, '^');
    for (size_t i = 0; i < p->count; i++) {
        const part *q = &p->parts[i];
        if (!q->parameter)
            put_escaped(&b, q->text);
        else if (q->pattern.len && repeats(q))
            put_repeated(&b, q);
        else
            put_single(&b, q);
    }
    usher_buf_put_z(&b, "[\\/#\\?]?$");
    return usher_buf_take(out, &b, err);
}

usher_status usher_route_regexp(usher_str *out, usher_arena *a, usher_str source, usher_error *err)
{
    parser p = {.arena = a, .source = source};
    usher_status rc;

    *out = (usher_str){0};
    if (source.len > USHER_ROUTE_SOURCE_MAX)
        return refuse(err, "route: longer than a source may be", USHER_ROUTE_SOURCE_MAX);
    /* each part takes at least one character */
    p.parts = usher_arena_get(a, (source.len + 1) * sizeof *p.parts);
    if (!p.parts) return usher_arena_fail(a, err);
    if ((rc = read_words(&p, err)) || (rc = read_parts(&p, err))) return rc;
    separate(&p);
    return write_regexp(out, &p, err);
}
