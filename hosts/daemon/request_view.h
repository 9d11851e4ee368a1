/* request_view - what libmicrohttpd read, looked at with a stricter eye. Twice.
 *
 * The library (0.9.75) accepts what HTTP forbids and hides it: it ends a line at a bare LF, cuts a
 * value at a NUL, joins folded lines, takes a line that begins with ':' for the empty one. But it
 * parses in place, in one buffer: what it took for a line end or a colon becomes NUL and everything
 * else stays.
 *
 * Before: when it has read the request line, the fields that have arrived stand behind it as they
 * were sent. usherd_head_scan judges those bytes. A head that comes in one piece (every proxy and
 * browser sends it so) is seen whole.
 *
 * After: every byte is accounted for. Method, target, version, names and values must lie where a
 * well-formed head has them, with the separators of one between them and nothing else. What this
 * cannot see is a line end with a NUL or a colon in place of its CR; so a head that was not seen
 * whole before ends its connection, and nothing that stood behind it is ever taken for a request.
 */
#ifndef USHERD_REQUEST_VIEW_H
#define USHERD_REQUEST_VIEW_H

#include "hosts/daemon/causes.h"
#include "usher/exchange.h"

#define USHERD_FIELDS_MAX 100
#define USHERD_METHOD_MAX 32

/* What usherd_head_scan found out. */
typedef struct usherd_scan {
    bool whole;       /* the end of the head was among the bytes */
    unsigned cause;   /* why the request is refused */
    unsigned cookies; /* fields that were renamed */
} usherd_scan;

typedef struct usherd_head {
    const char *start; /* the head in the library's buffer; where the method is, or should be */
    size_t size;       /* its bytes by the library's count, up to and including the empty line */
    usher_str method;
    const char *target_at; /* where the target is in the buffer; NULL if there was none */
    usher_str target;      /* as it was before the library decoded it in place: a copy */
    usher_str version;
    usher_header *fields; /* as the library has them; room for USHERD_FIELDS_MAX */
    size_t field_count;   /* all that there were; more than fit: refused */
    usherd_scan scan;
} usherd_head;

/* What the head says about the body. */
typedef struct usherd_framing {
    bool chunked;
    uint64_t length;  /* of a body that is not chunked; 0 if there is none */
    bool close_after; /* no further request is read from this connection */
} usherd_framing;

/* The fields of a head as they were sent: what has arrived of them, from behind the request line.
 * NULs may follow, or the end of the bytes. Renames what the library must not look at. */
void usherd_head_scan(usherd_scan *scan, char *bytes, size_t len);

/* USHER_CAUSE_NONE if the request may be looked at. Then the values in `fields` have been trimmed.
 */
unsigned usherd_head_check(usherd_head *head, usherd_framing *framing);

#endif
