/* The reader: one pass over the text, no recursion; what is open is one bit a level. Values are
 * spans of the source, so an index of members is all that is ever allocated. */
#include "wire/json.h"

#include <assert.h>
#include <float.h>
#include <string.h>

#include "base/error.h"
#include "base/str.h"
#include "wire/json_text.h"
#include "wire/utf8.h"

const usher_json_limits usher_json_limits_claims = {.depth = USHER_JSON_DEPTH_MAX,
                                                    .members = 10000};
const usher_json_limits usher_json_limits_document = {.depth = 32, .members = 4096};

#define FEW USHER_JSON_FEW

typedef struct scan {
    const uint8_t *start, *end;
    const uint8_t *bad; /* the first byte that is wrong, once there is one */
    const char *what;
    usher_status status;
    size_t depth, depth_max;
    uint64_t objects[USHER_JSON_DEPTH_MAX / 64]; /* a bit for each open level: it is an object */
} scan;

static void scan_init(scan *s, usher_str text, size_t depth_max)
{
    s->start = (const uint8_t *)(text.ptr ? text.ptr : "");
    s->end = s->start + text.len;
    s->bad = NULL;
    s->what = NULL;
    s->status = USHER_OK;
    s->depth = 0;
    s->depth_max = depth_max < USHER_JSON_DEPTH_MAX ? depth_max : USHER_JSON_DEPTH_MAX;
}

static __attribute__((noinline, cold)) const uint8_t *fail_as(scan *s, usher_status status,
                                                              const uint8_t *at, const char *what)
{
    s->status = status;
    s->bad = at;
    s->what = what;
    return NULL;
}

static __attribute__((noinline, cold)) const uint8_t *fail(scan *s, const uint8_t *at,
                                                           const char *what)
{
    return fail_as(s, USHER_E_SYNTAX, at, what);
}

static usher_status scan_failure(const scan *s, usher_error *err)
{
    return usher_fail(err, s->status, s->what, (size_t)(s->bad - s->start));
}

static inline const uint8_t *skip_space(const uint8_t *p, const uint8_t *end)
{
    if (p<end && * p> ' ') return p; /* JSON.stringify writes none */
    while (p < end && (*p == ' ' || *p == '\n' || *p == '\r' || *p == '\t'))
        p++;
    return p;
}

/* Tokens. Each function gets the first byte and returns what follows the token, or NULL. */

static bool is_hex(uint8_t c)
{
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'F') || (c >= 'a' && c <= 'f');
}

static const uint8_t *escape_end(scan *s, const uint8_t *p)
{
    if (++p == s->end) return fail(s, p, "json: string without end");
    switch (*p) {
    case '"':
    case '\\':
    case '/':
    case 'b':
    case 'f':
    case 'n':
    case 'r':
    case 't': return p + 1;
    case 'u': break;
    default: return fail(s, p, "json: unknown escape");
    }
    for (int i = 0; i < 4; i++)
        if (++p == s->end || !is_hex(*p)) return fail(s, p, "json: \\u without four hex digits");
    return p + 1;
}

static const uint8_t *utf8_end(scan *s, const uint8_t *p)
{
    do {
        size_t n = usher_utf8_step((usher_str){(const char *)p, (size_t)(s->end - p)});
        if (n == 0) return fail(s, p, "json: not UTF-8");
        p += n;
    } while (p < s->end && *p >= 0x80);
    return p;
}

/* `p` is behind the opening quote. */
static inline const uint8_t *string_end(scan *s, const uint8_t *p, bool *escaped)
{
    *escaped = false;
    while (p) {
        p = usher_json_plain_end(p, s->end);
        if (p == s->end) return fail(s, p, "json: string without end");
        if (*p == '"') return p + 1;
        if (*p == '\\') {
            *escaped = true;
            p = escape_end(s, p);
        } else if (*p < 0x20)
            return fail(s, p, "json: control character in a string");
        else
            p = utf8_end(s, p);
    }
    return NULL;
}

static const uint8_t *digits_end(scan *s, const uint8_t *p)
{
    if (p == s->end || !usher_json_is_digit(*p)) return fail(s, p, "json: digit expected");
    while (p < s->end && usher_json_is_digit(*p))
        p++;
    return p;
}

#define SURELY_FINITE 300 /* digits before the point */

