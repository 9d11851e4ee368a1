#include <assert.h>

#include "base/buf.h"
#include "base/str.h"
#include "tests/kit/kit.h"
#include "wire/form.h"
#include "wire/utf8.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What was read, written behind a path and its '?' and read again, is the same. */
static void check_round_trip(usher_arena *a, const usher_form *form)
{
    usher_buf b;
    usher_str text;
    usher_form again;

    usher_buf_init(&b, a, 16u << 20);
    usher_buf_put_z(&b, "/?");
    for (size_t i = 0; i < form->count; i++)
        usher_form_put(&b, form->pairs[i].name, form->pairs[i].value);
    usher_status rc = usher_buf_take(&text, &b, NULL);
    assert(rc == USHER_OK);
    assert(!usher_str_has(usher_str_from(text, 2), '?'));
    rc = usher_form_read(&again, a, usher_str_from(text, 2), NULL);
    assert(rc == USHER_OK && again.count == form->count);
    for (size_t i = 0; i < form->count; i++) {
        assert(usher_str_eq(again.pairs[i].name, form->pairs[i].name));
        assert(usher_str_eq(again.pairs[i].value, form->pairs[i].value));
    }
}

static void check_look_up(const usher_form *form)
{
    usher_str nobody = USHER_STR("\xff"); /* no UTF-8, and so no name */

    assert(!usher_form_first(form, nobody).ptr && !usher_form_last(form, nobody).ptr);
    assert(usher_form_count(form, nobody) == 0);
    for (size_t i = 0; i < form->count; i++) {
        usher_str name = form->pairs[i].name;
        assert(name.ptr && form->pairs[i].value.ptr);
        assert(usher_utf8_valid(name) && usher_utf8_valid(form->pairs[i].value));
        if (i % (1 + form->count / 8)) continue; /* looking up each would be quadratic */
        assert(usher_form_count(form, name) >= 1);
        assert(usher_form_first(form, name).ptr && usher_form_last(form, name).ptr);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    kit_alloc memory = {.fail_at = size && data[0] < 8 ? data[0] : SIZE_MAX};
    usher_allocator from = kit_allocator(&memory);
    usher_arena a;
    usher_form form;

    usher_arena_init(&a, &from, 256, 64u << 20);
    usher_status rc = usher_form_read(&form, &a, (usher_str){(const char *)data, size}, NULL);
    assert(rc == USHER_OK || rc == USHER_E_LIMIT || (rc == USHER_E_NOMEM && memory.failed));
    assert(form.count <= USHER_FORM_PAIRS_MAX && (rc == USHER_OK || form.count == 0));
    check_look_up(&form);
    memory.fail_at = SIZE_MAX;
    check_round_trip(&a, &form);
    usher_arena_deinit(&a);
    assert(memory.live == 0);
    return 0;
}
