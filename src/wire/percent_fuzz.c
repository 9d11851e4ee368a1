/* Decoding undoes encoding; strict decoding yields what lenient decoding yields; nothing that was
 * decoded is longer than it was. */
#include <assert.h>

#include "base/str.h"
#include "tests/kit/kit.h"
#include "wire/percent.h"
#include "wire/utf8.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

typedef void put_function(usher_buf *b, usher_str text);
typedef usher_status decode_function(usher_str *out, usher_arena *a, usher_str text,
                                     usher_error *err);

static void round_trip(usher_arena *a, usher_str text, put_function *put, decode_function *decode)
{
    usher_buf b;
    usher_str encoded, back;

    usher_buf_init(&b, a, 3 * text.len);
    put(&b, text);
    if (usher_buf_take(&encoded, &b, NULL)) return; /* no memory: three for one is enough room */
    for (size_t i = 0; i < encoded.len; i++)
        assert(encoded.ptr[i] > ' ' && encoded.ptr[i] < 0x7f &&
               !strchr(";,\"\\<>&=", encoded.ptr[i]));
    usher_status rc = decode(&back, a, encoded, NULL);
    if (rc == USHER_E_NOMEM) return;
    if (usher_utf8_valid(text))
        assert(rc == USHER_OK && usher_str_eq(back, text));
    else
        assert(rc == USHER_E_SYNTAX || !usher_str_eq(back, text));
}

/* '+' is the one character that the two read differently, and only the strict one fails. */
static void compare(usher_arena *a, usher_str text)
{
    usher_str strict, lenient;
    usher_error err = {0};
    usher_status rc = usher_percent_decode(&strict, a, text, &err);

    if (rc == USHER_E_NOMEM || usher_percent_decode_form(&lenient, a, text, NULL)) return;
    assert(usher_utf8_valid(lenient));
    if (rc) {
        assert(rc == USHER_E_SYNTAX && strict.ptr == NULL);
        assert(err.at < text.len && text.ptr[err.at] == '%');
    } else {
        assert(strict.len <= text.len);
        if (usher_utf8_valid(strict) && !usher_str_has(text, '+'))
            assert(usher_str_eq(strict, lenient));
        if (!usher_str_has(text, '%')) assert(strict.ptr == text.ptr);
    }
}

/* The first byte says when memory runs out; 255: never. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0) return 0;
    kit_alloc kit = {.fail_at = data[0] == 255 ? SIZE_MAX : data[0]};
    usher_allocator alloc = kit_allocator(&kit);
    usher_str text = {(const char *)data + 1, size - 1};
    usher_arena a;

    usher_arena_init(&a, &alloc, 64, 64 << 20);
    compare(&a, text);
    round_trip(&a, text, usher_percent_put, usher_percent_decode);
    round_trip(&a, text, usher_percent_put_form, usher_percent_decode_form);
    usher_arena_deinit(&a);
    assert(kit.live == 0);
    return 0;
}