/* JavaScript prints no number that it could not hold, and one that it reads as infinity compares as
 * no time should: an `exp` of 1e999 would never be over. */
static const uint8_t *finite_end(scan *s, const uint8_t *start, const uint8_t *end)
{
    usher_json number = {USHER_JSON_NUMBER, false, {(const char *)start, (size_t)(end - start)}};
    double value;

    if (usher_json_double(&value, number) && value <= DBL_MAX && value >= -DBL_MAX) return end;
    return fail(s, start, "json: a number that no double can hold");
}

static const uint8_t *number_end(scan *s, const uint8_t *p)
{
    const uint8_t *start = p;
    bool large;

    if (*p == '-') p++;
    if (p < s->end && *p == '0')
        p++; /* a digit behind it is an error, found by whoever looks for a comma */
    else if (!(p = digits_end(s, p)))
        return NULL;
    large = p - start > SURELY_FINITE;
    if (p < s->end && *p == '.' && !(p = digits_end(s, p + 1))) return NULL;
    if (p < s->end && (*p == 'e' || *p == 'E')) {
        large = true;
        p++;
        if (p < s->end && (*p == '+' || *p == '-')) p++;
        if (!(p = digits_end(s, p))) return NULL;
    }
    return large ? finite_end(s, start, p) : p;
}

static const uint8_t *word_end(scan *s, const uint8_t *p, const char *word)
{
    for (; *word; word++, p++)
        if (p == s->end || *p != (uint8_t)*word) return fail(s, p, "json: unknown word");
    return p;
}

static inline usher_json_type type_at(uint8_t c)
{
    switch (c) {
    case '"': return USHER_JSON_STRING;
    case '{': return USHER_JSON_OBJECT;
    case '[': return USHER_JSON_ARRAY;
    case 'n': return USHER_JSON_NULL;
    case 't': return USHER_JSON_TRUE;
    case 'f': return USHER_JSON_FALSE;
    default: return c == '-' || usher_json_is_digit(c) ? USHER_JSON_NUMBER : USHER_JSON_ABSENT;
    }
}

static inline const uint8_t *scalar_end(scan *s, const uint8_t *p, bool *escaped)
{
    switch (type_at(*p)) {
    case USHER_JSON_STRING: return string_end(s, p + 1, escaped);
    case USHER_JSON_NUMBER: return number_end(s, p);
    case USHER_JSON_NULL: return word_end(s, p, "null");
    case USHER_JSON_TRUE: return word_end(s, p, "true");
    case USHER_JSON_FALSE: return word_end(s, p, "false");
    case USHER_JSON_ABSENT:
    case USHER_JSON_ARRAY:
    case USHER_JSON_OBJECT: break;
    }
    return fail(s, p, "json: no value begins like this");
}

/* Nesting. */

static bool push(scan *s, const uint8_t *p)
{
    uint64_t *word = &s->objects[s->depth / 64 % (USHER_JSON_DEPTH_MAX / 64)];
    uint64_t bit = UINT64_C(1) << s->depth % 64;

    if (s->depth >= s->depth_max)
        return fail_as(s, USHER_E_LIMIT, p, "json: nested too deeply") != NULL;
    if (s->depth % 64 == 0) *word = 0;
    *word = *p == '{' ? *word | bit : *word & ~bit;
    s->depth++;
    return true;
}

static bool in_object(const scan *s)
{
    size_t top = s->depth - 1;

    return s->objects[top / 64] >> top % 64 & 1;
}

/* A member's name, colon and the space around them. */
static inline const uint8_t *name_end(scan *s, const uint8_t *p, usher_json_member *m)
{
    if (*p != '"') return fail(s, p, "json: member name expected");
    const uint8_t *end = string_end(s, p + 1, &m->name_escaped);
    if (!end) return NULL;
    m->name = (usher_str){(const char *)p + 1, (size_t)(end - p) - 2};
    p = skip_space(end, s->end);
    if (p == s->end || *p != ':') return fail(s, p, "json: ':' expected");
    return skip_space(p + 1, s->end);
}

/* From behind the opening bracket (`first`) or a value, over the comma and, in an object, the name,
 * to the innermost container's next value. If it closes instead, to behind its bracket: s->depth
 * tells. `object`: what the innermost container is. */
