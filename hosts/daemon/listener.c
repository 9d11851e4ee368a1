#include "hosts/daemon/listener.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <sched.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/error.h"
#include "base/str.h"
#include "hosts/daemon/visit.h"

/* What the library needs besides a head: a record for each field, the head of the answer, and a
 * copy of a Cookie field that came too late to be renamed. It clears all of it after each request,
 * so it is no larger than that. */
#define MEMORY_BESIDE_HEAD (32u * 1024)
#define BACKLOG            1024
/* Past this a body of unknown length that is too large anyway is not even dropped politely. */
#define DROP_FACTOR 2

size_t usherd_library_memory(const usherd *d)
{
    return d->settings.head_max + MEMORY_BESIDE_HEAD;
}

/* clients */

static bool is_trusted(const usherd *d, const usher_address *address)
{
    for (size_t i = 0; i < d->settings.trusted_peer_count; i++)
        if (usher_address_in(&d->trusted[i], address)) return true;
    return false;
}

static usherd_client *client_new(usherd *d, struct MHD_Connection *connection)
{
    const usher_allocator *heap = usher_allocator_default();
    const union MHD_ConnectionInfo *peer, *socket;
    usherd_client *c = heap->get(heap->ctx, sizeof *c);

    peer = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
    socket = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    if (!c || !socket) {
        heap->put(heap->ctx, c, sizeof *c);
        return NULL;
    }
    *c = (usherd_client){.daemon = d};
    c->trusted =
        peer && usher_address_of(&c->address, peer->client_addr) && is_trusted(d, &c->address);
    usherd_watch_add(&d->watch, &c->wire, socket->connect_fd, usherd_mono_ms());
    return c;
}

static void on_connection(void *ctx, struct MHD_Connection *connection, void **slot,
                          enum MHD_ConnectionNotificationCode code)
{
    const usher_allocator *heap = usher_allocator_default();
    usherd *d = ctx;
    usherd_client *c = *slot;

    if (code == MHD_CONNECTION_NOTIFY_STARTED) {
        usherd_counted(&d->counters.connections_opened);
        *slot = client_new(d, connection);
        return;
    }
    usherd_counted(&d->counters.connections_closed);
    *slot = NULL;
    if (!c) return;
    if (!c->was_fruitful) usherd_counted(&d->counters.connections_fruitless);
    usherd_watch_remove(&d->watch, &c->wire); /* the descriptor is still open here */
    heap->put(heap->ctx, c, sizeof *c);
}

static usherd_client *client_of(struct MHD_Connection *connection)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);

    return info ? info->socket_context : NULL;
}

/* requests */

/* The library would parse the query next: a record of its buffer for each '&', and a connection
 * that hangs when the buffer is full (seen with 20,000 of them). It has just noted where the '?'
 * is; with nothing behind it there is nothing to parse. The buffer is its own and writable. */
static void hide_query(const char *target)
{
    const char *mark = target ? strchr(target, '?') : NULL;

    if (mark) *(char *)(uintptr_t)(mark + 1) = 0;
}

/* What has arrived behind the request line, in the library's own buffer. It reads into the first
 * half of it at least; that is a mapping of its own, and zero behind what was received. A head
 * begins where a page does (checked again in check_head), so the target is close behind. */
static char *arrived_fields(const usherd *d, const char *target, size_t *len)
{
    static const usher_str version = USHER_STR_INIT("HTTP/1.");
    uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE), offset = (uintptr_t)target & (page - 1);
    size_t target_len = strlen(target), at = target_len + sizeof "HTTP/1.1\r\n";
    const size_t readable = usherd_library_memory(d) / 2;

    if (offset > USHERD_METHOD_MAX + 1 || offset + at + 2 > readable) return NULL;
    /* Behind a NUL in the target there is something else. */
    if (!usher_str_eq((usher_str){target + target_len + 1, version.len}, version)) return NULL;
    *len = readable - offset - at;
    return (char *)(uintptr_t)(target + at);
}

/* Looks at the fields before the library does. What is refused gets an empty line in front: to the
 * library the head ends there, so it takes nothing of it for anything, and answers what we say. */
