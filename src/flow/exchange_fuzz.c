/* A whole request, and what the provider answers to the wants that come of it. Input:
 *   line 1   the operation ('h' handle, 'g' guard, 'f' forward-auth, 's' session, 't' token), the
 *            profile ('4', '5'; '6': 5 with pages of its own; '7': 4 with state alone, '8': 5 with
 *            the nonce alone, both without userinfo), the allocation that fails ('~': none), and
 * the peer ('t' trusted; a capital: the request is made twice) line 2   method and target; then
 * header fields, an empty line, a body
 *   "\n=\n"  begins an answer: status and content type in a line, then its body ('!': no answer)
 * What nobody could guess is written as $ and a letter: see `secrets`. */
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
#define HEADERS   24
#define INPUT_MAX ((size_t)64 << 10)

static const char metadata[] =
    "{\"issuer\":\"" ISSUER "\",\"authorization_endpoint\":\"" ISSUER "/auth\","
    "\"token_endpoint\":\"" ISSUER "/token\",\"jwks_uri\":\"" ISSUER "/jwks\","
    "\"userinfo_endpoint\":\"" ISSUER "/me\",\"code_challenge_methods_supported\":[\"S256\"]}";

typedef usher_status operation(usher_exchange *ex, usher_want *want, usher_error *err);

/* A site, and what one visitor holds who pressed the button and then signed in another way. */
typedef struct world {
    usher_site *site;
    usher_str cookies;  /* $C of a sign-in under way */
    usher_str session;  /* $S the session cookie, name and value */
    usher_str token;    /* $T its value alone */
    usher_str csrf;     /* $X the token that goes into forms */
    usher_str state;    /* $s */
    usher_str nonce;    /* $n */
    usher_str id_token; /* $I signed, with the nonce */
} world;

static world worlds[5];
static usher_exchange *exchange;
static kit_alloc memory = {.fail_at = SIZE_MAX};
static usher_allocator allocator;
static kit_random randomness = {.fail_at = SIZE_MAX};
static usher_arena kept; /* of the worlds */

typedef struct visit {
    const world *w;
    operation *run;
    usher_request request;
    usher_header headers[HEADERS];
    usher_str answers; /* what is left of them */
    size_t wants;
    bool twice;
} visit;

/* --- one request, whoever made it --------------------------------------------------------------
 */

static void check_fetch(const usher_fetch *f)
{
    usher_url url;
    usher_status rc = usher_url_read(&url, f->url, NULL);

    assert(!rc && url.https && f->timeout_ms && f->answer_max && !f->plain_http);
    for (size_t i = 0; i < f->header_count; i++)
        for (size_t j = 0; j < f->headers[i].value.len; j++)
            assert(f->headers[i].value.ptr[j] >= ' ' && f->headers[i].value.ptr[j] <= '~');
}

/* The next answer of the input. */
static usher_event next_event(visit *v)
{
    usher_str answer = v->answers, rest = {0}, body, type;
    size_t end = usher_str_find(answer, USHER_STR("\n=\n"));
    uint64_t status;

    if (end != SIZE_MAX) {
        rest = usher_str_from(answer, end + 3);
        answer.len = end;
    }
    v->answers = rest;
    usher_event event = {.size = sizeof event,
                         .kind = USHER_EVENT_FETCH_FAILED,
                         .now_ms = NOW_S * 1000 + 5,
                         .why = "no answer"};
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
    if (!rc) rc = v->run(exchange, &want, NULL);
    while (!rc && want.kind == USHER_WANT_FETCH) {
        check_fetch(&want.fetch);
        assert(++v->wants <= 7); /* two documents asked for twice at most, tokens, userinfo */
        usher_event event = next_event(v);
        rc = usher_resume(exchange, &event, &want, NULL);
    }
    return rc;
}

/* --- the worlds --------------------------------------------------------------------------------
 */

static usher_str keep(usher_str s)
{
    usher_str out;

    if (usher_arena_dup(&out, &kept, s, NULL)) abort();
    return out;
}