static inline __attribute__((always_inline)) const uint8_t *
advance(scan *s, const uint8_t *p, bool object, bool first, usher_json_member *m)
{
    p = skip_space(p, s->end);
    if (p < s->end && *p == (object ? '}' : ']')) {
        s->depth--;
        return p + 1;
    }
    if (!first) {
        if (p == s->end || *p != ',') return fail(s, p, "json: comma or closing bracket expected");
        p = skip_space(p + 1, s->end);
    }
    if (p == s->end) return fail(s, p, "json: the text ends too early");
    if (object && !(p = name_end(s, p, m))) return NULL;
    return p < s->end ? p : fail(s, p, "json: the text ends too early");
}

/* `p` is at an opening bracket; to behind the one that closes it. */
static const uint8_t *container_end(scan *s, const uint8_t *p)
{
    size_t outside = s->depth, before;
    usher_json_member ignored;
    bool first, escaped;

    for (;;) {
        first = *p == '{' || *p == '[';
        if (first ? !push(s, p) : !(p = scalar_end(s, p, &escaped))) return NULL;
        if (first) p++;
        do { /* a container that closes was a value, and may itself be the last one */
            before = s->depth;
            if (!(p = advance(s, p, in_object(s), first, &ignored))) return NULL;
            if (s->depth == outside) return p;
            first = false;
        } while (s->depth < before);
    }
}

static inline const uint8_t *value_end(scan *s, const uint8_t *p, usher_json *out)
{
    usher_json_type type = type_at(*p);
    bool escaped = false;
    const uint8_t *end = type == USHER_JSON_OBJECT || type == USHER_JSON_ARRAY
                             ? container_end(s, p)
                             : scalar_end(s, p, &escaped);

    if (end) *out = (usher_json){type, escaped, {(const char *)p, (size_t)(end - p)}};
    return end;
}

/* What may follow the outermost value: nothing. */
static const uint8_t *text_end(scan *s, const uint8_t *p)
{
    p = skip_space(p, s->end);
    return p == s->end ? p : fail(s, p, "json: something follows the value");
}

usher_status usher_json_read(usher_json *out, usher_str text, const usher_json_limits *limits,
                             usher_error *err)
{
    scan s;
    usher_json value = {0};

    *out = (usher_json){0};
    scan_init(&s, text, limits->depth);
    const uint8_t *p = skip_space(s.start, s.end);
    if (p == s.end)
        (void)fail(&s, p, "json: no value");
    else if ((p = value_end(&s, p, &value)))
        (void)text_end(&s, p);
    if (s.status) return scan_failure(&s, err);
    *out = value;
    return USHER_OK;
}

/* Text with escapes, one code point at a time. The text was validated. */

static uint32_t hex4(const uint8_t *p)
{
    uint32_t n = 0;

    for (int i = 0; i < 4; i++)
        n = n << 4 | (p[i] <= '9' ? p[i] - 0x30u : (p[i] | 0x20u) - 'a' + 10);
    return n;
}

#define IS_HIGH(c)      ((c) >= 0xd800 && (c) <= 0xdbff)
#define IS_LOW(c)       ((c) >= 0xdc00 && (c) <= 0xdfff)
#define IS_SURROGATE(c) ((c) >= 0xd800 && (c) <= 0xdfff)

/* `*at` is at a backslash and gets past the escape, or past both halves of a surrogate pair. A lone
 * surrogate is returned as it is. */
static uint32_t unescape(const uint8_t **at, const uint8_t *end)
{
    const uint8_t *p = *at + 2;

    assert(end - *at >= 2);
    *at = p;
    switch (p[-1]) {
    case 'b': return '\b';
    case 'f': return '\f';
    case 'n': return '\n';
    case 'r': return '\r';
    case 't': return '\t';
    case 'u': break;
    default: return p[-1];
    }
    assert(end - p >= 4);
    uint32_t c = hex4(p);
    *at = p += 4;
    if (!IS_HIGH(c) || end - p < 6 || p[0] != '\\' || p[1] != 'u') return c;
    uint32_t low = hex4(p + 2);
    if (!IS_LOW(low)) return c;
    *at = p + 6;
    return 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00);
}

/* The bytes of a name or text after unescaping, for comparing and hashing without memory. A lone
 * surrogate gives bytes that no valid UTF-8 has, so it equals itself only, as in JavaScript. */
