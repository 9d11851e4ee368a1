/* A request to the routes of Auth0's SDK, and what the provider answers to the wants that come of
 * it. Line 1 of the input: the site ('a' defaults, 'b' other settings), the allocation that fails
 * ('~': none); then as fuzz_rig.h says. A visitor who began a sign-in and finished two others has
 *   $s $n $I  state, nonce, ID token of the one that is under way, $C its cookie,
 *   $S $D     session cookies; the access token of the second is over. */
#include "flow/fuzz_rig.h"

static const char metadata[] = METADATA("\"end_session_endpoint\":\"" ISSUER "/bye\","
                                        "\"revocation_endpoint\":\"" ISSUER "/revoke\"");

static world worlds[2];

/* --- the worlds ------------------------------------------------------------------------------- */

static void begin(world *w)
{
    usher_str rest, claims, location;

    ask(w, USHER_STR("/auth/login?returnTo=/x"), (usher_str){0}, (usher_str){0},
        text("200 application/json\n$", kit_str(metadata), (usher_str){0}));
    location = answer_header("Location", ISSUER "/auth?");
    w->of['C'] = usher_str_cut(answer_header("Set-Cookie", "__txn_"), ';', &rest);
    w->of['s'] = parameter(location, "state");
    w->of['n'] = parameter(location, "nonce");
    claims = text("{\"iss\":\"" ISSUER "\",\"sub\":\"user-1\",\"aud\":\"client\","
                  "\"iat\":1767225600,\"exp\":1767225900,\"nonce\":\"$\",\"name\":\"Ada L.\","
                  "\"auth_time\":1767225600,"
                  "\"sid\":\"S\",\"email\":\"ada@example.com\"}",
                  w->of['n'], (usher_str){0});
    w->of['I'] = sample_sign(&kept, true, USHER_STR("{\"alg\":\"EdDSA\",\"kid\":\"ed\"}"), claims);
}

static usher_str sign_in(world *w, const char *tokens)
{
    usher_str documents, answers, rest;

    begin(w);
    documents = text("200 application/json\n$\n=\n200 application/json\n", kit_str(metadata),
                     (usher_str){0});
    answers = text(tokens, w->of['I'], (usher_str){0});
    answers = text("$$", documents, answers);
    answers = text("$\n=\n200 application/json\n$", answers, USHER_STR(SAMPLE_JWKS));
    ask(w, text("/auth/callback?code=c&state=$", w->of['s'], (usher_str){0}), w->of['C'],
        (usher_str){0}, answers);
    assert(usher_exchange_signed_in(exchange));
    return usher_str_cut(answer_header("Set-Cookie", "__session="), ';', &rest);
}

static void make_world(world *w, const char *more)
{
    char json[2048];

    snprintf(json, sizeof json,
             "{\"site\":{\"base_url\":\"" BASE "\",\"development\":true,\"profile\":\"auth0-4\","
             "\"secret\":\"0123456789abcdef-test-only-0123456789abcdef\",%s"
             "\"providers\":[{\"issuer\":\"" ISSUER "\",\"client_id\":\"client\","
             "\"client_secret\":\"a-client-secret\",\"id_token_alg\":\"EdDSA\"}]}}",
             more);
    make_site(w, json);
    w->of['M'] = usher_str_of(metadata, sizeof metadata - 1);
    w->of['D'] = sign_in(w, "{\"access_token\":\"at-0\",\"token_type\":\"Bearer\",\"expires_in\":0,"
                            "\"id_token\":\"$\",\"refresh_token\":\"rt-0\",\"scope\":\"openid\"}");
    w->of['S'] = sign_in(w, "{\"access_token\":\"at-1\",\"token_type\":\"Bearer\","
                            "\"expires_in\":60,\"id_token\":\"$\",\"refresh_token\":\"rt-1\"}");
    begin(w);
}

static void set_up(void)
{
    make_exchange();
    make_world(&worlds[0], "");
    make_world(&worlds[1],
               "\"session\":{\"rolling\":false,\"claims_max\":\"2KiB\"},"
               "\"accept\":[{\"profile\":\"authjs-5\"}],"
               "\"auth0\":{\"logout_strategy\":\"v2\",\"profile_no_content\":true,"
               "\"token_refresh_buffer\":30,\"id_token_hint\":false,"
               "\"authorization_parameters\":[\"audience=https://api\",\"max_age=9\"]},");
}

/* --- what must hold --------------------------------------------------------------------------- */

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

    check_headers(r);
    for (size_t i = 0; i < r->header_count; i++) {
        const usher_header *h = &r->headers[i];
        cache |= usher_str_eq(h->name, USHER_STR("Cache-Control")) &&
                 usher_str_find(h->value, USHER_STR("no-store")) != SIZE_MAX;
        assert(!profile || !usher_str_eq(h->name, USHER_STR("Set-Cookie")));
        if (!usher_str_eq(h->name, USHER_STR("Location"))) continue;
        check_location(v, h->value);
        redirect = true;
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
        assert(has(cookies, v->w->of['S']) || has(cookies, v->w->of['D']));
    if (usher_exchange_signed_in(exchange)) assert(has(cookies, v->w->of['C']) && v->wants > 2);
    assert(!usher_exchange_signed_out(exchange) ||
           usher_str_starts(v->request.target, USHER_STR("/auth/logout")));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static char room[INPUT_MAX];

    if (!exchange) set_up();
    if (size < 3 || data[2] != '\n') return 0;
    visit v = {.w = &worlds[data[0] == 'b'],
               .run = usher_handle,
               .wants_max = 6, /* two documents asked for twice at most, tokens */
               .request = {.size = sizeof v.request}};
    usher_str all = expand(room, v.w, (usher_str){(const char *)data + 3, size - 3});
    read_input(&v, all);
    usher_status rc = run(&v, data[1]);
    if (rc)
        check_failure(rc);
    else
        check_answer(&v, all);
    come_to_rest();
    return 0;
}
