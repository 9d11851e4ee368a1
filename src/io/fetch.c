#include "io/fetch.h"

#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <curl/curl.h>

#include "base/error.h"
#include "base/secret.h"
#include "base/str.h"
#include "io/address.h"

#define ANSWER_HEAD_MAX  (64u * 1024) /* bytes of header lines, informational answers included */
#define CONTENT_TYPE_MAX 256u

/* answers */

usher_status usher_answer_new(usher_answer **out, const usher_allocator *alloc, usher_error *err)
{
    usher_answer *a = *out = alloc->get(alloc->ctx, sizeof *a);

    if (!a) return usher_fail(err, USHER_E_NOMEM, "fetch: no memory for the answer", 0);
    *a = (usher_answer){.alloc = alloc};
    atomic_init(&a->references, 1);
    return USHER_OK;
}

usher_answer *usher_answer_ref(usher_answer *answer)
{
    atomic_fetch_add_explicit(&answer->references, 1, memory_order_relaxed);
    return answer;
}

static void drop_text(const usher_allocator *alloc, usher_str text, size_t room)
{
    void *ptr = (void *)(uintptr_t)text.ptr; /* ours: allocated below */

    if (!ptr) return;
    usher_wipe(ptr, text.len);
    alloc->put(alloc->ctx, ptr, room);
}

void usher_answer_unref(usher_answer *answer)
{
    if (!answer) return;
    if (atomic_fetch_sub_explicit(&answer->references, 1, memory_order_acq_rel) != 1) return;
    drop_text(answer->alloc, answer->body, answer->room);
    drop_text(answer->alloc, answer->content_type, answer->content_type.len);
    answer->alloc->put(answer->alloc->ctx, answer, sizeof *answer);
}

usher_status usher_answer_add(usher_answer *answer, const void *bytes, size_t len, size_t max,
                              usher_error *err)
{
    usher_str old = answer->body;

    if (len > max || old.len > max - len)
        return usher_fail(err, USHER_E_LIMIT, "fetch: the answer is too large", old.len);
    if (old.len + len > answer->room) {
        size_t room = answer->room ? answer->room * 2 : 4096;
        while (room < old.len + len)
            room *= 2;
        char *ptr = answer->alloc->get(answer->alloc->ctx, room);
        if (!ptr) return usher_fail(err, USHER_E_NOMEM, "fetch: no memory for the body", old.len);
        if (old.len) memcpy(ptr, old.ptr, old.len);
        drop_text(answer->alloc, old, answer->room);
        answer->body.ptr = ptr;
        answer->room = room;
    }
    if (len) memcpy((char *)(uintptr_t)answer->body.ptr + old.len, bytes, len);
    answer->body.len += len;
    return USHER_OK;
}

static usher_status set_content_type(usher_answer *answer, const char *text, usher_error *err)
{
    size_t len = text ? strlen(text) : 0;

    if (len == 0 || len > CONTENT_TYPE_MAX) return USHER_OK;
    char *ptr = answer->alloc->get(answer->alloc->ctx, len);
    if (!ptr) return usher_fail(err, USHER_E_NOMEM, "fetch: no memory for the content type", 0);
    memcpy(ptr, text, len);
    answer->content_type = (usher_str){ptr, len};
    return USHER_OK;
}

/* one transfer */

typedef struct transfer {
    const usher_fetch *fetch;
    usher_answer *answer;
    usher_status failed; /* of the callbacks */
    size_t head_seen;
    bool address_refused;
} transfer;

static size_t on_body(char *bytes, size_t size, size_t count, void *ctx)
{
    transfer *t = ctx;
    size_t len = size * count;

    /* CURLOPT_MAXFILESIZE looks only at what is announced in 7.88, so the bound is kept here. */
    t->failed = usher_answer_add(t->answer, bytes, len, t->fetch->answer_max, NULL);
    return t->failed ? CURL_WRITEFUNC_ERROR : len;
}

static size_t on_head(char *bytes, size_t size, size_t count, void *ctx)
{
    transfer *t = ctx;
    size_t len = size * count;

    (void)bytes;
    t->head_seen += len;
    if (t->head_seen <= ANSWER_HEAD_MAX) return len;
    t->failed = USHER_E_LIMIT;
    return CURL_WRITEFUNC_ERROR;
}

/* Called after the name was resolved, for each address that is tried: what is judged here is what
 * is connected to, so a name that changes its mind in between gains nothing. */
