/* utf8 - validity of UTF-8 (Unicode 15 table 3-7), one sequence or a whole text. */
#ifndef USHER_WIRE_UTF8_H
#define USHER_WIRE_UTF8_H

#include "usher/base.h"

/* Length of the valid sequence at the start of `s` (1-4), or 0. */
size_t usher_utf8_step(usher_str s);
bool usher_utf8_valid(usher_str s);

#endif
