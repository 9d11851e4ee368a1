/* Whatever is accepted reads the same again, piece by piece, and is written back to the same. */
#include <assert.h>

#include "base/str.h"
#include "tests/kit/kit.h"
#include "wire/json.h"
#include "wire/utf8.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const usher_json_limits limits = {.depth = 64, .members = 300};

static void check_number(usher_json v)
{
    char *z = malloc(v.text.len + 1);
    double d, reference;
    int64_t n;

    assert(z);
    memcpy(z, v.text.ptr, v.text.len);
    z[v.text.len] = 0;
    reference = strtod(z, NULL); /* rounds correctly too, and the locale is C */
    assert(usher_json_double(&d, v));
    assert(memcmp(&d, &reference, sizeof d) == 0);
    if (usher_json_int64(&n, v)) assert((double)n == d);
    free(z);
}

static void check_string(usher_arena *a, usher_json v)
{
    usher_str text, again, written;
    usher_json_writer w;
    usher_buf b;
    usher_json back;

    if (usher_json_string(&text, a, v, NULL)) return; /* no memory */
    assert(usher_utf8_valid(text));
    assert(v.escaped || text.ptr == v.text.ptr + 1);
    usher_buf_init(&b, a, 8 * text.len + 2);
    usher_json_write_init(&w, &b);
    usher_json_put_string(&w, text);
    if (usher_buf_take(&written, &b, NULL)) return;
    assert(usher_json_read(&back, written, &limits, NULL) == USHER_OK);
    assert(usher_json_string_is(back, text));
    if (usher_json_string(&again, a, back, NULL)) return;
    assert(usher_str_eq(again, text));
    /* A lone surrogate is the one thing that reads as a text without being equal to it. */
    if (usher_str_find(text, USHER_STR("\xef\xbf\xbd")) == SIZE_MAX)
        assert(usher_json_string_is(v, text));
}

static usher_str between(usher_str text, size_t from, size_t end)
{
    return (usher_str){text.ptr + from, end - from};
}

/* What is read off is what a reader finds. */
static void check_plain(const usher_json_object *o, usher_status rc, usher_str text)
{
    usher_json_span spans[USHER_JSON_FEW];
    size_t count = usher_json_spans(spans, text);

    if (count == 0 || rc == USHER_E_NOMEM) return;
    assert(rc == USHER_OK && o->count == count && !o->duplicates && o->compact);
    for (size_t i = 0; i < count; i++) {
        const usher_json_member *m = &o->members[i];
        usher_str name = between(text, spans[i].name, spans[i].name_end);
        usher_str value = between(text, spans[i].value, spans[i].value_end);

        assert(!m->name_escaped && !m->value.escaped);
        assert(m->name.ptr == name.ptr && m->name.len == name.len);
        assert(m->value.text.ptr == value.ptr && m->value.text.len == value.len);
    }
}

static void check_members(usher_arena *a, usher_json v, size_t depth);

static void check_value(usher_arena *a, usher_json v, size_t depth)
{
    usher_json again, item;

    assert(usher_json_read(&again, v.text, &limits, NULL) == USHER_OK);
    assert(again.type == v.type && again.escaped == v.escaped);
    assert(again.text.ptr == v.text.ptr && again.text.len == v.text.len);
    if (v.type == USHER_JSON_NUMBER) check_number(v);
    if (v.type == USHER_JSON_STRING) check_string(a, v);
    if (depth == 0) return;
    if (v.type == USHER_JSON_OBJECT) check_members(a, v, depth - 1);
    for (usher_str rest = v.text; usher_json_next(&item, &rest);) {
        assert(v.type == USHER_JSON_ARRAY);
        assert(item.text.ptr > v.text.ptr &&
               item.text.ptr + item.text.len < v.text.ptr + v.text.len);
        check_value(a, item, depth - 1);
    }
}

/* Each member under its own name, and none twice. */
static void check_names(usher_arena *a, const usher_json_object *o)
{
    for (size_t i = 0; i < o->count; i++) {
        const usher_json_member *m = &o->members[i];
        usher_json name = {USHER_JSON_STRING, m->name_escaped, {m->name.ptr - 1, m->name.len + 2}};
        usher_str text;
        if (usher_json_string(&text, a, name, NULL)) return;
        if (!usher_json_string_is(name, text)) continue; /* a lone surrogate */
        usher_json got = usher_json_get(o, text);
        assert(got.text.ptr == m->value.text.ptr);
    }
}