static usher_str answer_header(const char *name, const char *starts)
{
    const usher_response *r = usher_exchange_response(exchange);

    for (size_t i = 0; i < r->header_count; i++)
        if (usher_str_eq(r->headers[i].name, kit_str(name)) &&
            usher_str_find(r->headers[i].value, kit_str(starts)) != SIZE_MAX)
            return r->headers[i].value;
    abort();
}

/* Absent if the site does not use it. */
static usher_str parameter(usher_str url, const char *name)
{
    usher_str query, rest, value;

    (void)usher_str_cut(url, '?', &query);
    while (query.len) {
        usher_str pair = usher_str_cut(query, '&', &rest);
        if (usher_str_eq(usher_str_cut(pair, '=', &value), kit_str(name))) return keep(value);
        query = rest;
    }
    return (usher_str){0};
}

static void post(const world *w, const char *target, usher_str cookies, usher_str body)
{
    visit v = {.w = w, .run = usher_handle};
    v.headers[0] = (usher_header){USHER_STR("Cookie"), cookies};
    v.headers[1] =
        (usher_header){USHER_STR("Content-Type"), USHER_STR("application/x-www-form-urlencoded")};
    v.request = (usher_request){.size = sizeof v.request,
                                .method = body.ptr ? USHER_STR("POST") : USHER_STR("GET"),
                                .target = kit_str(target),
                                .headers = v.headers,
                                .header_count = 2,
                                .body = body};
    usher_buf b;
    usher_buf_init(&b, &kept, 4096);
    usher_buf_put_z(&b, "200 application/json\n");
    usher_buf_put_z(&b, metadata);
    if (usher_buf_take(&v.answers, &b, NULL) || perform(&v)) abort();
}

static usher_str joined(const char *before, usher_str a, const char *between, usher_str b)
{
    usher_str out;
    usher_buf text;

    usher_buf_init(&text, &kept, 4096);
    usher_buf_put_z(&text, before);
    usher_buf_put(&text, a);
    usher_buf_put_z(&text, between);
    usher_buf_put(&text, b);
    if (usher_buf_take(&out, &text, NULL)) abort();
    return out;
}

/* Every cookie of the last answer, as a browser sends them back. */
static usher_str sent_back(usher_str before)
{
    const usher_response *r = usher_exchange_response(exchange);
    usher_str rest;

    for (size_t i = 0; i < r->header_count; i++)
        if (usher_str_eq(r->headers[i].name, USHER_STR("Set-Cookie"))) {
            usher_str pair = usher_str_cut(r->headers[i].value, ';', &rest);
            before = before.len ? joined("", before, "; ", pair) : keep(pair);
        }
    return before;
}

static void sign_id_token(world *w)
{
    usher_str claims =
        joined("{\"iss\":\"" ISSUER "\",\"sub\":\"user-1\",\"aud\":\"client\","
               "\"iat\":1767225600,\"exp\":1767225900,\"nonce\":\"",
               w->nonce, "\",\"name\":\"Ada L.\",\"email\":\"ada@example.com\"}", (usher_str){0});
    w->id_token = sample_sign(&kept, true, USHER_STR("{\"alg\":\"EdDSA\",\"kid\":\"ed\"}"), claims);
}

static void make_site(world *w, const char *profile, const char *more, const char *checks)
{
    char json[2048];
    usher_problems *problems = NULL;

    snprintf(json, sizeof json,
             "{\"site\":{\"base_url\":\"" BASE "\",\"development\":true,\"profile\":\"%s\","
             "\"secret\":\"0123456789abcdef-test-only-0123456789abcdef\",%s"
             "\"open\":[\"/\",\"/docs/*\"],\"providers\":["
             "{\"id\":\"op\",\"type\":\"oidc\",\"issuer\":\"" ISSUER "\",\"client_id\":\"client\","
             "\"client_secret\":\"a-client-secret-of-some-length\",\"id_token_alg\":\"EdDSA\","
             "%s},"
             "{\"id\":\"development\",\"type\":\"development\",\"name\":\"Development\","
             "\"users\":[{\"id\":\"ada\",\"name\":\"Ada\",\"email\":\"ada@example.com\"}]}]}}",
             profile, more, checks);
    usher_status rc = usher_site_new(&w->site, &problems, kit_str(json), NULL, NULL, NULL);
    usher_problems_free(problems);
    assert(rc == USHER_OK);
}

