/* A request to a site of Auth0's profile, and what the provider, the program's functions and a
 * store answer to the wants that come of it. Line 1 of the input: a letter, for the site and what
 * it is asked (see kinds[]), the allocation that fails ('~': none); then as fuzz_rig.h says. A
 * visitor who began a sign-in and finished two others has $s $n $I  state, nonce, ID token of the
 * one that is under way, $C its cookie, $S $D     session cookies; the access token of the second
 * is over, $R $Q     their records, where a store has them. */
#include "flow/fuzz_rig.h"

static const char metadata[] = METADATA("\"end_session_endpoint\":\"" ISSUER "/bye\","
                                        "\"revocation_endpoint\":\"" ISSUER "/revoke\"");

#define HOOKS "\"hooks\":[\"before_session_saved\",\"on_callback\"],"
#define ROWS  "\"session\":{\"strategy\":\"database\"},"

typedef struct auth0_site {
    world w;
    bool asks, rows;
    usher_str ids[2]; /* of the visitor's records */
} auth0_site;

static auth0_site sites[5];
static const auth0_site *current;

/* What the answers so far allow. */
static struct {
    bool record, written, ended;
    bool blind; /* who had to be asked could not tell */
    bool led;   /* the program says where to go */
} granted;

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

static usher_str stored_id, stored_row;

static void note_record(visit *v, const usher_want *want, const usher_event *event)
{
    (void)v, (void)event;
    if (want->kind != USHER_WANT_STORE || want->store.op != USHER_STORE_SET_RECORD) return;
    stored_id = keep(want->store.id);
    stored_row = keep(want->store.value);
}

/* A store is told of the session last, and has nothing to say. */
static usher_str sign_in(world *w, const char *tokens)
{
    usher_str documents, answers, rest;

    begin(w);
    documents = text("200 application/json\n$\n=\n200 application/json\n", kit_str(metadata),
                     (usher_str){0});
    answers = text(tokens, w->of['I'], (usher_str){0});
    answers = text("$$", documents, answers);
    answers = text("$\n=\n200 application/json\n$\n=\n{}", answers, USHER_STR(SAMPLE_JWKS));
    ask(w, text("/auth/callback?code=c&state=$", w->of['s'], (usher_str){0}), w->of['C'],
        (usher_str){0}, answers);
    assert(usher_exchange_signed_in(exchange));
    return usher_str_cut(answer_header("Set-Cookie", "__session="), ';', &rest);
}

static void make_site_of(world *w, const char *more)
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
}

static void make_visitor(auth0_site *s)
{
    world *w = &s->w;

    w->of['D'] = sign_in(w, "{\"access_token\":\"at-0\",\"token_type\":\"Bearer\",\"expires_in\":0,"
                            "\"id_token\":\"$\",\"refresh_token\":\"rt-0\",\"scope\":\"openid\"}");
    w->of['Q'] = stored_row;
    s->ids[1] = stored_id;
    w->of['S'] = sign_in(w, "{\"access_token\":\"at-1\",\"token_type\":\"Bearer\","
                            "\"expires_in\":60,\"id_token\":\"$\",\"refresh_token\":\"rt-1\"}");
    w->of['R'] = stored_row;
    s->ids[0] = stored_id;
    begin(w);
}

/* The visitor of a site that asks no function, whose secret and cookies are the same. */
static void make_world(auth0_site *s, const char *hooks, const char *more)
{
    char all[1024];
    usher_site *plain;

    s->rows = strstr(more, "database") != NULL;
    s->asks = hooks[0] != 0;
    stored_id = stored_row = (usher_str){0};
    make_site_of(&s->w, more);
    make_visitor(s);
    if (!s->asks) return;
    plain = s->w.site;
    snprintf(all, sizeof all, "%s%s", hooks, more);
    make_site_of(&s->w, all);
    usher_site_unref(plain);
}

