/* utf8 - validity of UTF-8 (Unicode 15 table 3-7), one sequence or a whole text. */
#ifndef USHER_WIRE_UTF8_H
#define USHER_WIRE_UTF8_H

#include "base/buf.h"
#include "usher/base.h"

/* Length of the valid sequence at the start of `s` (1-4), or 0. */
size_t usher_utf8_step(usher_str s);
bool usher_utf8_valid(usher_str s);

/* Where step says 0: how many bytes one U+FFFD stands for (1-3; 0 if `s` is empty). A sequence cut
 * short counts as one, as the Encoding Standard's decoder and so JavaScript counts. */
size_t usher_utf8_bad_step(usher_str s);
/* Appends the text, with U+FFFD for what is not UTF-8. */
void usher_utf8_put(usher_buf *b, usher_str text);

/* Writes one code point (1-4 bytes) and returns how many. A surrogate is written as three bytes
 * that are not UTF-8: for comparing only. */
size_t usher_utf8_encode(uint8_t out[4], uint32_t code_point);

#endif