static void make_world(world *w, const char *profile, const char *more, const char *checks)
{
    usher_str body, rest;

    make_site(w, profile, more, checks);
    post(w, "/api/auth/csrf", (usher_str){0}, (usher_str){0});
    body = usher_exchange_response(exchange)->body;
    assert(body.len == sizeof "{\"csrfToken\":\"\"}" - 1 + 64);
    w->csrf = keep(usher_str_of(body.ptr + 14, 64));
    w->cookies = sent_back((usher_str){0});
    body = joined("csrfToken=", w->csrf, "", (usher_str){0});
    post(w, "/api/auth/signin/op", w->cookies, body);
    usher_str location = answer_header("Location", ISSUER "/auth?");
    w->state = parameter(location, "state");
    w->nonce = parameter(location, "nonce");
    usher_str before = w->cookies;
    w->cookies = sent_back(before);
    body = joined("csrfToken=", w->csrf, "&user=ada", (usher_str){0});
    post(w, "/api/auth/callback/development", before, body);
    assert(usher_exchange_signed_in(exchange));
    w->session = keep(usher_str_cut(answer_header("Set-Cookie", "session-token"), ';', &rest));
    (void)usher_str_cut(w->session, '=', &w->token);
    sign_id_token(w);
}

static void set_up(void)
{
    allocator = kit_allocator(&memory);
    usher_arena_init(&kept, usher_allocator_default(), 4096, 1 << 20);
    usher_exchange_options options = {
        .size = sizeof options, .allocator = &allocator, .entropy = kit_entropy(&randomness)};
    if (usher_exchange_new(&exchange, &options, NULL)) abort();
    static const char all[] = "\"checks\":[\"state\",\"nonce\"],\"userinfo\":true";
    make_world(&worlds[0], "nextauth-4", "", all);
    make_world(&worlds[1], "authjs-5", "", all);
    make_world(&worlds[2], "authjs-5",
               "\"pages\":{\"sign_in\":\"/in\",\"error\":\"/oops\",\"sign_out\":\"/out\"},", all);
    make_world(&worlds[3], "nextauth-4", "", "\"pkce\":false,\"checks\":[\"state\"]");
    make_world(&worlds[4], "authjs-5", "", "\"checks\":[\"nonce\"]");
}

/* --- the input ---------------------------------------------------------------------------------
 */

static usher_str secret_of(const world *w, char letter)
{
    switch (letter) {
    case 'C': return w->cookies;
    case 'S': return w->session;
    case 'T': return w->token;
    case 'X': return w->csrf;
    case 's': return w->state;
    case 'n': return w->nonce;
    case 'I': return w->id_token;
    case 'J': return USHER_STR(SAMPLE_JWKS);
    case 'M': return usher_str_of(metadata, sizeof metadata - 1);
    default: return (usher_str){0};
    }
}

/* With the secrets written out; absent if that is too long. */
static usher_str expand(char out[INPUT_MAX], const world *w, usher_str text)
{
    size_t len = 0;

    for (size_t i = 0; i < text.len; i++) {
        usher_str piece = {text.ptr + i, 1};
        if (text.ptr[i] == '$' && i + 1 < text.len) {
            usher_str secret = secret_of(w, text.ptr[i + 1]);
            if (secret.ptr) piece = secret, i++;
        }
        if (piece.len > INPUT_MAX - len) return (usher_str){0};
        memcpy(out + len, piece.ptr, piece.len);
        len += piece.len;
    }
    return (usher_str){out, len};
}

