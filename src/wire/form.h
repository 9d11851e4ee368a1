/* form - name=value pairs as in a query string or an urlencoded body (WHATWG URL, section 5). */
#ifndef USHER_WIRE_FORM_H
#define USHER_WIRE_FORM_H

#include "base/arena.h"
#include "base/buf.h"
#include "usher/base.h"

#define USHER_FORM_PAIRS_MAX 256

typedef struct usher_form_pair {
    usher_str name, value; /* decoded */
} usher_form_pair;

typedef struct usher_form {
    usher_form_pair *pairs;
    size_t count;
} usher_form;

/* As URLSearchParams reads it, without a '?' in front. Views into `text` where nothing had to be
 * decoded, else in the arena. More pairs than the bound: USHER_E_LIMIT. */
USHER_MUST_USE usher_status usher_form_read(usher_form *out, usher_arena *a, usher_str text,
                                            usher_error *err);
/* The first or last value of a name; absent view if there is none. */
usher_str usher_form_first(const usher_form *form, usher_str name);
usher_str usher_form_last(const usher_form *form, usher_str name);
size_t usher_form_count(const usher_form *form, usher_str name);

/* Appends name=value, with '&' before it unless the buffer is empty or ends in '?' or '&'. */
void usher_form_put(usher_buf *b, usher_str name, usher_str value);

#endif