static void set_up(void)
{
    make_exchange();
    overhears = note_record;
    make_world(&sites[0], "", "");
    make_world(&sites[1], "",
               "\"session\":{\"rolling\":false,\"claims_max\":\"2KiB\"},"
               "\"accept\":[{\"profile\":\"authjs-5\"}],"
               "\"auth0\":{\"logout_strategy\":\"v2\",\"profile_no_content\":true,"
               "\"token_refresh_buffer\":30,\"id_token_hint\":false,"
               "\"authorization_parameters\":[\"audience=https://api\",\"max_age=9\"]},");
    make_world(&sites[2], HOOKS, "");
    make_world(&sites[3], "", ROWS);
    make_world(&sites[4], HOOKS, ROWS);
}

/* --- the input -------------------------------------------------------------------------------- */

static usher_status update(usher_exchange *ex, usher_want *want, usher_error *err)
{
    usher_json_object o;
    usher_str changes = ex->request->body;
    usher_status rc =
        usher_json_read_object(&o, &ex->arena, changes, &usher_json_limits_claims, NULL);

    /* what is no session is the caller's mistake, told as such, and no answer */
    if (rc || usher_json_get(&o, USHER_STR("user")).type != USHER_JSON_OBJECT)
        changes = USHER_STR("{\"user\":{\"sub\":\"user-1\"}}");
    return usher_update_session(ex, changes, want, err);
}

/* The body is the audience. */
static usher_status access_token(usher_exchange *ex, usher_want *want, usher_error *err)
{
    usher_str audience = ex->request->body;
    usher_access_token_question q = {.size = sizeof q};

    if (audience.len && audience.len < 1000) q.audience = audience;
    q.refresh = audience.len == 0;
    return usher_get_access_token(ex, &q, want, err);
}

/* By the letter, from 'a' on. */
static const struct {
    size_t site;
    operation *run;
} kinds[] = {
    {0, usher_handle},      /* as it comes */
    {1, usher_handle},      /* other settings */
    {2, usher_handle},      /* with the program's functions */
    {3, usher_handle},      /* with a store */
    {4, usher_handle},      /* with both */
    {2, access_token},      /* its body: for whom */
    {4, access_token},      /* the same */
    {3, usher_get_session}, /* renewed */
    {3, update},            /* its body: what changes */
    {3, usher_guard},
};

/* --- what must hold --------------------------------------------------------------------------- */

/* Ours, or the provider's as its document has it; a browser takes neither for another place. */
static void check_location(const visit *v, usher_str location)
{
    usher_url url;

    if (granted.led) return; /* the program's own */
    assert(!usher_url_read(&url, location, NULL));
    if (usher_exchange_signed_in(exchange))
        assert(usher_str_starts(location, USHER_STR(BASE "/")));
    else
        assert(url.https && v->wants);
}

static bool is_object(usher_str json)
{
    usher_json value;

    return !usher_json_read(&value, json, &usher_json_limits_claims, NULL) &&
           value.type == USHER_JSON_OBJECT;
}

static bool is_null(usher_str json)
{
    usher_json value;

    return usher_json_read(&value, json, &usher_json_limits_claims, NULL) == USHER_OK &&
           value.type == USHER_JSON_NULL;
}

static void watch_hook(const usher_hook *h, const usher_event *event)
{
    bool led = h->kind == USHER_HOOK_ON_CALLBACK;
    usher_json value;

    assert(current->asks && is_object(h->value) && !h->name.len);
    assert(led || h->kind == USHER_HOOK_BEFORE_SESSION_SAVED);
    granted.blind |= led && event->kind == USHER_EVENT_HOOK_FAILED;
    granted.led |= led && event->kind == USHER_EVENT_HOOKED &&
                   !usher_json_read(&value, event->value, &usher_json_limits_document, NULL) &&
                   value.type == USHER_JSON_STRING;
}

/* Only what is sealed in the visitor's cookie is looked for, and a new session has a new id. */
static void watch_store(const usher_store *s, const usher_event *event)
{
    bool stored = event->kind == USHER_EVENT_STORED;
    bool known = usher_str_eq(s->id, current->ids[0]) || usher_str_eq(s->id, current->ids[1]);

    assert(current->rows && usher_store_op_word(s->op)[0]);
    switch (s->op) {
    case USHER_STORE_GET_RECORD:
        assert(known);
        granted.blind |= !stored;
        granted.record |= stored && !is_null(event->value);
        break;
    case USHER_STORE_SET_RECORD:
        assert(!known && s->id.len == 32 && is_object(s->value) && s->expires_ms > NOW_S * 1000);
        granted.written |= stored;
        break;
    case USHER_STORE_REPLACE_RECORD:
        assert(known && granted.record && is_object(s->value));
        granted.written |= stored && !is_null(event->value);
        break;
    case USHER_STORE_DELETE_RECORD:
        assert(known);
        granted.ended |= stored;
        break;
    default: assert(false && "no step of a store of records");
    }
}

