/* A whole request, and what the provider answers to the wants that come of it. Line 1 of the input:
 *   the operation ('h' handle, 'g' guard, 'f' forward-auth, 's' session, 't' token),
 *   the profile ('4', '5'; '6': 5 with pages of its own; '7': 4 with state alone, '8': 5 with the
 *   nonce alone, both without userinfo),
 *   the allocation that fails ('~': none),
 *   the peer ('t' trusted; a capital: the request is made twice).
 * Then as fuzz_rig.h and authjs_rig.h say. */
#include "flow/authjs_rig.h"

static world worlds[5];

/* --- the worlds ------------------------------------------------------------------------------- */

static void set_up(void)
{
    make_exchange();
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

    assert(r->status == 0 || (r->status >= 200 && r->status < 600));
    assert(v->run != usher_handle || r->status);
    check_headers(r);
    for (size_t i = 0; i < r->header_count; i++)
        if (usher_str_eq(r->headers[i].name, USHER_STR("Location")))
            check_location(v, r->headers[i].value);
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
        assert(has_secret(r->body, v->w->of['X']) || has_secret(r->body, v->w->of['s']) ||
               (!v->w->of['s'].len && v->wants) || /* its PKCE and nonce cookies say so alone */
               has_secret(r->target, v->w->of['s']));
    if (usher_exchange_signed_out(exchange)) assert(has_secret(r->body, v->w->of['X']));
    if (valid) assert(usher_str_eq(s->email, USHER_STR("ada@example.com")));
    bool asks = v->run == usher_guard || v->run == usher_forward_auth;
    assert(asks == (decision != USHER_UNDECIDED));
    if (v->run == usher_guard && decision == USHER_ALLOW && !valid) assert(is_open(r->target));
    if (decision == USHER_DENY) assert(usher_exchange_response(exchange)->status >= 302);
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

    if (!exchange) set_up();
    if (size < 5 || data[4] != '\n') return 0;
    size_t at = (size_t)(uint8_t)(data[1] - '4');
    visit v = {.w = &worlds[at < sizeof worlds / sizeof *worlds ? at : 0],
               .run = operation_of((char)data[0]),
               .wants_max = 7, /* two documents asked for twice at most, tokens, userinfo */
               .request = {.size = sizeof v.request, .peer_trusted = (data[3] | 32) == 't'}};
    read_input(&v, expand(room, v.w, (usher_str){(const char *)data + 5, size - 5}));
    usher_str answers = v.answers;
    usher_status rc = run(&v, data[2]);
    if (rc)
        check_failure(rc);
    else
        check_answer(&v);
    if (!rc && !(data[3] & 32)) repeat(&v, answers);
    come_to_rest();
    return 0;
}
