#include "wire/json_set.h"

#include "base/str.h"

usher_str usher_json_quoted_name(const usher_json_member *m)
{
    return (usher_str){m->name.ptr - 1, m->name.len + 2};
}

bool usher_json_is_named(const usher_json_member *m, usher_str name)
{
    usher_json text = {USHER_JSON_STRING, m->name_escaped, usher_json_quoted_name(m)};

    return usher_json_string_is(text, name);
}

static void put_member(usher_buf *b, usher_str quoted, usher_str value)
{
    if (usher_buf_view(b).len > 1) usher_buf_put_char(b, ',');
    usher_buf_put(b, quoted);
    usher_buf_put_char(b, ':');
    usher_buf_put(b, value);
}

static size_t members_size(const usher_json_object *o)
{
    size_t n = 2;

    for (size_t i = 0; i < o->count; i++)
        n += o->members[i].name.len + o->members[i].value.text.len + 4;
    return n;
}

usher_status usher_json_set(usher_str *out, usher_arena *a, const usher_json_object *object,
                            usher_str name, usher_str value, usher_str without, usher_error *err)
{
    bool written = false;
    usher_buf b;

    usher_buf_init(&b, a, members_size(object) + name.len + value.len + 4);
    usher_buf_put_char(&b, '{');
    for (size_t i = 0; i < object->count; i++) {
        const usher_json_member *m = &object->members[i];
        bool here = usher_json_is_named(m, name);

        if (without.len && usher_json_is_named(m, without)) continue;
        put_member(&b, usher_json_quoted_name(m), here ? value : m->value.text);
        written |= here;
    }
    if (!written) {
        usher_buf_put_z(&b, usher_buf_view(&b).len > 1 ? ",\"" : "\"");
        usher_buf_put(&b, name);
        usher_buf_put_z(&b, "\":");
        usher_buf_put(&b, value);
    }
    usher_buf_put_char(&b, '}');
    return usher_buf_take(out, &b, err);
}

usher_status usher_json_object_text(usher_str *out, usher_arena *a, const usher_json_object *object,
                                    usher_error *err)
{
    usher_buf b;

    usher_buf_init(&b, a, members_size(object));
    usher_buf_put_char(&b, '{');
    for (size_t i = 0; i < object->count; i++)
        put_member(&b, usher_json_quoted_name(&object->members[i]), object->members[i].value.text);
    usher_buf_put_char(&b, '}');
    return usher_buf_take(out, &b, err);
}
