/* json - reader and writer for JSON as JavaScript writes it.
 *
 * A value is a span of the source text: reading validates once and indexes in place, and a member
 * that nobody looks at is re-emitted byte for byte (a JavaScript number or an escaped lone
 * surrogate comes back as it was). Grammar: RFC 8259, strictly; UTF-8 must be valid; escapes of
 * lone surrogates and \u0000 are accepted, since JSON.stringify prints them; a number that no
 * double can hold is not, since it does not. Work is linear in the text. */
#ifndef USHER_WIRE_JSON_H
#define USHER_WIRE_JSON_H

#include "base/arena.h"
#include "base/buf.h"
#include "usher/base.h"

#define USHER_JSON_DEPTH_MAX 1024 /* hard bound: one bit a level */

typedef enum usher_json_type {
    USHER_JSON_ABSENT = 0, /* no such member */
    USHER_JSON_NULL,
    USHER_JSON_FALSE,
    USHER_JSON_TRUE,
    USHER_JSON_NUMBER,
    USHER_JSON_STRING,
    USHER_JSON_ARRAY,
    USHER_JSON_OBJECT,
} usher_json_type;

typedef struct usher_json {
    usher_json_type type;
    bool escaped; /* a string with at least one backslash */
    /* The value's source text without white space around it; a string keeps its quotes. */
    usher_str text;
} usher_json;

typedef struct usher_json_member {
    usher_str name;    /* without quotes, as it stands in the source (see name_escaped) */
    bool name_escaped; /* the name holds a backslash */
    usher_json value;
} usher_json_member;

/* An object's own members in source order. A repeated name is listed once, at its first position
 * with its last value, as JSON.parse keeps it. */
typedef struct usher_json_object {
    usher_json_member *members;
    size_t count;
    bool duplicates; /* some name occurred more than once */
    bool compact;    /* surely as JSON.stringify writes it; false: not known */
    uint64_t kinds;  /* which kinds of names there are, so that few are compared; 0: not known */
} usher_json_object;

typedef struct usher_json_limits {
    size_t depth;   /* nesting; at most USHER_JSON_DEPTH_MAX */
    size_t members; /* of the indexed object */
} usher_json_limits;

/* Claims of a session token: as generous as the originals' writers, but bounded. */
extern const usher_json_limits usher_json_limits_claims;
/* Documents from the network (metadata, key sets, token answers): depth 32. */
extern const usher_json_limits usher_json_limits_document;

/* Validates the whole text and names its value. Allocates nothing. `err->at` is the offset of the
 * first byte that is wrong. */
USHER_MUST_USE usher_status usher_json_read(usher_json *out, usher_str text,
                                            const usher_json_limits *limits, usher_error *err);

/* Validates the whole text, which must be an object, and indexes its own members into the arena. */
USHER_MUST_USE usher_status usher_json_read_object(usher_json_object *out, usher_arena *a,
                                                   usher_str text, const usher_json_limits *limits,
                                                   usher_error *err);

/* The same for who is done with the members when it returns: the first few are put into `few`, and
 * most objects need no memory. */
#define USHER_JSON_FEW 16 /* members that are compared with each other one by one */
USHER_MUST_USE usher_status usher_json_read_few(usher_json_object *out,
                                                usher_json_member few[USHER_JSON_FEW],
                                                usher_arena *a, usher_str text,
                                                const usher_json_limits *limits, usher_error *err);

/* Where a member stands, as offsets into its text: a name without its quotes, a value with them. */
typedef struct usher_json_span {
    uint16_t name, name_end, value, value_end;
} usher_json_span;

/* Reads off an object of few members as JSON.stringify writes most: all on one kilobyte, nothing
 * escaped, values that are strings of ASCII or a few digits, no name twice. Returns how many there
 * are. 0: it is something else, right or wrong, and has to be read. */
size_t usher_json_spans(usher_json_span members[USHER_JSON_FEW], usher_str text);

/* Indexes an object that was part of a text already validated. USHER_E_SYNTAX if it is none. */
USHER_MUST_USE usher_status usher_json_members(usher_json_object *out, usher_arena *a,
                                               usher_json value, usher_error *err);

/* The value of a member; type ABSENT if there is none. Names are compared after unescaping. */
usher_json usher_json_get(const usher_json_object *object, usher_str name);

/* Walks the items of a validated array: start with *rest = value.text. False at the end. */
bool usher_json_next(usher_json *item, usher_str *rest);

/* The text of a string. Without escapes it is a view into the source; otherwise it is unescaped
 * into the arena, a lone surrogate becoming U+FFFD (use the source text where bytes must survive).
 * USHER_E_SYNTAX if the value is not a string. */
USHER_MUST_USE usher_status usher_json_string(usher_str *out, usher_arena *a, usher_json value,
                                              usher_error *err);
/* True if `value` is a string equal to `text` after unescaping. Allocates nothing. */
bool usher_json_string_is(usher_json value, usher_str text);
/* A number's value, correctly rounded up to 19 digits and independent of the locale. False if the
 * value is no number. Infinity for what no double can hold. */
bool usher_json_double(double *out, usher_json value);
/* A whole number that fits (1e3 and 5.0 count); false otherwise. */
bool usher_json_int64(int64_t *out, usher_json value);

/* Writer. Commas are the writer's business; nesting up to 64. Failures stick in the buffer. */
typedef struct usher_json_writer {
    usher_buf *buf;
    uint64_t some; /* bit per level: something was written there */
    unsigned depth;
    bool named; /* a member name was just written */
} usher_json_writer;

void usher_json_write_init(usher_json_writer *w, usher_buf *buf);
void usher_json_open_object(usher_json_writer *w);
void usher_json_close_object(usher_json_writer *w);
void usher_json_open_array(usher_json_writer *w);
void usher_json_close_array(usher_json_writer *w);
void usher_json_name(usher_json_writer *w, usher_str name);
/* The same with the name's source text, quotes and escapes included. */
void usher_json_name_raw(usher_json_writer *w, usher_str quoted);
/* As JSON.stringify: escapes quote, backslash, controls; invalid UTF-8 becomes U+FFFD. */
void usher_json_put_string(usher_json_writer *w, usher_str text);
void usher_json_put_int(usher_json_writer *w, int64_t n);
void usher_json_put_bool(usher_json_writer *w, bool value);
void usher_json_put_null(usher_json_writer *w);
void usher_json_put_raw(usher_json_writer *w, usher_str json); /* source text of a valid value */
/* name and value in one call; an absent text writes nothing at all */
void usher_json_put_member(usher_json_writer *w, usher_str name, usher_str text);

#endif