static curl_socket_t on_socket(void *ctx, curlsocktype purpose, struct curl_sockaddr *to)
{
    transfer *t = ctx;
    usher_address address;

    if (purpose != CURLSOCKTYPE_IPCXN || !usher_address_of(&address, &to->addr) ||
        (!t->fetch->private_network && !usher_address_is_public(&address))) {
        t->address_refused = true;
        return CURL_SOCKET_BAD;
    }
    return socket(to->family, to->socktype | SOCK_CLOEXEC, to->protocol);
}

static const char *why_failed(CURLcode code, const transfer *t)
{
    if (t->failed == USHER_E_LIMIT) return "the answer is too large";
    if (t->address_refused && (code == CURLE_COULDNT_CONNECT || code == CURLE_OPERATION_TIMEDOUT))
        return "the address is not public";
    switch (code) {
    case CURLE_URL_MALFORMAT: return "the URL cannot be used";
    case CURLE_UNSUPPORTED_PROTOCOL:
        return "not a protocol that is allowed"; /* of the URL, or HTTP/0.9 */
    case CURLE_LOGIN_DENIED: return "the URL names a user";
    case CURLE_COULDNT_RESOLVE_HOST: return "the name does not resolve";
    case CURLE_COULDNT_CONNECT: return "cannot connect";
    case CURLE_OPERATION_TIMEDOUT: return "no answer in time";
    case CURLE_FILESIZE_EXCEEDED: return "the answer is too large";
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_ISSUER_ERROR: return "the certificate is not trusted";
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_SSL_CIPHER: return "TLS failed";
    case CURLE_PARTIAL_FILE:
    case CURLE_RECV_ERROR:
    case CURLE_GOT_NOTHING: return "the connection broke before the answer was complete";
    default: return "the transfer failed";
    }
}

/* A header line for curl. Values with line ends would let a caller write headers of its own. */
static usher_status add_header(struct curl_slist **list, const usher_allocator *alloc,
                               usher_str name, usher_str value, usher_error *err)
{
    size_t len = name.len + 2 + value.len;
    char *line;

    if (name.len == 0 || usher_str_has(name, '\n') || usher_str_has(value, '\n') ||
        usher_str_has(name, '\r') || usher_str_has(value, '\r') || usher_str_has(name, '\0') ||
        usher_str_has(value, '\0'))
        return usher_fail(err, USHER_E_USAGE, "fetch: a header that cannot be sent", 0);
    if (!(line = alloc->get(alloc->ctx, len + 1)))
        return usher_fail(err, USHER_E_NOMEM, "fetch: no memory for a header", 0);
    memcpy(line, name.ptr, name.len);
    /* "Name;" is how curl is told to send a header without a value. */
    memcpy(line + name.len, value.len ? ": " : ";", value.len ? 2 : 1);
    if (value.len) memcpy(line + name.len + 2, value.ptr, value.len);
    line[value.len ? len : name.len + 1] = 0;
    struct curl_slist *longer = curl_slist_append(*list, line);
    usher_wipe(line, len); /* Authorization passes through here */
    alloc->put(alloc->ctx, line, len + 1);
    if (!longer) return usher_fail(err, USHER_E_NOMEM, "fetch: no memory for a header", 0);
    *list = longer;
    return USHER_OK;
}

static void free_headers(struct curl_slist *list)
{
    for (struct curl_slist *l = list; l; l = l->next)
        usher_wipe(l->data, strlen(l->data));
    curl_slist_free_all(list);
}

static usher_status make_headers(struct curl_slist **out, usher_fetcher *f,
                                 const usher_fetch *fetch, usher_error *err)
{
    usher_status rc = USHER_OK;
    bool has_type = false;

    *out = NULL;
    for (size_t i = 0; i < fetch->header_count && !rc; i++) {
        has_type |= usher_str_eq_case(fetch->headers[i].name, USHER_STR("content-type"));
        rc = add_header(out, f->alloc, fetch->headers[i].name, fetch->headers[i].value, err);
    }
    if (!rc)
        rc = add_header(out, f->alloc, USHER_STR("Accept-Encoding"), USHER_STR("identity"), err);
    /* A name and a colon keep curl from sending its own. */
    static const char *const never[] = {"Expect:", "Content-Type:"};
    for (size_t i = 0; i < (has_type ? 1u : 2u) && !rc; i++) {
        struct curl_slist *longer = curl_slist_append(*out, never[i]);
        if (longer)
            *out = longer;
        else
            rc = usher_fail(err, USHER_E_NOMEM, "fetch: no memory for a header", 0);
    }
    return rc;
}