static void read_input(visit *v, usher_str text)
{
    size_t end = usher_str_find(text, USHER_STR("\n=\n"));
    usher_str line, target;

    if (end != SIZE_MAX) {
        v->answers = usher_str_from(text, end + 3);
        text.len = end;
    }
    line = usher_str_cut(text, '\n', &text);
    v->request.method = usher_str_cut(line, ' ', &target);
    v->request.target = target;
    while (text.len && v->request.header_count < HEADERS) {
        usher_header *h = &v->headers[v->request.header_count];
        line = usher_str_cut(text, '\n', &text);
        if (line.len == 0) break;
        h->name = usher_str_cut(line, ':', &h->value);
        h->value = usher_str_trim(h->value);
        v->request.header_count++;
    }
    v->request.headers = v->headers;
    v->request.body = text;
}

static operation *operation_of(char letter)
{
    switch (letter) {
    case 'g': return usher_guard;
    case 'f': return usher_forward_auth;
    case 's': return usher_get_session;
    case 't': return usher_get_token;
    default: return usher_handle;
    }
}

/* --- what must hold ----------------------------------------------------------------------------
 */

/* Nobody signs in without something that only we could have given out; forms, queries and JSON have
 * their own spellings of it, so the text is read both ways. */
static bool has_secret(usher_str text, usher_str secret)
{
    static char plain[INPUT_MAX];
    size_t len = 0;

    for (size_t i = 0; i < text.len; i++) {
        bool percent = text.ptr[i] == '%' && text.len - i > 2;
        bool json = text.ptr[i] == '\\' && text.len - i > 5 && text.ptr[i + 1] == 'u';
        size_t digits = i + (percent ? 1 : 4);
        char hex[3] = {0};
        if (percent || json) memcpy(hex, text.ptr + digits, 2);
        char *stop = hex;
        long c = strtol(hex, &stop, 16);
        plain[len++] = stop == hex + 2 ? (char)c : text.ptr[i];
        if (stop == hex + 2) i = digits + 1;
    }
    return secret.len && usher_str_find((usher_str){plain, len}, secret) != SIZE_MAX;
}

static bool clean(usher_str s)
{
    for (size_t i = 0; i < s.len; i++)
        if ((unsigned char)s.ptr[i] < ' ' || s.ptr[i] == 0x7f) return false;
    return true;
}

/* Where the browser is sent is ours, or the provider's door. */
static void check_location(const visit *v, usher_str location)
{
    usher_str again;
    usher_url_kind kind;
    usher_url url;

    if (v->wants && usher_url_read(&url, location, NULL) == USHER_OK && url.https) return;
    usher_status rc =
        usher_url_callback(&again, &kind, &exchange->arena, location, USHER_STR(BASE), NULL);
    assert(rc == USHER_E_NOMEM || rc == USHER_E_LIMIT || kind != USHER_URL_NONE);
    assert(rc || usher_str_eq(again, location) || usher_str_starts(location, USHER_STR("/")));
}

static void check_response(const visit *v)
{
    const usher_response *r = usher_exchange_response(exchange);
    usher_str rest;

    assert(r->status == 0 || (r->status >= 200 && r->status < 600));
    assert(v->run != usher_handle || r->status);
    for (size_t i = 0; i < r->header_count; i++) {
        const usher_header *h = &r->headers[i];
        assert(h->name.len && clean(h->name) && clean(h->value));
        if (usher_str_eq(h->name, USHER_STR("Location"))) check_location(v, h->value);
        if (!usher_str_eq(h->name, USHER_STR("Set-Cookie"))) continue;
        usher_str name = usher_str_cut(h->value, '=', &rest);
        assert(name.len && usher_str_find(rest, USHER_STR("; HttpOnly")) != SIZE_MAX);
        for (size_t j = 0; j < i; j++) /* one line for each name */
            assert(!usher_str_eq(r->headers[j].name, h->name) ||
                   !usher_str_eq(usher_str_cut(r->headers[j].value, '=', &rest), name));
    }
}