static void scan_fields(usherd_visit *v, const char *target)
{
    size_t len;
    char *fields = arrived_fields(v->daemon, target, &len);

    if (!fields) return;
    if (fields[-1]) { /* LF alone ended the request line: CR LF would have left two NULs */
        fields--;
        v->scan.cause = USHERD_HEAD_BARE_LF;
    } else {
        usherd_head_scan(&v->scan, fields, len);
    }
    if (!v->scan.cause) return;
    fields[0] = '\r';
    fields[1] = '\n';
}

/* The library calls this with the target before it decodes it in place. */
static void *on_target(void *ctx, const char *target, struct MHD_Connection *connection)
{
    usherd *d = ctx;
    usherd_client *c = client_of(connection);

    if (!c) return NULL;
    c->was_fruitful = true;
    usherd_wire_head(&c->wire, usherd_mono_ms());
    usherd_visit *v = usherd_visit_new(d, connection, c, target);
    if (v && target) scan_fields(v, target);
    hide_query(target);
    return v;
}

/* Nothing is decoded: the engine wants the target as it was sent. */
static size_t leave_escapes(void *ctx, struct MHD_Connection *connection, char *text)
{
    (void)ctx, (void)connection;
    return strlen(text);
}

static enum MHD_Result collect_field(void *ctx, enum MHD_ValueKind kind, const char *name,
                                     size_t name_len, const char *value, size_t value_len)
{
    usherd_head *head = ctx;

    (void)kind;
    if (head->field_count < USHERD_FIELDS_MAX)
        head->fields[head->field_count] =
            (usher_header){{name, name_len}, {value ? value : "", value_len}};
    head->field_count++;
    return MHD_YES;
}

static void collect_head(usherd_visit *v, const char *method, const char *version,
                         usher_header fields[USHERD_FIELDS_MAX])
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(v->connection, MHD_CONNECTION_INFO_REQUEST_HEADER_SIZE);

    v->head.start = method;
    v->head.size = info ? info->header_size : 0;
    v->head.method = usher_str_z(method);
    v->head.target_at = v->target_at;
    v->head.target = (usher_str){v->target, v->target_len};
    v->head.version = usher_str_z(version);
    v->head.fields = fields; /* most connections that are open have no head yet: no room in those */
    v->head.field_count = 0;
    v->head.scan = v->scan;
    MHD_get_connection_values_n(v->connection, MHD_HEADER_KIND, collect_field, &v->head);
}

/* A head begins where a page of the library's buffer does, unless it dropped lines in front of it.
 */
static bool is_at_buffer_start(const char *method)
{
    return ((uintptr_t)method & ((uintptr_t)sysconf(_SC_PAGESIZE) - 1)) == 0;
}

static unsigned check_head(usherd_visit *v)
{
    const usher_daemon_settings *s = &v->daemon->settings;
    unsigned cause;

    if (v->head.size > s->head_max) return USHERD_HEAD_TOO_LARGE;
    if ((cause = usherd_head_check(&v->head, &v->framing))) return cause;
    if (!is_at_buffer_start(v->head.start)) return USHERD_HEAD_LEADING;
    return v->framing.length > s->body_max ? USHERD_BODY_TOO_LARGE : USHER_CAUSE_NONE;
}

static enum MHD_Result refuse(usherd_visit *v, unsigned cause)
{
    unsigned status = cause == USHERD_BODY_TOO_LARGE   ? MHD_HTTP_CONTENT_TOO_LARGE
                      : cause == USHERD_HEAD_TOO_LARGE ? MHD_HTTP_REQUEST_HEADER_FIELDS_TOO_LARGE
                      : cause == USHERD_HEAD_FIELDS    ? MHD_HTTP_REQUEST_HEADER_FIELDS_TOO_LARGE
                                                       : MHD_HTTP_BAD_REQUEST;
    const char *text = status == MHD_HTTP_BAD_REQUEST ? "This is not a request we read.\n"
                                                      : "This request is too large.\n";

    v->refused = cause;
    usherd_visit_cause(v, cause);
    return usherd_reply_text(v, status, text, true);
}

static enum MHD_Result on_head(usherd_visit *v, const char *method, const char *version)
{
    usher_header fields[USHERD_FIELDS_MAX];
    unsigned cause;

