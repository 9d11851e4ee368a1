#include "wire/form.h"

#include "base/error.h"
#include "base/str.h"
#include "wire/percent.h"

/* The next sequence between '&' that is not empty; absent at the end. */
static usher_str take_pair(usher_str *rest)
{
    while (rest->len) {
        usher_str pair = usher_str_cut(*rest, '&', rest);
        if (pair.len) return pair;
    }
    return (usher_str){0};
}

static size_t count_pairs(usher_str text)
{
    size_t n = 0;

    while (n <= USHER_FORM_PAIRS_MAX && take_pair(&text).len)
        n++;
    return n;
}

static usher_status read_pair(usher_form_pair *out, usher_arena *a, usher_str pair,
                              usher_error *err)
{
    usher_str value, name = usher_str_cut(pair, '=', &value);
    usher_status rc;

    if (!value.ptr) value = USHER_STR(""); /* "a" is "a=": the name is there, so its value is too */
    if ((rc = usher_percent_decode_form(&out->name, a, name, err)) ||
        (rc = usher_percent_decode_form(&out->value, a, value, err)))
        return rc;
    return USHER_OK;
}

usher_status usher_form_read(usher_form *out, usher_arena *a, usher_str text, usher_error *err)
{
    size_t count = count_pairs(text);
    usher_status rc;

    *out = (usher_form){0};
    if (count == 0) return USHER_OK;
    if (count > USHER_FORM_PAIRS_MAX)
        return usher_fail(err, USHER_E_LIMIT, "form: too many pairs", text.len);
    usher_form_pair *pairs = usher_arena_get(a, count * sizeof *pairs);
    if (!pairs) return usher_arena_fail(a, err);
    for (size_t i = 0; i < count; i++)
        if ((rc = read_pair(&pairs[i], a, take_pair(&text), err))) return rc;
    *out = (usher_form){pairs, count};
    return USHER_OK;
}

usher_str usher_form_first(const usher_form *form, usher_str name)
{
    for (size_t i = 0; i < form->count; i++)
        if (usher_str_eq(form->pairs[i].name, name)) return form->pairs[i].value;
    return (usher_str){0};
}

usher_str usher_form_last(const usher_form *form, usher_str name)
{
    for (size_t i = form->count; i > 0; i--)
        if (usher_str_eq(form->pairs[i - 1].name, name)) return form->pairs[i - 1].value;
    return (usher_str){0};
}

size_t usher_form_count(const usher_form *form, usher_str name)
{
    size_t n = 0;

    for (size_t i = 0; i < form->count; i++)
        n += usher_str_eq(form->pairs[i].name, name);
    return n;
}

void usher_form_put(usher_buf *b, usher_str name, usher_str value)
{
    usher_str so_far = usher_buf_view(b);

    if (so_far.len && so_far.ptr[so_far.len - 1] != '?' && so_far.ptr[so_far.len - 1] != '&')
        usher_buf_put_char(b, '&');
    usher_percent_put_form(b, name);
    usher_buf_put_char(b, '=');
    usher_percent_put_form(b, value);
}