/* The site's "open": "/" and "/docs/" with a star. */
static bool is_open(usher_str target)
{
    usher_str query, path = usher_str_cut(target, '?', &query);

    return usher_str_eq(path, USHER_STR("/")) || usher_str_eq(path, USHER_STR("/docs")) ||
           (usher_str_starts(path, USHER_STR("/docs/")) && !usher_str_has(path, '%') &&
            usher_str_find(path, USHER_STR("/..")) == SIZE_MAX);
}

static void check_answer(const visit *v)
{
    const usher_request *r = &v->request;
    const usher_session *s = usher_exchange_session(exchange);
    bool valid = usher_exchange_verdict(exchange) == USHER_SESSION_VALID;
    usher_decision decision = usher_exchange_decision(exchange);

    check_response(v);
    assert(valid == (s != NULL));
    if (usher_exchange_signed_in(exchange))
        assert(has_secret(r->body, v->w->csrf) || has_secret(r->body, v->w->state) ||
               (!v->w->state.len && v->wants) || /* its PKCE and nonce cookies say so alone */
               has_secret(r->target, v->w->state));
    if (usher_exchange_signed_out(exchange)) assert(has_secret(r->body, v->w->csrf));
    if (valid) assert(usher_str_eq(s->email, USHER_STR("ada@example.com")));
    bool asks = v->run == usher_guard || v->run == usher_forward_auth;
    assert(asks == (decision != USHER_UNDECIDED));
    if (v->run == usher_guard && decision == USHER_ALLOW && !valid) assert(is_open(r->target));
    if (decision == USHER_DENY) assert(usher_exchange_response(exchange)->status >= 302);
}

/* Could not tell: nothing is said, set or cleared. */
static void check_failure(usher_status rc)
{
    const usher_response *r = usher_exchange_response(exchange);

    assert((rc == USHER_E_NOMEM && memory.failed) || rc == USHER_E_LIMIT);
    assert(r->status == 0 && r->header_count == 0 && r->body.len == 0);
    assert(usher_exchange_verdict(exchange) == USHER_NO_SESSION);
    assert(usher_exchange_decision(exchange) == USHER_UNDECIDED);
    assert(!usher_exchange_signed_in(exchange) && !usher_exchange_signed_out(exchange));
}

/* Nothing of a request is left for the next: the same one is answered the same. */
static void repeat(visit *v, usher_str answers)
{
    const usher_response *r = usher_exchange_response(exchange);
    int status = r->status;
    size_t headers = r->header_count, body = r->body.len;
    usher_verdict verdict = usher_exchange_verdict(exchange);
    usher_decision decision = usher_exchange_decision(exchange);

    v->answers = answers;
    randomness.seed = 7;
    if (perform(v)) abort();
    r = usher_exchange_response(exchange);
    assert(status == r->status && headers == r->header_count && body == r->body.len);
    assert(verdict == usher_exchange_verdict(exchange));
    assert(decision == usher_exchange_decision(exchange));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static char room[INPUT_MAX];
    static size_t live;

    if (!exchange) set_up();
    if (size < 5 || data[4] != '\n') return 0;
    size_t world_index = (size_t)(uint8_t)(data[1] - '4');
    visit v = {.w = &worlds[world_index < sizeof worlds / sizeof *worlds ? world_index : 0],
               .run = operation_of((char)data[0]),
               .request = {.size = sizeof v.request, .peer_trusted = (data[3] | 32) == 't'},
               .twice = !(data[3] & 32)};
    usher_str text = expand(room, v.w, (usher_str){(const char *)data + 5, size - 5});
    read_input(&v, text);
    usher_str answers = v.answers;
    if (!live) live = (usher_exchange_forget(exchange), memory.live);
    randomness.seed = 7;
    memory.calls = 0;
    memory.failed = false;
    memory.fail_at = data[2] == '~' ? SIZE_MAX : data[2];
    usher_status rc = perform(&v);
    memory.fail_at = SIZE_MAX;
    if (rc)
        check_failure(rc);
    else
        check_answer(&v);
    if (!rc && v.twice) repeat(&v, answers);
    usher_exchange_forget(exchange);
    assert(memory.live == live);
    return 0;
}
