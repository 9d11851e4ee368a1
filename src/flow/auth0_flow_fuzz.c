/* A request to the routes of Auth0's SDK, and what the provider answers to the wants that come of
 * it. Input: line 1   the site ('a' defaults, 'b' other settings), the allocation that fails ('~':
 * none) line 2   method and target; then header fields and an empty line
 *   "\n=\n"  begins an answer: status and content type in a line, then its body ('!': no answer)
 * What nobody could guess is written as $ and a letter: see `secret_of`. */
#include <assert.h>

#include "base/buf.h"
#include "base/str.h"
#include "flow/exchange.h"
#include "tests/kit/kit.h"
#include "wire/jose/jws_sample.h"
#include "wire/url.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define NOW_S     INT64_C(1767225600)
#define BASE      "http://localhost:3000"
#define ISSUER    "https://op.example"
#define HEADERS   16
#define INPUT_MAX ((size_t)64 << 10)

static const char metadata[] =
    "{\"issuer\":\"" ISSUER "\",\"authorization_endpoint\":\"" ISSUER "/auth\","
    "\"token_endpoint\":\"" ISSUER "/token\",\"jwks_uri\":\"" ISSUER "/jwks\","
    "\"end_session_endpoint\":\"" ISSUER "/bye\",\"revocation_endpoint\":\"" ISSUER "/revoke\"}";

/* A site, and what a visitor holds who began a sign-in and finished two others. */
typedef struct world {
    usher_site *site;
    usher_str state, nonce, id_token; /* $s $n $I: of the one that is under way */
    usher_str transaction;            /* $C its cookie */
    usher_str session, due;           /* $S $D cookies; the access token of the second is over */
} world;

static world worlds[2];
static usher_exchange *exchange;
static kit_alloc memory = {.fail_at = SIZE_MAX};
static usher_allocator allocator;
static kit_random randomness = {.fail_at = SIZE_MAX};
static usher_arena kept; /* of the worlds */

typedef struct visit {
    const world *w;
    usher_request request;
    usher_header headers[HEADERS];
    usher_str answers; /* what is left of them */
    size_t wants;
} visit;

/* --- one request, whoever made it ------------------------------------------------------------- */

static void check_fetch(const usher_fetch *f)
{
    usher_url url;
    usher_status rc = usher_url_read(&url, f->url, NULL);

    assert(!rc && url.https && f->timeout_ms && f->answer_max && !f->plain_http);
    for (size_t i = 0; i < f->header_count; i++)
        for (size_t j = 0; j < f->headers[i].value.len; j++)
            assert(f->headers[i].value.ptr[j] >= ' ' && f->headers[i].value.ptr[j] <= '~');
}

static usher_event next_event(visit *v)
{
    usher_str answer = v->answers, rest = {0}, body, type;
    size_t end = usher_str_find(answer, USHER_STR("\n=\n"));
    usher_event event = {.size = sizeof event,
                         .kind = USHER_EVENT_FETCH_FAILED,
                         .now_ms = NOW_S * 1000 + 5,
                         .why = "no answer"};
    uint64_t status;

    if (end != SIZE_MAX) {
        rest = usher_str_from(answer, end + 3);
        answer.len = end;
    }
    v->answers = rest;
    if (answer.len == 0 || answer.ptr[0] == '!') return event;
    usher_str line = usher_str_cut(answer, '\n', &body);
    if (!usher_str_u64(&status, usher_str_cut(line, ' ', &type)) || status > 999) return event;
    event.kind = USHER_EVENT_FETCHED;
    event.http_status = (int)status;
    event.content_type = type;
    event.body = body;
    /* "+" behind the type: a copy from the host's cache */
    event.fetched_ms = event.now_ms - (usher_str_ends(type, USHER_STR("+")) ? 1000 : 0);
    return event;
}

static usher_status perform(visit *v)
{
    usher_want want;
    usher_status rc = usher_exchange_start(exchange, v->w->site, &v->request, NOW_S * 1000, NULL);

    v->wants = 0;
    if (!rc) rc = usher_handle(exchange, &want, NULL);
    while (!rc && want.kind == USHER_WANT_FETCH) {
        check_fetch(&want.fetch);
        assert(++v->wants <= 6); /* two documents asked for twice at most, tokens */
        usher_event event = next_event(v);
        rc = usher_resume(exchange, &event, &want, NULL);
    }
    return rc;
}

