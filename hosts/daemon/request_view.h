/* request_view - what libmicrohttpd read, looked at again with a stricter eye.
 *
 * The library (0.9.75) accepts what HTTP forbids and hides it: it ends a line at a bare LF, cuts a
 * value at a NUL, joins folded lines. But it parses in place, in one buffer: what it took for a
 * line end or a colon becomes NUL and everything else stays. So every byte of the head can be
 * accounted for: method, target, version, names and values must lie where a well-formed request has
 * them, with the separators of one between them and nothing else. Whatever differs is refused.
 *
 * One thing cannot be seen that way: a NUL that makes up for a missing CR (NUL LF between lines,
 * the like of NUL NUL LF LF at the end) leaves what a good line end leaves. The library reads such
 * a head like a good one, so it means the same to us as to every other party that accepts it at
 * all.
 */
#ifndef USHERD_REQUEST_VIEW_H
#define USHERD_REQUEST_VIEW_H

#include "hosts/daemon/causes.h"
#include "usher/exchange.h"

#define USHERD_FIELDS_MAX 100
#define USHERD_METHOD_MAX 32

typedef struct usherd_head {
    const char *start; /* the head in the library's buffer; where the method is, or should be */
    size_t size;       /* its bytes by the library's count, up to and including the empty line */
    usher_str method;
    const char *target_at; /* where the target is in the buffer; NULL if there was none */
    usher_str target;      /* as it was before the library decoded it in place: a copy */
    usher_str version;
    usher_header fields[USHERD_FIELDS_MAX]; /* as the library has them */
    size_t field_count;                     /* all that there were; more than fit: refused */
} usherd_head;

/* What the head says about the body. */
typedef struct usherd_framing {
    bool chunked;
    uint64_t length;  /* of a body that is not chunked; 0 if there is none */
    bool close_after; /* no further request is read from this connection */
} usherd_framing;

/* USHER_CAUSE_NONE if the request may be looked at. Then the values in `fields` have been trimmed.
 */
unsigned usherd_head_check(usherd_head *head, usherd_framing *framing);

#endif
