/* causes - why the daemon refused or cut something: one stable word each, in line with the engine's
 * (usher/cause.h). Both kinds are counted and limited in one table. */
#ifndef USHERD_CAUSES_H
#define USHERD_CAUSES_H

#include "usher/cause.h"

/* X(symbol, word, meaning) */
#define USHERD_CAUSES(X)                                                                           \
    X(HEAD_MALFORMED, "head_malformed", "the HTTP library could not read the head or the body")    \
    X(HEAD_LEADING, "head_leading", "bytes before the request line")                               \
    X(HEAD_NUL, "head_nul", "a NUL byte in the head")                                              \
    X(HEAD_BARE_CR, "head_bare_cr", "a CR that ends no line")                                      \
    X(HEAD_BARE_LF, "head_bare_lf", "a line that ends with LF alone")                              \
    X(HEAD_FOLDED, "head_folded", "a header field continued on the next line")                     \
    X(HEAD_SPACING, "head_spacing", "stray white space in the request line or before a colon")     \
    X(HEAD_NAME, "head_name", "a field name that is empty or no token")                            \
    X(HEAD_CONTROL, "head_control", "a control byte in a field value")                             \
    X(HEAD_BYTES, "head_bytes", "bytes of the head that belong to no field")                       \
    X(HEAD_FIELDS, "head_fields", "too many header fields")                                        \
    X(HEAD_TOO_LARGE, "head_too_large", "a head over head_max")                                    \
    X(METHOD, "method", "a method that is no token or too long")                                   \
    X(TARGET, "target", "a request target that is not in origin form, or has a control byte")      \
    X(VERSION, "version", "neither HTTP/1.1 nor HTTP/1.0")                                         \
    X(HOST_MISSING, "host_missing", "no Host field in HTTP/1.1")                                   \
    X(HOST_REPEATED, "host_repeated", "more than one Host field")                                  \
    X(HOST_MALFORMED, "host_malformed", "a Host field that is no host and port")                   \
    X(LENGTH_REPEATED, "length_repeated", "more than one Content-Length field")                    \
    X(LENGTH_MALFORMED, "length_malformed", "a Content-Length that is no number")                  \
    X(LENGTH_AND_CHUNKED, "length_and_chunked", "Content-Length beside Transfer-Encoding")         \
    X(TRANSFER_ENCODING, "transfer_encoding", "a Transfer-Encoding other than chunked")            \
    X(BODY_TOO_LARGE, "body_too_large", "a body over body_max")                                    \
    X(HEAD_LATE, "head_late", "the head was not complete in time")                                 \
    X(BODY_LATE, "body_late", "the body was not complete in time")                                 \
    X(ANSWER_LATE, "answer_late", "the answer was not taken in time")                              \
    X(BUSY, "busy", "too many requests wait for a provider: could not tell")                       \
    X(ANSWER_UNSENDABLE, "answer_unsendable", "an answer that HTTP cannot carry: could not tell")  \
    X(UNDECIDED, "undecided", "no decision: could not tell")

typedef enum usherd_cause {
    USHERD_CAUSE_FIRST = USHER_CAUSE_COUNT - 1, /* the engine's causes come before */
#define USHERD_CAUSE_ENUM(symbol, word, meaning) USHERD_##symbol,
    USHERD_CAUSES(USHERD_CAUSE_ENUM)
#undef USHERD_CAUSE_ENUM
        USHERD_CAUSE_COUNT
} usherd_cause;

/* For causes of both kinds. */
const char *usherd_cause_word(unsigned cause);

#endif