    collect_head(v, method, version, fields);
    cause = check_head(v);
    if (!cause && !usherd_visit_keep_fields(v)) return MHD_NO;
    if (cause) {
        v->head.fields = NULL;
        return refuse(v, cause);
    }
    v->stage = USHERD_AT_BODY;
    v->counted = true;
    atomic_fetch_add(&v->daemon->in_flight, 1);
    bool body = v->framing.chunked || v->framing.length;
    usherd_wire_enter(&v->client->wire, body ? USHERD_PHASE_BODY : USHERD_PHASE_THINK,
                      usherd_mono_ms());
    return MHD_YES;
}

/* A response cannot be queued in the middle of a body: one that is too large is read and dropped,
 * as far as that is reasonable, and refused at its end. */
static enum MHD_Result on_body(usherd_visit *v, const char *bytes, size_t *len)
{
    size_t max = v->daemon->settings.body_max;

    v->body_seen += *len;
    if (v->body_seen > max) {
        v->refused = USHERD_BODY_TOO_LARGE;
        if (v->body_seen > (uint64_t)max * DROP_FACTOR) {
            usherd_visit_cause(v, v->refused);
            return MHD_NO;
        }
    } else if (!usherd_visit_add_body(v, bytes, *len)) {
        return MHD_NO;
    }
    *len = 0;
    return MHD_YES;
}

static void run_job(usherd_job *job)
{
    usherd_visit *v = (usherd_visit *)(void *)job;

    if (usherd_visit_age_us(v) < USHERD_QUEUE_S * INT64_C(1000000)) {
        usherd_visit_go_on(v);
    } else { /* whoever waited so long has left or will */
        v->status = usher_fail(&v->error, USHER_E_LIMIT, "workers: waited too long for one", 0);
        usherd_visit_cause(v, USHERD_BUSY);
        v->stage = USHERD_AT_REPLY;
    }
    MHD_resume_connection(v->connection); /* the visit is the library's thread's again */
}

static enum MHD_Result stopping(usherd_visit *v)
{
    v->status = usher_fail(&v->error, USHER_E_LIMIT, "usherd: stopping, nothing new is begun", 0);
    usherd_visit_cause(v, USHERD_BUSY);
    return usherd_visit_reply(v);
}

static enum MHD_Result on_request(usherd_visit *v)
{
    usherd *d = v->daemon;

    if (v->refused) return refuse(v, v->refused);
    usherd_wire_enter(&v->client->wire, USHERD_PHASE_THINK, usherd_mono_ms());
    if (usherd_visit_begin(v)) return usherd_visit_reply(v);
    /* The library must find no suspended connection when it stops. in_flight was raised before this
     * is read, and drain sets it before it reads in_flight: one of the two sees the other. */
    if (atomic_load(&d->draining)) return stopping(v);
    usherd_counted(&d->counters.waited);
    v->stage = USHERD_AT_WORK;
    v->job.run = run_job;
    MHD_suspend_connection(v->connection);
    if (usherd_workers_take(&d->workers, &v->job)) return MHD_YES;
    MHD_resume_connection(v->connection);
    v->status = usher_fail(&v->error, USHER_E_LIMIT, "workers: too many requests wait", 0);
    usherd_visit_cause(v, USHERD_BUSY);
    v->stage = USHERD_AT_REPLY;
    return MHD_YES;
}

static enum MHD_Result on_access(void *ctx, struct MHD_Connection *connection, const char *url,
                                 const char *method, const char *version, const char *bytes,
                                 size_t *len, void **slot)
{
    usherd_visit *v = *slot;

    (void)ctx, (void)connection, (void)url;
    if (!v) return MHD_NO; /* no memory for it */
    switch (v->stage) {
    case USHERD_AT_LINE: return on_head(v, method, version);
    case USHERD_AT_BODY: return *len ? on_body(v, bytes, len) : on_request(v);
    case USHERD_AT_REPLY: return usherd_visit_reply(v);
    default: return MHD_YES;
    }
}

/* The library answered by itself, or the visitor left. */
static void settle_unfinished(usherd_visit *v, struct MHD_Connection *connection,
                              enum MHD_RequestTerminationCode code)
{
    const union MHD_ConnectionInfo *info;

