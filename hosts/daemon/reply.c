/* reply - answers, as libmicrohttpd wants them. */
#include <string.h>

#include "base/str.h"
#include "hosts/daemon/visit.h"

/* Room for one header line without asking for memory; a callback URL may be longer. */
#define LINE_ROOM 2048

/* Control bytes would end the header, or mean something to somebody on the way. */
static bool is_sendable(usher_str s)
{
    for (size_t i = 0; i < s.len; i++) {
        unsigned char c = (unsigned char)s.ptr[i];
        if ((c < ' ' && c != '\t') || c == 0x7f) return false;
    }
    return true;
}

static bool add_header(struct MHD_Response *response, usher_str name, usher_str value)
{
    const usher_allocator *heap = usher_allocator_default();
    char room[LINE_ROOM], *text = room;
    size_t size = name.len + value.len + 3;

    if (name.len == 0 || !is_sendable(name) || !is_sendable(value)) return false;
    if (size > sizeof room && !(text = heap->get(heap->ctx, size))) return false;
    memcpy(text, name.ptr, name.len);
    text[name.len] = 0;
    char *v = text + name.len + 1;
    if (value.len) memcpy(v, value.ptr, value.len);
    v[value.len] = 0;
    /* The library sends no empty value; white space is one to whoever reads it. */
    bool ok = MHD_add_response_header(response, text, value.len ? v : " ") == MHD_YES;
    if (text != room) heap->put(heap->ctx, text, size);
    return ok;
}

static bool add_z(struct MHD_Response *response, const char *name, const char *value)
{
    return MHD_add_response_header(response, name, value) == MHD_YES;
}

/* Kept connections cost the library's whole buffer each, so past half of what is allowed none is.
 */
static bool must_close(const usherd_visit *v, bool close)
{
    usherd *d = v->daemon;

    return close || v->framing.close_after || atomic_load(&d->draining) ||
           atomic_load(&d->watch.count) > d->settings.connections_max / 2;
}

/* The library keeps head and answer in one buffer, with a copy of what it took apart. Cookies that
 * do not fit beside a large head are left out: the visitor keeps the session there was. */
static bool cookies_fit(const usherd_visit *v, const usherd_reply *reply)
{
    size_t room = usherd_library_memory(v->daemon), needed = v->head.size + 16384;

    for (size_t i = 0; i < reply->header_count; i++)
        needed += reply->headers[i].name.len + reply->headers[i].value.len + 4;
    return needed <= room;
}

static bool is_cookie(const usher_header *h)
{
    return usher_str_eq_case(h->name, USHER_STR("set-cookie"));
}

static bool build(struct MHD_Response *response, usherd_visit *v, const usherd_reply *reply)
{
    bool fit = cookies_fit(v, reply);

    if (!fit) usherd_visit_cause(v, USHERD_ANSWER_UNSENDABLE);
    for (size_t i = 0; i < reply->header_count; i++)
        if (!fit && is_cookie(&reply->headers[i]))
            continue;
        else if (!add_header(response, reply->headers[i].name, reply->headers[i].value))
            return false;
    return !must_close(v, reply->close) || add_z(response, "Connection", "close");
}

static enum MHD_Result queue(usherd_visit *v, unsigned status, struct MHD_Response *response)
{
    enum MHD_Result result = MHD_queue_response(v->connection, status, response);

    MHD_destroy_response(response);
    if (result != MHD_YES) return MHD_NO; /* the connection is closed: there is nothing to say */
    v->answer = status;
    v->stage = USHERD_AT_END;
    usherd_wire_enter(&v->client->wire, USHERD_PHASE_ANSWER, usherd_mono_ms());
    return MHD_YES;
}

static struct MHD_Response *make(usher_str body, bool lasting)
{
    void *bytes = (void *)(uintptr_t)body.ptr; /* not written to in either mode */

    return MHD_create_response_from_buffer(body.len, body.len ? bytes : NULL,
                                           lasting || !body.len ? MHD_RESPMEM_PERSISTENT
                                                                : MHD_RESPMEM_MUST_COPY);
}

enum MHD_Result usherd_reply_queue(usherd_visit *v, const usherd_reply *reply)
{
    bool known = reply->status >= 200 && reply->status < USHERD_STATUS_MAX;
    struct MHD_Response *response = known ? make(reply->body, reply->lasting) : NULL;

    if (response && build(response, v, reply)) return queue(v, reply->status, response);
    if (response) MHD_destroy_response(response);
    usherd_visit_cause(v, USHERD_ANSWER_UNSENDABLE);
    return usherd_reply_unknown(v);
}

static enum MHD_Result reply_text(usherd_visit *v, unsigned status, usher_str text, bool close,
                                  const char *name, const char *value)
{
    struct MHD_Response *response = make(text, false);

    if (!response) return MHD_NO;
    if (!add_z(response, "Content-Type", "text/plain; charset=utf-8") ||
        !add_z(response, "Cache-Control", "no-store") ||
        !add_z(response, "X-Content-Type-Options", "nosniff") ||
        (name && !add_z(response, name, value)) ||
        (must_close(v, close) && !add_z(response, "Connection", "close"))) {
        MHD_destroy_response(response);
        return MHD_NO;
    }
    return queue(v, status, response);
}

enum MHD_Result usherd_reply_text(usherd_visit *v, unsigned status, const char *text, bool close)
{
    bool allow = status == MHD_HTTP_METHOD_NOT_ALLOWED;

    return reply_text(v, status, usher_str_z(text), close, allow ? "Allow" : NULL, "GET, HEAD");
}

enum MHD_Result usherd_reply_unknown(usherd_visit *v)
{
    static const char before[] = "The server cannot answer this now. Try again in a moment.\n"
                                 "Reference: ";
    char text[sizeof before + USHERD_ID_MAX + 1];
    size_t len = sizeof before - 1;

    memcpy(text, before, len);
    memcpy(text + len, v->id, v->id_len);
    len += v->id_len;
    text[len++] = '\n';
    return reply_text(v, MHD_HTTP_SERVICE_UNAVAILABLE, (usher_str){text, len}, false, "Retry-After",
                      "5");
}
