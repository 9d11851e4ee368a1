/* A request to a site that asks its program on the way: callbacks, an encoding of its own, rows of
 * a store; and what these answer, which may be anything. Line 1 of the input: the operation ('h'
 * handle, 'g' guard, 'f' forward-auth, 's' session, 't' token, 'u' update, with the body for
 * changes, 'c' CSRF token), the site ('4' nextauth-4 and '5' authjs-5 with every callback, '6'
 * authjs-5 with sessions that are rows, '7' the same with callbacks, '8' nextauth-4 with tokens
 * that the program makes, '9' nextauth-4, ':' authjs-5 and ';' robojs with rows, whose program
 * judges the form of a provider "form", '<' authjs-5 with rows and tokens of nextauth-4 that become
 * some, '=' with tokens and rows that become some), the allocation that fails ('~': none). Then as
 * fuzz_rig.h and authjs_rig.h say; $R is the row of the session $S of a site with rows. */
#include "flow/authjs_rig.h"
#include "session/row.h"

#define HOOKS "\"hooks\":[\"jwt\",\"session\",\"sign_in\",\"redirect\",\"events\"],"
#define FORM  "\"hooks\":[\"jwt\",\"sign_in\",\"events\",\"authorize\"],"
#define ROWS  "\"session\":{\"strategy\":\"database\"},"
#define MOVES_TO_ROWS                                                                              \
    "\"cookies\":{\"session\":{\"name\":\"key\"}},"                                                \
    "\"accept\":[{\"profile\":\"nextauth-4\",\"subject\":\"account\",\"provider\":\"op\"}],"
#define MOVES_TO_TOKENS "\"accept\":[{\"profile\":\"authjs-5\",\"strategy\":\"database\"}],"
#define ROW_NAME        "row-1-of-a-session"

typedef struct program_site {
    world w;
    bool rows, encodes;
    bool moves; /* what it has are the others', until it has been asked for */
} program_site;

static program_site sites[10];
static const program_site *current;

/* What the answers so far allow. */
static struct {
    bool row, owner, decoded, created, authorized;
    bool unwritten; /* a token was not made: what it was for did not happen */
    bool blind;     /* who had to be asked could not tell */
} granted;

/* --- the worlds ------------------------------------------------------------------------------- */

/* The visitor of a site that asks nobody, whose secret and cookies are the same. */
static void make_program_site(program_site *s, const char *profile, const char *more)
{
    static const char checks[] = "\"checks\":[\"state\",\"nonce\"]";
    usher_site *plain;

    make_world(&s->w, profile, "", checks);
    plain = s->w.site;
    make_site_of(&s->w, profile, more, checks);
    usher_site_unref(plain);
    s->moves = strstr(more, "accept") != NULL;
    s->rows = strstr(more, "\"session\":{\"strategy\":\"database\"") != NULL;
    s->encodes = strstr(more, "\"hook\"") != NULL;
    if (s->moves == s->rows) return; /* the visitor has the token that was sealed before */
    s->w.of['T'] = USHER_STR(ROW_NAME);
    s->w.of['S'] = USHER_STR("authjs.session-token=" ROW_NAME);
    s->w.of['R'] = USHER_STR("{\"session\":{\"sessionToken\":\"" ROW_NAME "\",\"userId\":\"u1\","
                             "\"expires\":\"2026-01-20T00:00:00.000Z\"},\"user\":{\"id\":\"u1\","
                             "\"name\":\"Ada\",\"email\":\"ada@example.com\"}}");
}

static void set_up(void)
{
    make_exchange();
    make_program_site(&sites[0], "nextauth-4", HOOKS);
    make_program_site(&sites[1], "authjs-5", HOOKS);
    make_program_site(&sites[2], "authjs-5", ROWS);
    make_program_site(&sites[3], "authjs-5", HOOKS ROWS);
    make_program_site(&sites[4], "nextauth-4", "\"session\":{\"token\":\"hook\"},");
    make_program_site(&sites[5], "nextauth-4", FORM);
    make_program_site(&sites[6], "authjs-5", FORM);
    make_program_site(&sites[7], "robojs", FORM ROWS);
    make_program_site(&sites[8], "nextauth-4", MOVES_TO_ROWS ROWS);
    make_program_site(&sites[9], "authjs-5", MOVES_TO_TOKENS);
    may_be_told_nonsense = true;
}

/* --- the input -------------------------------------------------------------------------------- */

static usher_status update(usher_exchange *ex, usher_want *want, usher_error *err)
{
    usher_json_object object;
    usher_status rc = usher_json_read_object(&object, &ex->arena, ex->request->body,
                                             &usher_json_limits_claims, NULL);

    /* what is no object is the caller's mistake, told as such, and no answer */
    rc = usher_update_session(ex, rc ? USHER_STR("{}") : ex->request->body, want, err);
    return rc;
}

static operation *operation_of(char letter)
{
    switch (letter) {
    case 'g': return usher_guard;
    case 'f': return usher_forward_auth;
    case 's': return usher_get_session;
    case 't': return usher_get_token;
    case 'u': return update;
    case 'c': return usher_get_csrf_token;
    default: return usher_handle;
    }
}

/* --- what must hold --------------------------------------------------------------------------- */