/* Written member by member from the source, an object reads as it did, without duplicates. */
static void check_copy(usher_arena *a, const usher_json_object *o)
{
    usher_buf b;
    usher_str written;
    usher_json_object back;

    usher_buf_init(&b, a, SIZE_MAX);
    usher_buf_put_char(&b, '{');
    for (size_t i = 0; i < o->count; i++) {
        usher_buf_put_z(&b, i ? ",\"" : "\"");
        usher_buf_put(&b, o->members[i].name);
        usher_buf_put_z(&b, "\":");
        usher_buf_put(&b, o->members[i].value.text);
    }
    usher_buf_put_char(&b, '}');
    if (usher_buf_take(&written, &b, NULL) ||
        usher_json_read_object(&back, a, written, &limits, NULL) == USHER_E_NOMEM)
        return;
    assert(back.count == o->count && !back.duplicates);
    for (size_t i = 0; i < o->count; i++) {
        assert(usher_str_eq(back.members[i].name, o->members[i].name));
        assert(usher_str_eq(back.members[i].value.text, o->members[i].value.text));
    }
}

/* Nothing stands between the members but what JSON.stringify puts there. */
static void check_compact(const usher_json_object *o, usher_str text)
{
    size_t len = 2 + (o->count ? o->count - 1 : 0);

    for (size_t i = 0; i < o->count; i++)
        len += o->members[i].name.len + 3 + o->members[i].value.text.len;
    if (o->compact && !o->duplicates) assert(len == text.len);
}

/* Read into the caller's room it is the same object. */
static void check_few(usher_arena *a, const usher_json_object *o, usher_str text)
{
    usher_json_member room[USHER_JSON_FEW];
    usher_json_object few;

    if (usher_json_read_few(&few, room, a, text, &limits, NULL)) return;
    assert(few.count == o->count && few.duplicates == o->duplicates);
    assert(few.compact == o->compact && few.kinds == o->kinds);
    for (size_t i = 0; i < o->count; i++) {
        assert(few.members[i].name.ptr == o->members[i].name.ptr);
        assert(few.members[i].value.text.ptr == o->members[i].value.text.ptr);
    }
}

static void check_members(usher_arena *a, usher_json v, size_t depth)
{
    usher_json_object o;

    if (usher_json_members(&o, a, v, NULL)) return;
    check_compact(&o, v.text);
    if (o.count <= limits.members) check_few(a, &o, v.text);
    if (o.count <= limits.members) check_copy(a, &o);
    if (o.count <= 100) check_names(a, &o);
    for (size_t i = 0; i < o.count; i++)
        check_value(a, o.members[i].value, depth);
}

/* The first byte says when memory runs out; 255: never. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0 || size > 20000) return 0;
    kit_alloc kit = {.fail_at = data[0] == 255 ? SIZE_MAX : data[0]};
    usher_allocator alloc = kit_allocator(&kit);
    usher_str text = {(const char *)data + 1, size - 1};
    usher_error err = {0}, object_err = {0};
    usher_arena a;
    usher_json v;
    usher_json_object o;

    usher_arena_init(&a, &alloc, 256, 64 << 20);
    usher_status rc = usher_json_read(&v, text, &limits, &err);
    usher_status object_rc = usher_json_read_object(&o, &a, text, &limits, &object_err);
    check_plain(&o, object_rc, text);
    assert(rc == USHER_OK || rc == USHER_E_SYNTAX || rc == USHER_E_LIMIT);
    assert(rc ? v.type == USHER_JSON_ABSENT && err.at <= text.len : v.type != USHER_JSON_ABSENT);
    if (rc) {
        /* Both find the same fault, unless the object has too many members before it. */
        assert(object_rc != USHER_OK && o.members == NULL);
        if (object_rc == rc && object_err.at != err.at)
            assert(object_rc == USHER_E_LIMIT || err.at > object_err.at);
        /* What precedes the fault was right: the fault does not move when the text is cut there. */
        if (rc == USHER_E_SYNTAX && err.at < text.len) {
            usher_error cut = {0};
            usher_status cut_rc = usher_json_read(&v, (usher_str){text.ptr, err.at}, &limits, &cut);
            assert(cut_rc == USHER_OK || (cut_rc == USHER_E_SYNTAX && cut.at <= err.at));
        }
    } else {
        assert(object_rc == USHER_OK || v.type != USHER_JSON_OBJECT || kit.failed ||
               object_rc == USHER_E_LIMIT);
        assert(object_rc != USHER_OK || v.type == USHER_JSON_OBJECT);
        check_value(&a, v, 8);
    }
    usher_arena_deinit(&a);
    assert(kit.live == 0);
    return 0;
}