typedef struct reader {
    const uint8_t *p, *end;
    uint8_t pending[4];
    size_t at, count;
} reader;

static reader reader_of(usher_str s)
{
    const uint8_t *p = (const uint8_t *)(s.ptr ? s.ptr : "");

    return (reader){.p = p, .end = p + s.len};
}

static int reader_next(reader *r)
{
    if (r->at < r->count) return r->pending[r->at++];
    if (r->p == r->end) return -1;
    if (*r->p != '\\') return *r->p++;
    r->count = usher_utf8_encode(r->pending, unescape(&r->p, r->end));
    r->at = 1;
    return r->pending[0];
}

/* Order by unescaped bytes; any total order would do. */
static int compare_escaped(usher_str a, usher_str b)
{
    reader ra = reader_of(a), rb = reader_of(b);
    int ca, cb;

    do {
        ca = reader_next(&ra);
        cb = reader_next(&rb);
    } while (ca == cb && ca >= 0);
    return (ca > cb) - (ca < cb);
}

static int compare_names(const usher_json_member *a, const usher_json_member *b)
{
    if (a->name_escaped || b->name_escaped) return compare_escaped(a->name, b->name);
    return usher_str_cmp(a->name, b->name);
}

static inline bool names_equal(const usher_json_member *a, const usher_json_member *b)
{
    if (a->name_escaped || b->name_escaped) return compare_escaped(a->name, b->name) == 0;
    return usher_str_eq(a->name, b->name);
}

/* `text` is plain; a backslash in it is a backslash. */
static bool escaped_equals(usher_str escaped, usher_str text)
{
    reader r = reader_of(escaped);

    for (size_t i = 0; i < text.len; i++)
        if (reader_next(&r) != (uint8_t)text.ptr[i]) return false;
    return reader_next(&r) < 0;
}

/* The index of an object's members. */

typedef struct member_index {
    usher_arena *arena;
    usher_json_member *items;
    size_t count, room;
    size_t left;   /* how many more may come, repeated ones included */
    uint64_t seen; /* a bit for each of 64 kinds of name there has been */
    bool escaped;  /* some name holds a backslash: its kind says nothing */
    bool duplicates;
    bool compact;             /* plain members, from the one bracket to the other */
    usher_json_window window; /* where plain members are looked for */
    const uint16_t *stop;     /* one that was looked at there */
} member_index;

/* The window's stops need no zeroes. */
static void index_init(member_index *x, usher_arena *a, usher_json_member *few, usher_str text,
                       size_t members_max)
{
    x->arena = a;
    x->items = few;
    x->room = few ? FEW : 0;
    x->count = 0;
    x->left = members_max;
    x->seen = 0;
    x->escaped = x->duplicates = x->compact = false;
    x->window.text = (const uint8_t *)text.ptr;
    x->window.len = 0;
}

static bool index_grow(member_index *x)
{
    size_t size = sizeof *x->items, room = x->room ? x->room * 2 : FEW;
    usher_json_member *items = usher_arena_grow(x->arena, x->items, x->room * size, room * size);

    if (!items) return false;
    x->items = items;
    x->room = room;
    return true;
}

/* The member of the same name among the first few; NULL if there is none. */
static usher_json_member *find_among_few(const member_index *x, const usher_json_member *m)
{
    for (size_t i = 0; i < x->count; i++)
        if (names_equal(&x->items[i], m)) return &x->items[i];
    return NULL;
}

/* Most names are of a kind that was not seen before, and are compared with none. */
static inline usher_json_member *find_same(member_index *x, const usher_json_member *m)
{
    uint64_t kind = usher_json_kind(m->name);
    bool maybe = (x->seen & kind) || x->escaped || m->name_escaped;

    x->seen |= kind;
    x->escaped |= m->name_escaped;
    return maybe ? find_among_few(x, m) : NULL;
}

/* What stands behind the last member becomes one, or the value of one that is there. */
static inline void index_take(member_index *x)
{
    usher_json_member *m = &x->items[x->count];
    usher_json_member *same = x->count < FEW ? find_same(x, m) : NULL;

    if (same) {
        same->value = m->value;
        x->duplicates = true;
    } else
        x->count++;
}

