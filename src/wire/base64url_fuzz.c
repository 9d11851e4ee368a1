/* What decodes encodes to the same characters, so each value has one spelling; and back. */
#include <assert.h>

#include "base/str.h"
#include "tests/kit/kit.h"
#include "wire/base64url.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool in_alphabet(char c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_';
}

static void decode_then_encode(usher_str text)
{
    size_t len = usher_base64url_decoded_size(text.len);
    uint8_t *bytes = malloc(len + 1);
    usher_error err = {0};

    assert(bytes);
    bytes[len] = 0xa5;
    if (usher_base64url_decode(bytes, text, &err) == USHER_OK) {
        char *again = malloc(text.len + 1);
        assert(again);
        assert(usher_base64url_encoded_size(len) == text.len);
        usher_base64url_encode(again, bytes, len);
        assert(usher_str_eq((usher_str){again, text.len}, text));
        free(again);
    } else {
        assert(err.status == USHER_E_SYNTAX && err.at <= text.len);
        /* The fault is a character, the length, or the last character's unused bits. */
        assert(err.at == text.len || err.at + 1 == text.len || !in_alphabet(text.ptr[err.at]));
        for (size_t i = 0; i < err.at; i++)
            assert(in_alphabet(text.ptr[i]));
    }
    assert(bytes[len] == 0xa5);
    free(bytes);
}

static void encode_then_decode(const uint8_t *data, size_t size)
{
    size_t chars = usher_base64url_encoded_size(size);
    char *text = malloc(chars + 1);
    uint8_t *back = malloc(size + 1);

    assert(text && back);
    usher_base64url_encode(text, data, size);
    for (size_t i = 0; i < chars; i++)
        assert(in_alphabet(text[i]));
    assert(usher_base64url_decoded_size(chars) == size);
    assert(usher_base64url_decode(back, (usher_str){text, chars}, NULL) == USHER_OK);
    assert(size == 0 || memcmp(back, data, size) == 0);
    free(text);
    free(back);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    decode_then_encode((usher_str){(const char *)data, size});
    encode_then_decode(data, size);
    return 0;
}
