/* A point in time that was read is written the same; then the bytes as a number, there and back. */
#include <assert.h>

#include "base/str.h"
#include "base/utc.h"
#include "tests/kit/kit.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_text(usher_str text)
{
    char again[USHER_ISO_LEN];
    int64_t ms;

    if (!usher_iso_to_ms(&ms, text)) {
        assert(ms == 0);
        return;
    }
    usher_iso_from_ms(again, ms);
    assert(text.len == USHER_ISO_LEN || text.len == USHER_ISO_LEN - 4);
    assert(!memcmp(again, text.ptr, 19) && again[USHER_ISO_LEN - 1] == 'Z');
    if (text.len == USHER_ISO_LEN) assert(!memcmp(again, text.ptr, USHER_ISO_LEN));
    if (text.len != USHER_ISO_LEN) assert(!memcmp(again + 19, ".000", 4));
}

static void check_number(int64_t ms)
{
    char text[USHER_ISO_LEN], http[USHER_HTTP_DATE_LEN], later[USHER_ISO_LEN];
    int64_t back, next;

    usher_iso_from_ms(text, ms);
    assert(usher_iso_to_ms(&back, usher_str_of(text, sizeof text)));
    /* Outside the years that are written, the nearest that is. */
    assert(back == ms || back == INT64_C(-62167219200000) || back == INT64_C(253402300799999));
    if (ms < INT64_MAX) usher_iso_from_ms(later, ms + 1);
    if (ms < INT64_MAX && usher_iso_to_ms(&next, usher_str_of(later, sizeof later)))
        assert(next >= back && memcmp(text, later, sizeof text) <= 0);
    usher_http_date_from_s(http, ms);
    assert(!memcmp(http + 25, " GMT", 4) && http[3] == ',');
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    int64_t ms = 0;

    check_text((usher_str){(const char *)data, size});
    if (size) memcpy(&ms, data, size < sizeof ms ? size : sizeof ms);
    check_number(ms);
    return 0;
}