/* False: no memory, and the arena knows why. */
static bool index_add(member_index *x, const usher_json_member *m)
{
    if (x->count == x->room && !index_grow(x)) return false;
    x->items[x->count] = *m;
    index_take(x);
    return true;
}

/* Many members: duplicates are found when all are there, by a hash table of their numbers (plus
 * one). A text may be made so that all its names fall on one slot; past a budget of comparisons the
 * numbers are sorted by name instead, so the worst text costs n log n. A dead member has no name.
 */

static uint32_t name_hash(const usher_json_member *m)
{
    uint64_t h = UINT64_C(0xcbf29ce484222325); /* FNV-1a, then its halves folded */

    if (m->name_escaped) {
        reader r = reader_of(m->name);
        for (int c; (c = reader_next(&r)) >= 0;)
            h = (h ^ (uint64_t)c) * UINT64_C(0x100000001b3);
    } else
        for (size_t i = 0; i < m->name.len; i++)
            h = (h ^ (uint8_t)m->name.ptr[i]) * UINT64_C(0x100000001b3);
    return (uint32_t)(h ^ h >> 32);
}

static void merge(member_index *x, size_t earlier, size_t later)
{
    x->items[earlier].value = x->items[later].value;
    x->items[later].name = (usher_str){0};
    x->duplicates = true;
}

static bool merge_by_hash(member_index *x, uint32_t *table, size_t slots)
{
    size_t budget = 8 * x->count;

    for (size_t i = 0; i < x->count; i++) {
        size_t slot = name_hash(&x->items[i]) & (slots - 1);
        while (table[slot] && !names_equal(&x->items[table[slot] - 1], &x->items[i])) {
            if (budget-- == 0) return false;
            slot = (slot + 1) & (slots - 1);
        }
        if (table[slot])
            merge(x, table[slot] - 1, i);
        else
            table[slot] = (uint32_t)i + 1;
    }
    return true;
}

static bool sorts_before(const member_index *x, uint32_t a, uint32_t b)
{
    int order = compare_names(&x->items[a], &x->items[b]);

    return order ? order < 0 : a < b; /* equal names stay in source order */
}

/* Heapsort: needs no memory and no luck. */
static void sift_down(const member_index *x, uint32_t *heap, size_t root, size_t count)
{
    for (size_t child; (child = 2 * root + 1) < count; root = child) {
        if (child + 1 < count && sorts_before(x, heap[child], heap[child + 1])) child++;
        if (!sorts_before(x, heap[root], heap[child])) return;
        uint32_t swap = heap[root];
        heap[root] = heap[child];
        heap[child] = swap;
    }
}

static void sort_by_name(const member_index *x, uint32_t *numbers, size_t count)
{
    for (size_t root = count / 2; root-- > 0;)
        sift_down(x, numbers, root, count);
    for (size_t end = count; end-- > 1;) {
        uint32_t last = numbers[0];
        numbers[0] = numbers[end];
        numbers[end] = last;
        sift_down(x, numbers, 0, end);
    }
}

static void merge_by_order(member_index *x, uint32_t *numbers)
{
    size_t count = 0, first = 0;

    for (size_t i = 0; i < x->count; i++) /* the hash table may have merged some already */
        if (x->items[i].name.ptr) numbers[count++] = (uint32_t)i;
    sort_by_name(x, numbers, count);
    for (size_t i = 1; i < count; i++) {
        if (names_equal(&x->items[numbers[first]], &x->items[numbers[i]]))
            merge(x, numbers[first], numbers[i]);
        else
            first = i;
    }
}

static void drop_dead(member_index *x)
{
    size_t kept = 0;

    for (size_t i = 0; i < x->count; i++)
        if (x->items[i].name.ptr) x->items[kept++] = x->items[i];
    x->count = kept;
}

static usher_status merge_duplicates(member_index *x, usher_error *err)
{
    size_t slots = 4 * FEW;

    while (slots < x->count * 2)
        slots *= 2;
    if (x->count >= UINT32_MAX / 2)
        return usher_fail(err, USHER_E_LIMIT, "json: too many members", 0);
    uint32_t *table = usher_arena_get_zero(x->arena, slots, sizeof *table);
    if (!table) return usher_arena_fail(x->arena, err);
    if (!merge_by_hash(x, table, slots)) merge_by_order(x, table);
    usher_arena_trim(x->arena, table, slots * sizeof *table, 0);
    if (x->duplicates) drop_dead(x);
    return USHER_OK;
}