static void watch(visit *v, const usher_want *want, const usher_event *event)
{
    (void)v;
    if (want->kind == USHER_WANT_HOOK) watch_hook(&want->hook, event);
    if (want->kind == USHER_WANT_STORE) watch_store(&want->store, event);
}

/* A cookie with the id of a record that nobody keeps is none to give out. */
static void check_rows(const usher_response *r)
{
    usher_str value, rest;

    assert(!usher_exchange_signed_in(exchange) || granted.written);
    assert(!usher_exchange_signed_out(exchange) || granted.ended);
    for (size_t i = 0; i < r->header_count; i++) {
        if (!usher_str_eq(r->headers[i].name, USHER_STR("Set-Cookie"))) continue;
        if (!usher_str_eq(usher_str_cut(r->headers[i].value, '=', &value), USHER_STR("__session")))
            continue;
        assert(!usher_str_cut(value, ';', &rest).len || granted.written);
    }
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
    assert(cache || v->run != usher_handle); /* whatever these routes say is nobody else's */
    if (current->rows) check_rows(r);
}

static bool has(usher_str in, usher_str secret)
{
    return secret.len && usher_str_find(in, secret) != SIZE_MAX;
}

/* What no function of the program may say: when it began, and what it is known by. */
static void check_internal(const usher_session *s)
{
    usher_str claims = usher_session_claims(s);
    usher_json_object o;
    usher_json internal;

    assert(!usher_json_read_object(&o, &exchange->arena, claims, &usher_json_limits_claims, NULL));
    internal = usher_json_get(&o, USHER_STR("internal"));
    assert(usher_str_find(internal.text, USHER_STR("\"createdAt\":1767225600")) != SIZE_MAX);
    assert(usher_json_get(&o, USHER_STR("user")).type == USHER_JSON_OBJECT);
    assert(usher_json_get(&o, USHER_STR("tokenSet")).type == USHER_JSON_OBJECT);
}

/* States may be spelled with escapes; then a part of them says as much. */
static void check_answer(const visit *v, usher_str cookies)
{
    const usher_session *s = usher_exchange_session(exchange);
    bool valid = usher_exchange_verdict(exchange) == USHER_SESSION_VALID;
    bool signed_in = usher_exchange_signed_in(exchange);
    int status = usher_exchange_response(exchange)->status;

    assert(!granted.blind);
    check_response(v);
    assert(status == 200 || status == 204 || status == 307 || (status >= 400 && status <= 405) ||
           status == 500 || (status == 0 && v->run != usher_handle));
    assert(valid == (s != NULL));
    if (valid) assert(usher_str_eq(s->email, USHER_STR("ada@example.com")) || v->wants);
    if (valid && (signed_in || !current->rows)) check_internal(s);
    if (valid && !signed_in)
        assert((has(cookies, v->w->of['S']) || has(cookies, v->w->of['D'])) &&
               (!current->rows || granted.record));
    if (signed_in) assert(has(cookies, v->w->of['C']) && v->wants > 2);
    assert(!usher_exchange_signed_out(exchange) ||
           usher_str_starts(v->request.target, USHER_STR("/auth/logout")));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static char room[INPUT_MAX];

    if (!exchange) set_up();
    if (size < 3 || data[2] != '\n') return 0;
    size_t kind = (uint8_t)(data[0] - 'a');
    if (kind >= sizeof kinds / sizeof *kinds) kind = 0;
    current = &sites[kinds[kind].site];
    memset(&granted, 0, sizeof granted);
    may_be_told_nonsense = current->asks || current->rows;
    visit v = {.w = &current->w,
               .run = kinds[kind].run,
               .wants_max = 12, /* two documents asked for twice, tokens; functions; a store */
               .watch = watch,
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
