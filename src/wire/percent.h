/* percent - percent-encoding in the three dialects this field mixes: encodeURIComponent, the
 * urlencoded form, and decodeURIComponent with its two ways to fail. */
#ifndef USHER_WIRE_PERCENT_H
#define USHER_WIRE_PERCENT_H

#include "base/arena.h"
#include "base/buf.h"
#include "usher/base.h"

/* As JavaScript's encodeURIComponent: A-Z a-z 0-9 - _ . ! ~ * ' ( ) stay, the rest is %XX. */
void usher_percent_put(usher_buf *b, usher_str text);
/* As application/x-www-form-urlencoded writes it: A-Z a-z 0-9 * - . _ stay, space is '+'. */
void usher_percent_put_form(usher_buf *b, usher_str text);

/* As decodeURIComponent: every '%' must begin %XX and the decoded bytes of each run must be valid
 * UTF-8, else USHER_E_SYNTAX. Without '%' the result is `text` itself. */
USHER_MUST_USE usher_status usher_percent_decode(usher_str *out, usher_arena *a, usher_str text,
                                                 usher_error *err);
/* As URLSearchParams decodes one name or value: '+' is a space, a '%' that begins no %XX stays,
 * invalid UTF-8 becomes U+FFFD. */
USHER_MUST_USE usher_status usher_percent_decode_form(usher_str *out, usher_arena *a,
                                                      usher_str text, usher_error *err);

#endif