/* The first stop that is not before `name`. */
static const uint16_t *window_stop(member_index *x, const uint8_t *name, const uint8_t *end)
{
    usher_json_window *w = &x->window;
    size_t at = (size_t)(name - w->text);

    if (w->text + w->len < end && at >= w->len / 2) { /* too little may be left for a member */
        usher_json_look(w, name, end);
        return x->stop = w->stops;
    }
    while (*x->stop < at)
        x->stop++;
    return x->stop;
}

/* As many plain members as follow each other, read where they are to stay: a copy of what was just
 * written waits until it has reached the cache. `at` is the first one's name; returns what is
 * behind the last one's value, or NULL if there is none. */
static const uint8_t *plain_members_at(member_index *x, const uint8_t *at, const uint8_t *end)
{
    const uint16_t *stop = window_stop(x, at, end);
    const usher_json_window *w = &x->window;
    size_t name = (size_t)(at - w->text), behind = 0, next;

    while (*stop == name && name < w->len && x->count < x->room && x->left) {
        if (!(next = usher_json_plain_member(&x->items[x->count], w, stop, &stop))) break;
        index_take(x);
        x->left--;
        behind = next;
        if (w->text[next] != ',') break;
        name = next + 1;
    }
    return behind ? w->text + behind : NULL;
}

/* From behind the opening brace (`first`) or a value, to behind the last plain member's. */
static const uint8_t *plain_members(member_index *x, const scan *s, const uint8_t *p, bool *first)
{
    const uint8_t *name = p + !*first, *behind;

    if (s->end - s->start < 64 || s->end[-1] != '}' || s->end - name < 2) return p;
    if ((!*first && *p != ',') || *name != '"') return p;
    behind = plain_members_at(x, name, s->end);
    if (!behind) return p;
    x->compact = *first && p == s->start + 1 && behind == s->end - 1;
    *first = false;
    return behind;
}

/* `p` is at the opening brace; *after gets what follows the closing one. */
static usher_status index_object(member_index *x, scan *s, const uint8_t *p, const uint8_t **after,
                                 usher_error *err)
{
    usher_json_member m = {0};

    if (!push(s, p)) return scan_failure(s, err);
    p++;
    if (p < s->end && *p == '"' && !x->room && !index_grow(x))
        return usher_arena_fail(x->arena, err);
    for (bool first = true;; first = false) {
        p = plain_members(x, s, p, &first);
        if (!(p = advance(s, p, true, first, &m))) return scan_failure(s, err);
        if (s->depth == 0) break;
        if (x->left-- == 0)
            return usher_fail(err, USHER_E_LIMIT, "json: too many members",
                              (size_t)((const uint8_t *)m.name.ptr - s->start) - 1);
        if (!(p = value_end(s, p, &m.value))) return scan_failure(s, err);
        if (!index_add(x, &m)) return usher_arena_fail(x->arena, err);
    }
    *after = p;
    return x->count <= FEW ? USHER_OK : merge_duplicates(x, err);
}

static void index_fit(const member_index *x)
{
    size_t room = x->room * sizeof *x->items, used = x->count * sizeof *x->items;

    if (x->duplicates)
        usher_arena_trim(x->arena, x->items, room, used);
    else
        usher_arena_untouched(x->arena, x->items, room, used);
}

static usher_status read_object(usher_json_object *out, usher_json_member *few, usher_arena *a,
                                usher_str text, const usher_json_limits *limits, usher_error *err)
{
    scan s;
    usher_status rc;
    member_index x;

    index_init(&x, a, few, text, limits->members);
    *out = (usher_json_object){0};
    scan_init(&s, text, limits->depth);
    const uint8_t *p = skip_space(s.start, s.end), *after = NULL;
    if (p == s.end || *p != '{')
        return usher_fail(err, USHER_E_SYNTAX, "json: object expected", (size_t)(p - s.start));
    if ((rc = index_object(&x, &s, p, &after, err))) return rc;
    if (!text_end(&s, after)) return scan_failure(&s, err);
    if (x.items != few) index_fit(&x);
    *out = (usher_json_object){x.items, x.count, x.duplicates, x.compact,
                               x.escaped || x.room > FEW ? 0 : x.seen};
    return USHER_OK;
}

