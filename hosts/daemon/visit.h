/* visit - one HTTP request at the daemon, from its first line to the last byte of the answer. */
#ifndef USHERD_VISIT_H
#define USHERD_VISIT_H

#include <microhttpd.h>

#include "hosts/daemon/daemon.h"
#include "hosts/daemon/request_view.h"

typedef struct usherd_client {
    usherd_wire wire;
    usherd *daemon;
    usher_address address;
    bool trusted;      /* a configured proxy */
    bool was_fruitful; /* a request line could be read */
} usherd_client;

typedef enum usherd_stage {
    USHERD_AT_LINE,  /* the request line was read */
    USHERD_AT_BODY,  /* the head was accepted */
    USHERD_AT_WORK,  /* suspended: a worker has it */
    USHERD_AT_REPLY, /* the results can be read */
    USHERD_AT_END,   /* an answer was queued */
} usherd_stage;

#define USHERD_VISIT_CAUSES 8
#define USHERD_ID_MAX       32

typedef struct usherd_visit {
    usherd_job job; /* first: a worker gets the visit by its job */
    usherd *daemon;
    usherd_client *client;
    struct MHD_Connection *connection;
    usherd_stage stage;
    usherd_route route;
    bool counted; /* among daemon->in_flight */
    int64_t started_us;

    char *target; /* a copy, with its place in the library's buffer */
    size_t target_len;
    const char *target_at;
    usherd_scan scan;
    usherd_head head;
    usher_header *fields; /* of the head, once it was accepted */
    usherd_framing framing;
    unsigned refused; /* cause; the body is read and dropped, then refused */

    char *body;
    size_t body_len, body_room;
    uint64_t body_seen; /* of a body that is too large */

    usher_exchange *exchange;
    usher_request request;
    usher_want want;
    const usherd_file *file;
    usher_status status; /* of the engine */
    usher_error error;

    /* for the log */
    unsigned answer; /* HTTP status */
    unsigned causes[USHERD_VISIT_CAUSES];
    size_t cause_count;
    char id[USHERD_ID_MAX];
    size_t id_len;
} usherd_visit;

/* Takes a copy of the target. NULL if there is no memory. */
usherd_visit *usherd_visit_new(usherd *d, struct MHD_Connection *connection, usherd_client *client,
                               const char *target);
void usherd_visit_free(usherd_visit *v);
usher_str usherd_visit_path(const usherd_visit *v); /* without the query */
int64_t usherd_visit_age_us(const usherd_visit *v);

/* Notes a cause for the log line and counts it. */
void usherd_visit_cause(usherd_visit *v, unsigned cause);
/* Copies the fields of the head, as many as there are, out of the caller's room. */
bool usherd_visit_keep_fields(usherd_visit *v);
/* Gives back what only the engine needed: a visitor who takes his time keeps no exchange. */
void usherd_visit_let_go(usherd_visit *v);
/* Adds to the body; false if there is no memory. */
bool usherd_visit_add_body(usherd_visit *v, const char *bytes, size_t len);

/* routes.c: the request is complete. Decides whose it is and lets the engine judge it. True when
 * the results can be read, false when the engine wants something first. */
bool usherd_visit_begin(usherd_visit *v);
/* On a worker's thread: everything that is wanted. */
void usherd_visit_go_on(usherd_visit *v);
/* Queues the answer from the results. */
enum MHD_Result usherd_visit_reply(usherd_visit *v);

/* reply.c */
typedef struct usherd_reply {
    unsigned status;
    const usher_header *headers; /* those of the engine */
    size_t header_count;
    usher_str body;
    bool lasting; /* the body outlives the connection */
    bool close;
} usherd_reply;

/* Queues it, or a plain 503 if HTTP cannot carry it. */
enum MHD_Result usherd_reply_queue(usherd_visit *v, const usherd_reply *reply);
/* A few words of text; nothing set, nothing cleared, nothing cached. */
enum MHD_Result usherd_reply_text(usherd_visit *v, unsigned status, const char *text, bool close);
/* 503 with Retry-After and the id that stands in the log. */
enum MHD_Result usherd_reply_unknown(usherd_visit *v);

/* record.c: what the log says about a visit that is over, and about causes on the way. */
/* Bytes that libmicrohttpd has for one connection: head and answer. */
size_t usherd_library_memory(const usherd *d);

void usherd_record_results(usherd_visit *v);
unsigned usherd_cause_of(usher_status status); /* of one that is not USHER_OK */
void usherd_record_visit(usherd_visit *v);
void usherd_record_cut(usherd *d, const usherd_client *client, usherd_phase phase);

#endif
