/* pattern - JavaScript regular expressions without flags, matched on PCRE2.
 *
 * An expression is translated, not passed on: what the two engines write differently ("\A", "\Q",
 * "(*", "a++", "[[:alpha:]]", "\s", ".") means here what it means to JavaScript. Texts are UTF-16,
 * one unit a character, as JavaScript compares them without the flag `u`. Not taken, and refused
 * when compiled: back references, octal escapes, modifiers, lookbehind of unbounded length. */
#ifndef USHER_GATE_PATTERN_H
#define USHER_GATE_PATTERN_H

#include "base/arena.h"
#include "usher/base.h"

#define USHER_PATTERN_MAX 16384 /* bytes of an expression */

/* UTF-16 units; a lone surrogate is a unit as any other. */
typedef struct usher_units {
    const uint16_t *ptr;
    size_t len;
} usher_units;

/* UTF-8 to units. USHER_E_SYNTAX, with the offset, if it is not UTF-8. */
USHER_MUST_USE usher_status usher_units_of(usher_units *out, usher_arena *a, usher_str utf8,
                                           usher_error *err);
/* Each byte is a unit: text of an HTTP head as Node's parser hands it on. */
USHER_MUST_USE usher_status usher_units_latin1(usher_units *out, usher_arena *a, usher_str bytes,
                                               usher_error *err);

typedef struct usher_pattern usher_pattern; /* opaque; lives in the arena it was compiled into */

/* USHER_E_SETTING for what is no expression, or not one of those taken here. The compiled pattern
 * is only read afterwards: threads may share it. */
USHER_MUST_USE usher_status usher_pattern_compile(const usher_pattern **out, usher_arena *a,
                                                  usher_str js, usher_error *err);

/* Whether it occurs in the text (RegExp.test). Memory comes from `a` and stays there. The work is
 * bounded: USHER_E_LIMIT means "could not tell", never no. */
USHER_MUST_USE usher_status usher_pattern_test(bool *out, const usher_pattern *pattern,
                                               usher_arena *a, usher_units text, usher_error *err);

#endif