/* --- the worlds ------------------------------------------------------------------------------- */

static usher_str keep(usher_str s)
{
    usher_str out;

    if (usher_arena_dup(&out, &kept, s, NULL)) abort();
    return out;
}

static usher_str text(const char *format, usher_str a, usher_str b)
{
    usher_str out, part = kit_str(format), rest;
    usher_buf buf;

    usher_buf_init(&buf, &kept, 1 << 16);
    for (int i = 0; part.ptr; part = rest, i++) {
        usher_buf_put(&buf, usher_str_cut(part, '$', &rest));
        if (rest.ptr) usher_buf_put(&buf, i ? b : a);
    }
    if (usher_buf_take(&out, &buf, NULL)) abort();
    return out;
}

static void ask(const world *w, usher_str target, usher_str cookies, usher_str answers)
{
    visit v = {.w = w, .answers = answers};

    v.headers[0] = (usher_header){USHER_STR("Cookie"), cookies};
    v.request = (usher_request){.size = sizeof v.request,
                                .method = USHER_STR("GET"),
                                .target = target,
                                .headers = v.headers,
                                .header_count = 1};
    if (perform(&v)) abort();
}

static usher_str answer_header(const char *name, const char *starts)
{
    const usher_response *r = usher_exchange_response(exchange);

    for (size_t i = 0; i < r->header_count; i++)
        if (usher_str_eq(r->headers[i].name, kit_str(name)) &&
            usher_str_starts(r->headers[i].value, kit_str(starts)))
            return keep(r->headers[i].value);
    abort();
}

static usher_str parameter(usher_str url, const char *name)
{
    usher_str query, rest, value;

    (void)usher_str_cut(url, '?', &query);
    for (; query.len; query = rest) {
        usher_str pair = usher_str_cut(query, '&', &rest);
        if (usher_str_eq(usher_str_cut(pair, '=', &value), kit_str(name))) return value;
    }
    abort();
}

static void begin(world *w)
{
    usher_str rest, claims, location;

    ask(w, USHER_STR("/auth/login?returnTo=/x"), (usher_str){0},
        text("200 application/json\n$", kit_str(metadata), (usher_str){0}));
    location = answer_header("Location", ISSUER "/auth?");
    w->transaction = usher_str_cut(answer_header("Set-Cookie", "__txn_"), ';', &rest);
    w->state = parameter(location, "state");
    w->nonce = parameter(location, "nonce");
    claims = text("{\"iss\":\"" ISSUER "\",\"sub\":\"user-1\",\"aud\":\"client\","
                  "\"iat\":1767225600,\"exp\":1767225900,\"nonce\":\"$\",\"name\":\"Ada L.\","
                  "\"auth_time\":1767225600,"
                  "\"sid\":\"S\",\"email\":\"ada@example.com\"}",
                  w->nonce, (usher_str){0});
    w->id_token = sample_sign(&kept, true, USHER_STR("{\"alg\":\"EdDSA\",\"kid\":\"ed\"}"), claims);
}

static usher_str sign_in(world *w, const char *tokens)
{
    usher_str documents, answers, rest;

    begin(w);
    documents = text("200 application/json\n$\n=\n200 application/json\n", kit_str(metadata),
                     (usher_str){0});
    answers = text(tokens, w->id_token, (usher_str){0});
    answers = text("$$", documents, answers);
    answers = text("$\n=\n200 application/json\n$", answers, USHER_STR(SAMPLE_JWKS));
    ask(w, text("/auth/callback?code=c&state=$", w->state, (usher_str){0}), w->transaction,
        answers);
    assert(usher_exchange_signed_in(exchange));
    return usher_str_cut(answer_header("Set-Cookie", "__session="), ';', &rest);
}

