/* c-server SETTINGS PORT: an open page and a closed one; usher judges, libmicrohttpd listens. */
#include <microhttpd.h> /* and with it <unistd.h> */
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <threads.h>
#include <usher/drive.h>
#include <usher/usher.h>

static usher_site *site; /* the settings: read only, for all threads */
static usher_host *host; /* asks providers what a sign-in wants to know */
static tss_t exchanges;  /* one for each thread: it keeps its memory */

/* What comes in. Each connection has a thread of its own, and so one request at a time. */
static thread_local char target[8192], body[16384];
static thread_local usher_header headers[100];
static thread_local usher_request request;

/* The address as it was sent: what libmicrohttpd hands on later is decoded. */
static void *begin(void *me, const char *sent, struct MHD_Connection *c)
{
    size_t len = strnlen(sent, sizeof target);
    request = (usher_request){.size = sizeof request, .headers = headers, .body = {body, 0}};
    request.target = (usher_str){memcpy(target, sent, len), len};
    return (void)me, (void)c, len < sizeof target ? &request : NULL;
}

static enum MHD_Result keep(void *me, enum MHD_ValueKind kind, const char *name, size_t name_len,
                            const char *value, size_t value_len)
{
    if (request.header_count == sizeof headers / sizeof *headers) return MHD_NO;
    headers[request.header_count++] = (usher_header){{name, name_len}, {value, value_len}};
    return (void)me, (void)kind, MHD_YES;
}

static enum MHD_Result answer(struct MHD_Connection *c, const usher_response *r)
{
    struct MHD_Response *out = MHD_create_response_from_buffer(
        r->body.len, (void *)(size_t)r->body.ptr, MHD_RESPMEM_MUST_COPY);
    for (size_t i = 0; i < r->header_count; i++) { /* Location, and every Set-Cookie */
        char *name = strndup(r->headers[i].name.ptr, r->headers[i].name.len);
        char *value = strndup(r->headers[i].value.ptr, r->headers[i].value.len);
        MHD_add_response_header(out, name, value), free(name), free(value);
    }
    enum MHD_Result queued = MHD_queue_response(c, (unsigned)r->status, out);
    return MHD_destroy_response(out), queued;
}

static enum MHD_Result serve(struct MHD_Connection *c)
{
    usher_header text = {USHER_STR("Content-Type"), USHER_STR("text/plain; charset=utf-8")};
    usher_response page = {200, &text, 1, USHER_STR("Anybody may read this.\n")};
    usher_str base = usher_site_base_path(site);
    bool ours = !strncmp(target, base.ptr, base.len); /* sign-in, callback, session, sign-out */
    usher_exchange *ex = tss_get(exchanges);
    if (!ex && !usher_exchange_new(&ex, NULL, NULL)) tss_set(exchanges, ex);
    if (!ex || usher_exchange_start(ex, site, &request, usher_now_ms(), NULL) ||
        usher_drive(host, ex, ours ? usher_handle : usher_guard, NULL))
        return answer(c, &(usher_response){.status = 503}); /* could not tell: no yes and no no */
    if (ours || usher_exchange_decision(ex) != USHER_ALLOW)
        return answer(c, usher_exchange_response(ex));
    if (usher_exchange_session(ex)) page.body = usher_session_name(usher_exchange_session(ex));
    return answer(c, &page);
}

/* Called with the head, then with each piece of the body, then with nothing. */
static enum MHD_Result take(void *me, struct MHD_Connection *c, const char *url, const char *method,
                            const char *http, const char *data, size_t *len, void **state)
{
    if (!*state || *len > sizeof body - request.body.len) return MHD_NO; /* closes */
    if (!request.method.ptr) {
        request.method = (usher_str){method, strlen(method)};
        return MHD_get_connection_values_n(c, MHD_HEADER_KIND, keep, NULL) > 100 ? MHD_NO : MHD_YES;
    }
    if (!*len) return serve(c);
    memcpy(body + request.body.len, data, *len);
    request.body.len += *len;
    return (void)me, (void)url, (void)http, *len = 0, MHD_YES;
}

static void free_exchange(void *ex)
{
    usher_exchange_free(ex);
}

int main(int argc, char **argv)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    if (argc != 3 || usher_site_load(&site, NULL, argv[1], NULL) ||
        usher_host_new(&host, NULL, NULL) || tss_create(&exchanges, free_exchange))
        return fputs("c-server SETTINGS PORT (usher check SETTINGS explains them)\n", stderr), 2;
    at.sin_port = htons((uint16_t)atoi(argv[2]));
    if (!MHD_start_daemon(MHD_USE_THREAD_PER_CONNECTION | MHD_USE_INTERNAL_POLLING_THREAD, 0, NULL,
                          NULL, take, NULL, MHD_OPTION_SOCK_ADDR, &at, MHD_OPTION_URI_LOG_CALLBACK,
                          begin, NULL, MHD_OPTION_END))
        return fputs("c-server: that port is taken\n", stderr), 1;
    pause();
}