/* Every option is set anew: the handle was reset and only its connections are kept. Options that
 * fail to be set would silently weaken the request, so each result counts. */
static CURLcode set_policy(CURL *curl, const usher_fetcher *f, transfer *t)
{
    const usher_fetch *fetch = t->fetch;
    long timeout = fetch->timeout_ms ? (long)fetch->timeout_ms : 5000;
    CURLcode rc = CURLE_OK;

#define SET(option, value) (rc = rc ? rc : curl_easy_setopt(curl, option, value))
    SET(CURLOPT_NOSIGNAL, 1L);
    SET(CURLOPT_FOLLOWLOCATION, 0L);
    SET(CURLOPT_PROTOCOLS_STR, fetch->plain_http ? "http,https" : "https");
    SET(CURLOPT_REDIR_PROTOCOLS_STR, "https"); /* for nothing: there is no way to say none */
    SET(CURLOPT_DISALLOW_USERNAME_IN_URL, 1L);
    SET(CURLOPT_PROXY, ""); /* not even what the environment says */
    SET(CURLOPT_MAXFILESIZE_LARGE,
        (curl_off_t)fetch->answer_max); /* what is announced; see on_body */
    SET(CURLOPT_TIMEOUT_MS, timeout);
    SET(CURLOPT_CONNECTTIMEOUT_MS, timeout);
    SET(CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    SET(CURLOPT_SSL_VERIFYPEER, 1L);
    SET(CURLOPT_SSL_VERIFYHOST, 2L);
    /* A CA directory, Debian's default beside the bundle, keeps curl from caching the parsed
     * bundle: 20 ms for each new connection. */
    SET(CURLOPT_CAPATH, NULL);
    if (f->ca_file) SET(CURLOPT_CAINFO, f->ca_file);
    SET(CURLOPT_USERAGENT, "usher/0.1");
    SET(CURLOPT_OPENSOCKETFUNCTION, on_socket);
    SET(CURLOPT_OPENSOCKETDATA, t);
    SET(CURLOPT_HEADERFUNCTION, on_head);
    SET(CURLOPT_HEADERDATA, t);
    SET(CURLOPT_WRITEFUNCTION, on_body);
    SET(CURLOPT_WRITEDATA, t);
#undef SET
    return rc;
}

static CURLcode set_request(CURL *curl, const char *url, const usher_fetch *fetch,
                            struct curl_slist *headers)
{
    CURLcode rc;

    if ((rc = curl_easy_setopt(curl, CURLOPT_URL, url)) ||
        (rc = curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers)))
        return rc;
    if (usher_str_eq(fetch->method, USHER_STR("GET")))
        return curl_easy_setopt(curl, CURLOPT_HTTPGET, 1L);
    if ((rc = curl_easy_setopt(curl, CURLOPT_POST, 1L)) ||
        (rc = curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)fetch->body.len)))
        return rc;
    return curl_easy_setopt(curl, CURLOPT_POSTFIELDS, fetch->body.len ? fetch->body.ptr : "");
}

static usher_status transfer_run(transfer *t, CURL *curl, usher_error *err)
{
    CURLcode code = curl_easy_perform(curl);
    long status = 0;
    char *type = NULL;

    if (t->failed == USHER_E_NOMEM || code == CURLE_OUT_OF_MEMORY)
        return usher_fail(err, USHER_E_NOMEM, "fetch: no memory for the transfer", 0);
    if (code != CURLE_OK) {
        t->answer->why = why_failed(code, t);
        drop_text(t->answer->alloc, t->answer->body, t->answer->room); /* half an answer is none */
        t->answer->body = (usher_str){0};
        t->answer->room = 0;
        return USHER_OK;
    }
    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
    curl_easy_getinfo(curl, CURLINFO_CONTENT_TYPE, &type);
    t->answer->status = (int)status;
    return set_content_type(t->answer, type, err);
}

/* handles */

static CURL *handle_take(usher_fetcher *f, bool private_network)
{
    CURL *curl = NULL;

    pthread_mutex_lock(&f->lock);
    if (f->kept[private_network].count)
        curl = f->kept[private_network].handles[--f->kept[private_network].count];
    pthread_mutex_unlock(&f->lock);
    return curl ? curl : curl_easy_init();
}

