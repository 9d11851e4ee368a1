/* An object read off without an index: for who wants to know where its members stand, no more. */
#include "base/str.h"
#include "wire/json_text.h"

static usher_str name_of(usher_str text, usher_json_span m)
{
    return (usher_str){text.ptr + m.name, (size_t)m.name_end - m.name};
}

/* The name of the last member is one of those before it. */
static bool is_repeated(usher_str text, const usher_json_span *members, size_t last)
{
    usher_str name = name_of(text, members[last]);

    for (size_t i = 0; i < last; i++)
        if (usher_str_eq(name_of(text, members[i]), name)) return true;
    return false;
}

static usher_json_span span_of(const char *from, const usher_json_member *m)
{
    uint16_t name = (uint16_t)(m->name.ptr - from), value = (uint16_t)(m->value.text.ptr - from);

    return (usher_json_span){name, (uint16_t)(name + m->name.len), value,
                             (uint16_t)(value + m->value.text.len)};
}

size_t usher_json_spans(usher_json_span members[USHER_JSON_FEW], usher_str text)
{
    const char *from = text.ptr;
    usher_json_window w;
    usher_json_member m;
    const uint16_t *stop = w.stops;
    uint64_t seen = 0, kind;

    if (text.len < 64 || text.len > USHER_JSON_WINDOW || *from != '{' || from[text.len - 1] != '}')
        return 0;
    usher_json_look(&w, (const uint8_t *)from, (const uint8_t *)from + text.len);
    for (size_t i = 0, behind = 0; i < USHER_JSON_FEW && *stop == behind + 1; i++) {
        if (!(behind = usher_json_plain_member(&m, &w, stop, &stop))) return 0;
        members[i] = span_of(from, &m);
        kind = usher_json_kind(m.name);
        if ((seen & kind) && is_repeated(text, members, i)) return 0;
        seen |= kind;
        if (from[behind] == '}') return behind == text.len - 1 ? i + 1 : 0;
    }
    return 0;
}