static void make_world(world *w, const char *more)
{
    char json[2048];
    usher_problems *problems = NULL;

    snprintf(json, sizeof json,
             "{\"site\":{\"base_url\":\"" BASE "\",\"development\":true,\"profile\":\"auth0-4\","
             "\"secret\":\"0123456789abcdef-test-only-0123456789abcdef\",%s"
             "\"providers\":[{\"issuer\":\"" ISSUER "\",\"client_id\":\"client\","
             "\"client_secret\":\"a-client-secret\",\"id_token_alg\":\"EdDSA\"}]}}",
             more);
    usher_status rc = usher_site_new(&w->site, &problems, kit_str(json), NULL, NULL, NULL);
    usher_problems_free(problems);
    assert(rc == USHER_OK);
    w->due = sign_in(w, "{\"access_token\":\"at-0\",\"token_type\":\"Bearer\",\"expires_in\":0,"
                        "\"id_token\":\"$\",\"refresh_token\":\"rt-0\",\"scope\":\"openid\"}");
    w->session = sign_in(w, "{\"access_token\":\"at-1\",\"token_type\":\"Bearer\","
                            "\"expires_in\":60,\"id_token\":\"$\",\"refresh_token\":\"rt-1\"}");
    begin(w);
}

static void set_up(void)
{
    allocator = kit_allocator(&memory);
    usher_arena_init(&kept, usher_allocator_default(), 4096, 4 << 20);
    usher_exchange_options options = {
        .size = sizeof options, .allocator = &allocator, .entropy = kit_entropy(&randomness)};
    if (usher_exchange_new(&exchange, &options, NULL)) abort();
    make_world(&worlds[0], "");
    make_world(&worlds[1],
               "\"session\":{\"rolling\":false,\"claims_max\":\"2KiB\"},"
               "\"accept\":[{\"profile\":\"authjs-5\"}],"
               "\"auth0\":{\"logout_strategy\":\"v2\",\"profile_no_content\":true,"
               "\"token_refresh_buffer\":30,\"id_token_hint\":false,"
               "\"authorization_parameters\":[\"audience=https://api\",\"max_age=9\"]},");
}

/* --- the input -------------------------------------------------------------------------------- */

static usher_str secret_of(const world *w, char letter)
{
    switch (letter) {
    case 'C': return w->transaction;
    case 'S': return w->session;
    case 'D': return w->due;
    case 's': return w->state;
    case 'n': return w->nonce;
    case 'I': return w->id_token;
    case 'J': return USHER_STR(SAMPLE_JWKS);
    case 'M': return usher_str_of(metadata, sizeof metadata - 1);
    default: return (usher_str){0};
    }
}

/* With the secrets written out; absent if that is too long. */
static usher_str expand(char out[INPUT_MAX], const world *w, usher_str in)
{
    size_t len = 0;

    for (size_t i = 0; i < in.len; i++) {
        usher_str piece = {in.ptr + i, 1};
        if (in.ptr[i] == '$' && i + 1 < in.len) {
            usher_str secret = secret_of(w, in.ptr[i + 1]);
            if (secret.ptr) piece = secret, i++;
        }
        if (piece.len > INPUT_MAX - len) return (usher_str){0};
        memcpy(out + len, piece.ptr, piece.len);
        len += piece.len;
    }
    return (usher_str){out, len};
}

static void read_input(visit *v, usher_str in)
{
    size_t end = usher_str_find(in, USHER_STR("\n=\n"));
    usher_str line, target;

    if (end != SIZE_MAX) {
        v->answers = usher_str_from(in, end + 3);
        in.len = end;
    }
    line = usher_str_cut(in, '\n', &in);
    v->request.method = usher_str_cut(line, ' ', &target);
    v->request.target = target;
    while (in.len && v->request.header_count < HEADERS) {
        usher_header *h = &v->headers[v->request.header_count];
        line = usher_str_cut(in, '\n', &in);
        if (line.len == 0) break;
        h->name = usher_str_cut(line, ':', &h->value);
        h->value = usher_str_trim(h->value);
        v->request.header_count++;
    }
    v->request.headers = v->headers;
}

/* --- what must hold --------------------------------------------------------------------------- */

static bool clean(usher_str s)
{
    for (size_t i = 0; i < s.len; i++)
        if ((unsigned char)s.ptr[i] < ' ' || s.ptr[i] == 0x7f) return false;
    return true;
}