static void handle_give(usher_fetcher *f, bool private_network, CURL *curl)
{
    curl_easy_reset(curl); /* keeps connections, TLS sessions and names; forgets the request */
    pthread_mutex_lock(&f->lock);
    if (f->kept[private_network].count < USHER_FETCH_KEPT_MAX) {
        f->kept[private_network].handles[f->kept[private_network].count++] = curl;
        curl = NULL;
    }
    pthread_mutex_unlock(&f->lock);
    if (curl) curl_easy_cleanup(curl);
}

static char *dup_z(const usher_allocator *alloc, usher_str text)
{
    char *z = alloc->get(alloc->ctx, text.len + 1);

    if (!z) return NULL;
    memcpy(z, text.ptr, text.len);
    z[text.len] = 0;
    return z;
}

/* What a transfer needs for as long as it runs. */
typedef struct prepared {
    CURL *curl;
    char *url;
    struct curl_slist *headers;
} prepared;

static usher_status prepare(prepared *p, usher_fetcher *f, transfer *t, usher_error *err)
{
    const usher_fetch *fetch = t->fetch;
    usher_status rc;

    if (fetch->url.len == 0 || usher_str_has(fetch->url, '\0') || fetch->answer_max == 0 ||
        !(usher_str_eq(fetch->method, USHER_STR("GET")) ||
          usher_str_eq(fetch->method, USHER_STR("POST"))))
        return usher_fail(err, USHER_E_USAGE, "fetch: a want that cannot be performed", 0);
    if ((rc = usher_answer_new(&t->answer, f->alloc, err)) ||
        (rc = make_headers(&p->headers, f, fetch, err)))
        return rc;
    if (!(p->url = dup_z(f->alloc, fetch->url)) ||
        !(p->curl = handle_take(f, fetch->private_network)))
        return usher_fail(err, USHER_E_NOMEM, "fetch: no memory for a transfer", 0);
    CURLcode code = set_policy(p->curl, f, t);
    if (!code) code = set_request(p->curl, p->url, fetch, p->headers);
    if (code == CURLE_OUT_OF_MEMORY)
        return usher_fail(err, USHER_E_NOMEM, "fetch: no memory for an option", 0);
    return code ? usher_fail(err, USHER_E_IO, "fetch: libcurl refuses an option", 0) : USHER_OK;
}

usher_status usher_fetch_run(usher_answer **out, usher_fetcher *f, const usher_fetch *fetch,
                             usher_error *err)
{
    usher_status rc;
    transfer t = {.fetch = fetch};
    prepared p = {0};

    *out = NULL;
    if ((rc = prepare(&p, f, &t, err)) || (rc = transfer_run(&t, p.curl, err))) goto done;
    *out = t.answer;
    t.answer = NULL;
done:
    if (p.curl) handle_give(f, fetch->private_network, p.curl);
    free_headers(p.headers);
    if (p.url) f->alloc->put(f->alloc->ctx, p.url, fetch->url.len + 1);
    usher_answer_unref(t.answer);
    return rc;
}

static CURLcode started = CURLE_FAILED_INIT;

static void start_curl(void)
{
    started = curl_global_init(CURL_GLOBAL_DEFAULT);
}

usher_status usher_fetcher_init(usher_fetcher *f, const usher_allocator *alloc, const char *ca_file,
                                usher_error *err)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;

    *f = (usher_fetcher){.alloc = alloc};
    pthread_once(&once, start_curl);
    if (started != CURLE_OK) return usher_fail(err, USHER_E_IO, "fetch: libcurl does not start", 0);
    if (ca_file && !(f->ca_file = dup_z(alloc, usher_str_z(ca_file))))
        return usher_fail(err, USHER_E_NOMEM, "fetch: no memory for a file name", 0);
    if (pthread_mutex_init(&f->lock, NULL) != 0) {
        if (f->ca_file) alloc->put(alloc->ctx, f->ca_file, strlen(f->ca_file) + 1);
        return usher_fail(err, USHER_E_NOMEM, "fetch: no mutex", 0);
    }
    return USHER_OK;
}

void usher_fetcher_deinit(usher_fetcher *f)
{
    for (size_t set = 0; set < 2; set++)
        for (size_t i = 0; i < f->kept[set].count; i++)
            curl_easy_cleanup(f->kept[set].handles[i]);
    if (f->ca_file) f->alloc->put(f->alloc->ctx, f->ca_file, strlen(f->ca_file) + 1);
    pthread_mutex_destroy(&f->lock);
    *f = (usher_fetcher){0};
}