static bool is_object(usher_str json)
{
    usher_json value;

    return !usher_json_read(&value, json, &usher_json_limits_claims, NULL) &&
           value.type == USHER_JSON_OBJECT;
}

/* What is asked can be passed on as it is: objects, and texts that name something. */
static void watch(visit *v, const usher_want *want, const usher_event *event)
{
    (void)v;
    if (want->kind == USHER_WANT_HOOK) {
        const usher_hook *h = &want->hook;
        assert(h->kind && h->cookie_name.len);
        assert(h->kind == USHER_HOOK_DECODE ? current->encodes && h->value.len
                                            : is_object(h->value));
        assert((h->kind == USHER_HOOK_EVENT) == (h->name.len != 0));
        granted.blind |= h->kind != USHER_HOOK_EVENT && h->kind != USHER_HOOK_AUTHORIZE &&
                         h->kind != USHER_HOOK_ENCODE && event->kind == USHER_EVENT_HOOK_FAILED;
        granted.unwritten |= h->kind == USHER_HOOK_ENCODE && event->kind != USHER_EVENT_HOOKED;
        granted.authorized |= h->kind == USHER_HOOK_AUTHORIZE && event->kind == USHER_EVENT_HOOKED;
        granted.decoded |= h->kind == USHER_HOOK_DECODE && event->kind == USHER_EVENT_HOOKED;
    } else if (want->kind == USHER_WANT_STORE) {
        const usher_store *s = &want->store;
        assert(usher_store_op_word(s->op)[0] && (s->id.len || s->value.len));
        assert(s->id.len <= USHER_ROW_TOKEN_MAX && (!s->value.ptr || is_object(s->value)));
        bool stored = event->kind == USHER_EVENT_STORED;
        granted.blind |= !stored && s->op == USHER_STORE_GET_SESSION_AND_USER;
        granted.row |= stored && s->op == USHER_STORE_GET_SESSION_AND_USER &&
                       !usher_str_eq(event->value, USHER_STR("null"));
        granted.blind |= !stored && s->op == USHER_STORE_GET_USER_BY_ACCOUNT;
        granted.owner |= stored && s->op == USHER_STORE_GET_USER_BY_ACCOUNT &&
                         !usher_str_eq(event->value, USHER_STR("null"));
        granted.created |= stored && s->op == USHER_STORE_CREATE_SESSION;
    }
}

static bool sent(const visit *v, usher_str text)
{
    for (size_t i = 0; i < v->request.header_count; i++)
        if (usher_str_find(v->request.headers[i].value, text) != SIZE_MAX) return true;
    return false;
}

/* Nobody has a session who did not bring one, and that is judged by whoever keeps it. */
static void check_session(const visit *v)
{
    const usher_session *s = usher_exchange_session(exchange);
    bool valid = usher_exchange_verdict(exchange) == USHER_SESSION_VALID;

    assert(valid == (s != NULL));
    if (!s || usher_exchange_signed_in(exchange)) return;
    assert(is_object(usher_session_claims(s)));
    assert(current->moves && current->rows
               ? granted.row || (granted.owner && sent(v, v->w->of['T']))
           : current->rows    ? granted.row
           : current->encodes ? granted.decoded
           : current->moves   ? granted.row || sent(v, v->w->of['T'])
                              : sent(v, v->w->of['T']));
}

static void check_answer(const visit *v)
{
    const usher_request *r = &v->request;
    const usher_response *response = usher_exchange_response(exchange);
    usher_decision decision = usher_exchange_decision(exchange);
    bool asks = v->run == usher_guard || v->run == usher_forward_auth;

    assert(!granted.blind);
    check_headers(response);
    assert(response->status == 0 || (response->status >= 200 && response->status < 600));
    assert(v->run != usher_handle || response->status);
    check_session(v);
    assert(!granted.unwritten || !usher_exchange_session_written(exchange));
    if (usher_exchange_signed_in(exchange)) {
        assert(!granted.unwritten);
        assert(has_secret(r->body, v->w->of['X']) || has_secret(r->target, v->w->of['s']));
        assert(!current->rows || granted.created);
        assert(granted.authorized ==
               usher_str_eq(usher_exchange_provider(exchange), USHER_STR("form")));
    }
    if (usher_exchange_signed_out(exchange)) assert(has_secret(r->body, v->w->of['X']));
    assert(asks == (decision != USHER_UNDECIDED));
    if (v->run == usher_guard && decision == USHER_ALLOW && !usher_exchange_session(exchange))
        assert(is_open(r->target));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static char room[INPUT_MAX];

    if (!exchange) set_up();
    if (size < 4 || data[3] != '\n') return 0;
    size_t at = (size_t)(uint8_t)(data[1] - '4');
    current = &sites[at < sizeof sites / sizeof *sites ? at : 0];
    memset(&granted, 0, sizeof granted);
    visit v = {.w = &current->w,
               .run = operation_of((char)data[0]),
               .wants_max = 24,
               .watch = watch,
               .request = {.size = sizeof v.request}};
    read_input(&v, expand(room, v.w, (usher_str){(const char *)data + 4, size - 4}));
    usher_status rc = run(&v, data[2]);
    if (rc)
        check_failure(rc);
    else
        check_answer(&v);
    come_to_rest();
    return 0;
}