/* Ours, or the provider's as its document has it; a browser takes neither for another place. */
static void check_location(const visit *v, usher_str location)
{
    usher_url url;

    assert(!usher_url_read(&url, location, NULL));
    if (usher_exchange_signed_in(exchange))
        assert(usher_str_starts(location, USHER_STR(BASE "/")));
    else
        assert(url.https && v->wants);
}

static void check_response(const visit *v)
{
    const usher_response *r = usher_exchange_response(exchange);
    bool profile = usher_str_starts(v->request.target, USHER_STR("/auth/profile"));
    bool redirect = false, cache = false;
    usher_str rest;

    for (size_t i = 0; i < r->header_count; i++) {
        const usher_header *h = &r->headers[i];
        assert(h->name.len && clean(h->name) && clean(h->value));
        cache |= usher_str_eq(h->name, USHER_STR("Cache-Control")) &&
                 usher_str_find(h->value, USHER_STR("no-store")) != SIZE_MAX;
        if (usher_str_eq(h->name, USHER_STR("Location"))) {
            check_location(v, h->value);
            redirect = true;
        }
        if (!usher_str_eq(h->name, USHER_STR("Set-Cookie"))) continue;
        assert(!profile);
        usher_str name = usher_str_cut(h->value, '=', &rest);
        assert(name.len && usher_str_find(rest, USHER_STR("; HttpOnly")) != SIZE_MAX);
        for (size_t j = 0; j < i; j++) /* one line for each name */
            assert(!usher_str_eq(r->headers[j].name, h->name) ||
                   !usher_str_eq(usher_str_cut(r->headers[j].value, '=', &rest), name));
    }
    assert(redirect == (r->status == 307));
    assert(cache); /* whatever these routes say is nobody else's */
}

static bool has(usher_str in, usher_str secret)
{
    return secret.len && usher_str_find(in, secret) != SIZE_MAX;
}

/* States may be spelled with escapes; then a part of them says as much. */
static void check_answer(const visit *v, usher_str cookies)
{
    const usher_session *s = usher_exchange_session(exchange);
    bool valid = usher_exchange_verdict(exchange) == USHER_SESSION_VALID;
    int status = usher_exchange_response(exchange)->status;

    check_response(v);
    assert(status == 200 || status == 204 || status == 307 || (status >= 400 && status <= 405) ||
           status == 500);
    assert(valid == (s != NULL));
    if (valid) assert(usher_str_eq(s->email, USHER_STR("ada@example.com")) || v->wants);
    if (valid && !usher_exchange_signed_in(exchange))
        assert(has(cookies, v->w->session) || has(cookies, v->w->due));
    if (usher_exchange_signed_in(exchange)) assert(has(cookies, v->w->transaction) && v->wants > 2);
    assert(!usher_exchange_signed_out(exchange) ||
           usher_str_starts(v->request.target, USHER_STR("/auth/logout")));
}

/* Could not tell: nothing is said, set or cleared. */
static void check_failure(usher_status rc)
{
    const usher_response *r = usher_exchange_response(exchange);

    assert((rc == USHER_E_NOMEM && memory.failed) || rc == USHER_E_LIMIT);
    assert(r->status == 0 && r->header_count == 0 && r->body.len == 0);
    assert(usher_exchange_verdict(exchange) == USHER_NO_SESSION);
    assert(!usher_exchange_signed_in(exchange) && !usher_exchange_signed_out(exchange));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static char room[INPUT_MAX];
    static size_t live;

    if (!exchange) set_up();
    if (size < 3 || data[2] != '\n') return 0;
    visit v = {.w = &worlds[data[0] == 'b'], .request = {.size = sizeof v.request}};
    usher_str all = expand(room, v.w, (usher_str){(const char *)data + 3, size - 3});
    read_input(&v, all);
    if (!live) live = (usher_exchange_forget(exchange), memory.live);
    randomness.seed = 7;
    memory.calls = 0;
    memory.failed = false;
    memory.fail_at = data[1] == '~' ? SIZE_MAX : data[1];
    usher_status rc = perform(&v);
    memory.fail_at = SIZE_MAX;
    if (rc)
        check_failure(rc);
    else
        check_answer(&v, all);
    usher_exchange_forget(exchange);
    assert(memory.live == live);
    return 0;
}