    if (v->stage == USHERD_AT_END || v->client->wire.cut) return;
    info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_HTTP_STATUS);
    if (info) v->answer = info->http_status;
    if (v->stage == USHERD_AT_WORK || v->stage == USHERD_AT_REPLY) {
        usherd_record_results(v); /* the visitor left; what was done is told all the same */
        return;
    }
    if (v->refused || (!info && code == MHD_REQUEST_TERMINATED_CLIENT_ABORT)) return;
    v->refused =
        v->answer == MHD_HTTP_URI_TOO_LONG || v->answer == MHD_HTTP_REQUEST_HEADER_FIELDS_TOO_LARGE
            ? USHERD_HEAD_TOO_LARGE
            : USHERD_HEAD_MALFORMED;
    usherd_visit_cause(v, v->refused);
}

static void on_completed(void *ctx, struct MHD_Connection *connection, void **slot,
                         enum MHD_RequestTerminationCode code)
{
    usherd *d = ctx;
    usherd_visit *v = *slot;

    *slot = NULL;
    if (!v) return;
    settle_unfinished(v, connection, code);
    usherd_record_visit(v);
    usherd_wire_enter(&v->client->wire, USHERD_PHASE_IDLE, usherd_mono_ms());
    if (v->counted) atomic_fetch_sub(&d->in_flight, 1);
    usherd_visit_free(v);
}

/* socket */

bool usherd_listen_read(usher_str text, usher_address *address, uint16_t *port)
{
    size_t colon = text.len;
    uint64_t n;

    while (colon && text.ptr[colon - 1] != ':')
        colon--;
    if (colon < 2 || !usher_str_u64(&n, usher_str_from(text, colon)) || n > 65535) return false;
    *port = (uint16_t)n;
    usher_str host = {text.ptr, colon - 1};
    /* One socket: where a browser tries ::1 first it comes here in the end. */
    if (usher_str_eq_case(host, USHER_STR("localhost"))) host = USHER_STR("127.0.0.1");
    if (usher_str_has(host, ':') && host.ptr[0] != '[') return false;
    return usher_address_read(address, host);
}

typedef union socket_address {
    struct sockaddr any;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
} socket_address;

static socklen_t make_socket_address(socket_address *out, const usher_address *a, bool v6,
                                     uint16_t port)
{
    memset(out, 0, sizeof *out);
    if (v6) {
        out->v6.sin6_family = AF_INET6;
        out->v6.sin6_port = htons(port);
        memcpy(&out->v6.sin6_addr, a->bytes, 16);
        return sizeof out->v6;
    }
    out->v4.sin_family = AF_INET;
    out->v4.sin_port = htons(port);
    memcpy(&out->v4.sin_addr, a->bytes + 12, 4);
    return sizeof out->v4;
}

static const char *why_not_bound(int error)
{
    switch (error) {
    case EADDRINUSE: return "listener: the address is already in use";
    case EACCES: return "listener: not allowed to use this port";
    case EADDRNOTAVAIL: return "listener: this machine does not have the address";
    default: return "listener: cannot listen on the address";
    }
}

static usher_status open_socket(int *out, const usherd *d, socket_address *bound, usher_error *err)
{
    usher_address address;
    uint16_t port;
    bool v6 = usher_str_has(d->settings.listen, '[');
    socklen_t len;
    int on = 1;

    *out = -1;
    if (!usherd_listen_read(d->settings.listen, &address, &port))
        return usher_fail(err, USHER_E_SETTING, "listener: listen is no address and port", 0);
    len = make_socket_address(bound, &address, v6, port);
    int fd = socket(v6 ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0) return usher_fail(err, USHER_E_IO, why_not_bound(errno), 0);
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(fd, &bound->any, len) || listen(fd, BACKLOG) || getsockname(fd, &bound->any, &len)) {
        int error = errno;
        close(fd);
        return usher_fail(err, USHER_E_IO, why_not_bound(error), 0);
    }
    *out = fd;
    return USHER_OK;
}

static void write_url(usherd_listener *l, const socket_address *bound)
{
    char text[USHER_ADDRESS_TEXT_MAX], digits[5];
    bool v6 = bound->any.sa_family == AF_INET6;
    unsigned port = ntohs(v6 ? bound->v6.sin6_port : bound->v4.sin_port);
    usher_address address;
    size_t len = 0, n = sizeof digits;

    usher_address_of(&address, &bound->any);
    size_t text_len = usher_address_text(text, &address);
    memcpy(l->url, "http://[", 8);
    len = v6 ? 8 : 7;
    memcpy(l->url + len, text, text_len);
    len += text_len;
    if (v6) l->url[len++] = ']';
    l->url[len++] = ':';
    do
        digits[--n] = (char)('0' + port % 10);
    while (port /= 10);
    memcpy(l->url + len, digits + n, sizeof digits - n);
    l->url[len + sizeof digits - n] = 0;
}

