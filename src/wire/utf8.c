#include "wire/utf8.h"

#include <string.h>

#include "base/str.h"

/* What may follow a lead byte: how many bytes, and the narrower range of the first of them that
 * keeps out overlong forms, surrogates and what is past U+10FFFF. */
typedef struct lead_rule {
    uint8_t more, low, high;
} lead_rule;

static lead_rule rule_of(uint8_t lead)
{
    if (lead >= 0xc2 && lead <= 0xdf) return (lead_rule){1, 0x80, 0xbf};
    if (lead == 0xe0) return (lead_rule){2, 0xa0, 0xbf};
    if (lead == 0xed) return (lead_rule){2, 0x80, 0x9f};
    if (lead >= 0xe1 && lead <= 0xef) return (lead_rule){2, 0x80, 0xbf};
    if (lead == 0xf0) return (lead_rule){3, 0x90, 0xbf};
    if (lead >= 0xf1 && lead <= 0xf3) return (lead_rule){3, 0x80, 0xbf};
    if (lead == 0xf4) return (lead_rule){3, 0x80, 0x8f};
    return (lead_rule){0};
}

/* The bytes at the start of `s` that belong together; *whole if they are a valid sequence. */
static size_t sequence(usher_str s, bool *whole)
{
    *whole = false;
    if (s.len == 0) return 0;
    uint8_t lead = (uint8_t)s.ptr[0];
    if (lead < 0x80) {
        *whole = true;
        return 1;
    }
    lead_rule rule = rule_of(lead);
    if (rule.more == 0) return 1;
    for (size_t i = 1; i <= rule.more; i++) {
        if (i == s.len) return i;
        uint8_t c = (uint8_t)s.ptr[i];
        if (c < (i == 1 ? rule.low : 0x80) || c > (i == 1 ? rule.high : 0xbf)) return i;
    }
    *whole = true;
    return rule.more + 1u;
}

size_t usher_utf8_step(usher_str s)
{
    bool whole;
    size_t n = sequence(s, &whole);

    return whole ? n : 0;
}

size_t usher_utf8_bad_step(usher_str s)
{
    bool whole;
    size_t n = sequence(s, &whole);

    return whole ? 0 : n;
}

/* Most text of this field is ASCII: eight bytes at a time. */
static size_t ascii_run(usher_str s)
{
    size_t i = 0;
    uint64_t eight;

    for (; s.len - i >= sizeof eight; i += sizeof eight) {
        memcpy(&eight, s.ptr + i, sizeof eight);
        if (eight & UINT64_C(0x8080808080808080)) break;
    }
    while (i < s.len && (uint8_t)s.ptr[i] < 0x80)
        i++;
    return i;
}

/* Length of the longest valid start of `s`. */
static size_t valid_run(usher_str s)
{
    size_t at = 0;

    while (at < s.len) {
        at += ascii_run(usher_str_from(s, at));
        size_t n = usher_utf8_step(usher_str_from(s, at));
        if (n == 0) break; /* also at the end */
        at += n;
    }
    return at;
}

bool usher_utf8_valid(usher_str s)
{
    return valid_run(s) == s.len;
}

void usher_utf8_put(usher_buf *b, usher_str text)
{
    while (text.len) {
        size_t good = valid_run(text);
        if (good) usher_buf_put(b, (usher_str){text.ptr, good});
        text = usher_str_from(text, good);
        if (text.len == 0) break;
        usher_buf_put(b, USHER_STR("\xef\xbf\xbd"));
        text = usher_str_from(text, usher_utf8_bad_step(text));
    }
}

size_t usher_utf8_encode(uint8_t out[4], uint32_t c)
{
    if (c < 0x80) {
        out[0] = (uint8_t)c;
        return 1;
    }
    if (c < 0x800) {
        out[0] = (uint8_t)(0xc0 | c >> 6);
        out[1] = (uint8_t)(0x80 | (c & 0x3f));
        return 2;
    }
    if (c < 0x10000) {
        out[0] = (uint8_t)(0xe0 | c >> 12);
        out[1] = (uint8_t)(0x80 | (c >> 6 & 0x3f));
        out[2] = (uint8_t)(0x80 | (c & 0x3f));
        return 3;
    }
    out[0] = (uint8_t)(0xf0 | (c >> 18 & 7));
    out[1] = (uint8_t)(0x80 | (c >> 12 & 0x3f));
    out[2] = (uint8_t)(0x80 | (c >> 6 & 0x3f));
    out[3] = (uint8_t)(0x80 | (c & 0x3f));
    return 4;
}