usher_status usher_json_read_object(usher_json_object *out, usher_arena *a, usher_str text,
                                    const usher_json_limits *limits, usher_error *err)
{
    return read_object(out, NULL, a, text, limits, err);
}

usher_status usher_json_read_few(usher_json_object *out, usher_json_member few[USHER_JSON_FEW],
                                 usher_arena *a, usher_str text, const usher_json_limits *limits,
                                 usher_error *err)
{
    return read_object(out, few, a, text, limits, err);
}

usher_status usher_json_members(usher_json_object *out, usher_arena *a, usher_json value,
                                usher_error *err)
{
    /* Read again rather than believed: it costs little and no caller can lead it astray. */
    return read_object(out, NULL, a, value.type == USHER_JSON_OBJECT ? value.text : (usher_str){0},
                       &(usher_json_limits){USHER_JSON_DEPTH_MAX, SIZE_MAX}, err);
}

usher_json usher_json_get(const usher_json_object *object, usher_str name)
{
    if (object->kinds && !(object->kinds & usher_json_kind(name))) return (usher_json){0};
    for (size_t i = 0; i < object->count; i++) {
        const usher_json_member *m = &object->members[i];
        if (m->name_escaped) {
            if (escaped_equals(m->name, name)) return m->value;
        } else if (m->name.len == name.len && (!name.len || *m->name.ptr == *name.ptr) &&
                   usher_str_eq(m->name, name))
            return m->value;
    }
    return (usher_json){0};
}

bool usher_json_next(usher_json *item, usher_str *rest)
{
    scan s;
    usher_json_member ignored;
    usher_str text = *rest;
    static const uint8_t bracket[] = "[";

    *item = (usher_json){0};
    *rest = (usher_str){0};
    if (text.len == 0) return false;
    scan_init(&s, text, USHER_JSON_DEPTH_MAX);
    /* Behind an item comes a comma or a bracket that closes, so one that opens is the beginning. */
    bool first = s.start[0] == '[';
    if (!push(&s, bracket)) return false;
    const uint8_t *p = advance(&s, s.start + first, false, first, &ignored);
    if (!p || s.depth == 0 || !(p = value_end(&s, p, item))) return false;
    *rest = (usher_str){(const char *)p, (size_t)(s.end - p)};
    return true;
}

/* A string's source without its quotes. */
static bool string_source(usher_str *out, usher_json value)
{
    *out = (usher_str){0};
    if (value.type != USHER_JSON_STRING || value.text.len < 2) return false;
    *out = (usher_str){value.text.ptr + 1, value.text.len - 2};
    return true;
}

static size_t unescape_all(char *out, usher_str source)
{
    const uint8_t *p = (const uint8_t *)source.ptr, *end = p + source.len;
    char *at = out;

    while (p < end) {
        const uint8_t *hit = memchr(p, '\\', (size_t)(end - p));
        size_t plain = (size_t)((hit ? hit : end) - p);
        memcpy(at, p, plain);
        at += plain;
        p += plain;
        if (p == end) break;
        uint8_t bytes[4];
        uint32_t c = unescape(&p, end);
        size_t n = usher_utf8_encode(bytes, IS_SURROGATE(c) ? 0xfffd : c);
        memcpy(at, bytes, n);
        at += n;
    }
    return (size_t)(at - out);
}

usher_status usher_json_string(usher_str *out, usher_arena *a, usher_json value, usher_error *err)
{
    usher_str source;

    *out = (usher_str){0};
    if (!string_source(&source, value))
        return usher_fail(err, USHER_E_SYNTAX, "json: string expected", 0);
    if (!value.escaped) {
        *out = source;
        return USHER_OK;
    }
    char *text = usher_arena_get(a, source.len); /* no escape is shorter than what it stands for */
    if (!text) return usher_arena_fail(a, err);
    size_t len = unescape_all(text, source);
    usher_arena_trim(a, text, source.len, len);
    *out = (usher_str){text, len};
    return USHER_OK;
}

bool usher_json_string_is(usher_json value, usher_str text)
{
    usher_str source;

    if (!string_source(&source, value)) return false;
    return value.escaped ? escaped_equals(source, text) : usher_str_eq(source, text);
}