/* the library */

static unsigned thread_count(const usherd *d)
{
    cpu_set_t set;

    if (d->settings.threads) return d->settings.threads;
    if (sched_getaffinity(0, sizeof set, &set) != 0) return 2;
    return (unsigned)CPU_COUNT(&set);
}

/* Descriptors for every connection, for providers and for ourselves; fewer connections if the
 * system has fewer. */
static unsigned connection_limit(const usherd *d)
{
    const rlim_t others = 64 + d->settings.workers * 2;
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return 256;
    if (limit.rlim_cur != limit.rlim_max) {
        limit.rlim_cur = limit.rlim_max;
        if (setrlimit(RLIMIT_NOFILE, &limit) != 0) getrlimit(RLIMIT_NOFILE, &limit);
    }
    if (limit.rlim_cur <= others + 16) return 16;
    rlim_t room = limit.rlim_cur - others;
    return room < d->settings.connections_max ? (unsigned)room : d->settings.connections_max;
}

/* The request view rests on how this version parses; another one is not served with. */
static bool is_known_library(void)
{
    usher_str version = usher_str_z(MHD_get_version());

    return usher_str_starts(version, USHER_STR("0.9.75")) ||
           usher_str_starts(version, USHER_STR("0.9.76")) ||
           usher_str_starts(version, USHER_STR("0.9.77"));
}

usher_status usherd_listener_start(usherd_listener *l, usherd *d, usher_error *err)
{
    socket_address bound;
    usher_status rc;
    int fd;
    unsigned threads = thread_count(d);
    struct MHD_OptionItem pool[] = {{MHD_OPTION_THREAD_POOL_SIZE, (intptr_t)threads, NULL},
                                    {MHD_OPTION_END, 0, NULL}};

    *l = (usherd_listener){0};
    if (!is_known_library())
        return usher_fail(err, USHER_E_UNSUPPORTED,
                          "listener: this libmicrohttpd is not one of 0.9.75 to 0.9.77", 0);
    if ((rc = open_socket(&fd, d, &bound, err))) return rc;
    l->http =
        MHD_start_daemon(MHD_USE_EPOLL | MHD_USE_INTERNAL_POLLING_THREAD | MHD_ALLOW_SUSPEND_RESUME,
                         0, NULL, NULL, on_access, d,                                    //
                         MHD_OPTION_LISTEN_SOCKET, fd,                                   //
                         MHD_OPTION_NOTIFY_CONNECTION, on_connection, d,                 //
                         MHD_OPTION_NOTIFY_COMPLETED, on_completed, d,                   //
                         MHD_OPTION_URI_LOG_CALLBACK, on_target, d,                      //
                         MHD_OPTION_UNESCAPE_CALLBACK, leave_escapes, NULL,              //
                         MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)USHERD_IDLE_TIMEOUT_S, //
                         MHD_OPTION_CONNECTION_LIMIT, connection_limit(d),               //
                         MHD_OPTION_CONNECTION_MEMORY_LIMIT,
                         usherd_library_memory(d),                        //
                         MHD_OPTION_STRICT_FOR_CLIENT, 0,                 //
                         MHD_OPTION_SIGPIPE_HANDLED_BY_APP, 1,            //
                         MHD_OPTION_ARRAY, threads > 1 ? pool : pool + 1, //
                         MHD_OPTION_END);
    if (!l->http) {
        close(fd);
        return usher_fail(err, USHER_E_IO, "listener: the HTTP library does not start", 0);
    }
    write_url(l, &bound);
    return USHER_OK;
}

void usherd_listener_quiesce(usherd_listener *l)
{
    int fd = MHD_quiesce_daemon(l->http);

    if (fd >= 0) close(fd);
}

void usherd_listener_stop(usherd_listener *l)
{
    if (l->http) MHD_stop_daemon(l->http);
    l->http = NULL;
}
