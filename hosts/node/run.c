/* run - operations on exchanges. A call either ends at once and hands its result out as a text, or
 * the exchange waits: then the text says what it wants and its number, by which it is resumed. */
#include <time.h>

#include "base/error.h"
#include "base/str.h"
#include "hosts/node/addon.h"
#include "wire/json.h"

#define HEADERS_MAX 512 /* more are refused by the engine, too */

static usher_status update(addon_exchange *x, usher_str changes, usher_error *err)
{
    return usher_update_session(x->ex, changes, &x->want, err);
}

static usher_status ask_token(addon_exchange *x, usher_str question, usher_error *err);

static const struct {
    const char *name;
    usher_status (*run)(usher_exchange *ex, usher_want *want, usher_error *err);
    addon_answer answer;
    usher_status (*with)(addon_exchange *x, usher_str argument, usher_error *err); /* instead */
} operations[] = {
    {"session", usher_get_session, ANSWER_SESSION, NULL},
    {"token", usher_get_token, ANSWER_CLAIMS, NULL},
    {"check", usher_get_session, ANSWER_ALL, NULL},
    {"csrf", usher_get_csrf_token, ANSWER_ALL, NULL},
    {"handle", usher_handle, ANSWER_ALL, NULL},
    {"guard", usher_guard, ANSWER_ALL, NULL},
    {"update", NULL, ANSWER_ALL, update},
    {"claims", usher_get_token, ANSWER_ALL, NULL},
    {"read", usher_get_session, ANSWER_READ, NULL},
    {"touch", usher_get_session, ANSWER_TOUCH, NULL},
    {"access", NULL, ANSWER_ACCESS, ask_token},
    {"show", usher_get_session, ANSWER_SHOW, NULL},
};

static int64_t clock_ms(void)
{
    struct timespec t;

    if (clock_gettime(CLOCK_REALTIME, &t)) return 0;
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* Arguments: site, operation, method, target, headers (a flat array of names and values, or the
 * value of Cookie alone), authorization, body, read only, now (0: by the clock), argument (JSON:
 * what changes, or what token is asked for). */
enum {
    A_SITE,
    A_OPERATION,
    A_METHOD,
    A_TARGET,
    A_HEADERS,
    A_AUTHORIZATION,
    A_BODY,
    A_READ_ONLY,
    A_NOW,
    A_ARGUMENT,
    A_COUNT
};

static bool read_list(usher_header **out, size_t *count, napi_env env, usher_arena *arena,
                      napi_value list)
{
    uint32_t length = 0;
    napi_value item;

    *count = 0;
    if (napi_get_array_length(env, list, &length) != napi_ok || length % 2 ||
        length > HEADERS_MAX * 2) {
        addon_throw_type(env, "headers", "an array of at most 512 names and values");
        return false;
    }
    usher_header *headers = usher_arena_get(arena, (length / 2 + 1) * sizeof *headers);
    if (!headers) return addon_no_memory(env);
    for (uint32_t i = 0; i < length; i++) {
        usher_str *field = i % 2 ? &headers[i / 2].value : &headers[i / 2].name;
        if (napi_get_element(env, list, i, &item) != napi_ok ||
            !addon_bytes(field, env, arena, item, "a header"))
            return false;
    }
    *out = headers;
    *count = length / 2;
    return true;
}

static bool read_cookie(usher_header **out, size_t *count, napi_env env, usher_arena *arena,
                        const napi_value *args)
{
    usher_header *headers = usher_arena_get(arena, 2 * sizeof *headers);

    *count = 0;
    if (!headers) return addon_no_memory(env);
    *out = headers;
    if (addon_is(env, args[A_HEADERS], napi_string)) {
        headers[*count].name = USHER_STR("cookie");
        if (!addon_bytes(&headers[(*count)++].value, env, arena, args[A_HEADERS], "cookie"))
            return false;
    }
    if (addon_is(env, args[A_AUTHORIZATION], napi_string)) {
        headers[*count].name = USHER_STR("authorization");
        if (!addon_bytes(&headers[(*count)++].value, env, arena, args[A_AUTHORIZATION],
                         "authorization"))
            return false;
    }
    return true;
}

static bool read_request(addon_exchange *x, napi_env env, const napi_value *args)
{
    usher_header *headers = NULL;
    bool list = false, fine;

    x->request = (usher_request){.size = sizeof x->request};
    if (addon_is(env, args[A_METHOD], napi_undefined)) {
        x->request.method = USHER_STR("GET");
        x->request.target = USHER_STR("/");
    } else if (!addon_bytes(&x->request.method, env, &x->arena, args[A_METHOD], "method") ||
               !addon_bytes(&x->request.target, env, &x->arena, args[A_TARGET], "target")) {
        return false;
    }
    (void)napi_is_array(env, args[A_HEADERS], &list);
    fine = list ? read_list(&headers, &x->request.header_count, env, &x->arena, args[A_HEADERS])
                : read_cookie(&headers, &x->request.header_count, env, &x->arena, args);
    x->request.headers = headers;
    if (!fine || !addon_buffer(&x->request.body, env, &x->arena, args[A_BODY], "body"))
        return false;
    (void)napi_get_value_bool(env, args[A_READ_ONLY], &x->request.read_only);
    return true;
}

/* The text of what it waits for. It does not wait if that cannot be handed out. */
static napi_value wait(usher_status *rc, napi_env env, addon *a, addon_exchange *x,
                       usher_error *err)
{
    napi_value value = NULL;
    uint32_t number;
    usher_str text;

    if ((*rc = addon_wait(&number, a, x, err))) return NULL;
    if (!(*rc = addon_want(&text, x, number, err))) value = addon_string(env, text);
    if (!value) addon_wake(a, number);
    x->token_told |= (x->answer == ANSWER_READ || x->answer == ANSWER_SHOW) &&
                     x->want.kind == USHER_WANT_HOOK && x->want.hook.kind == USHER_HOOK_JWT;
    return value;
}

/* The end of a step: a text, or an exception. */
static napi_value settle(napi_env env, addon *a, addon_exchange *x, usher_status rc,
                         usher_error *err)
{
    napi_value value = NULL;
    usher_str text;

    if (rc == USHER_OK && x->want.kind != USHER_WANT_NOTHING) {
        value = wait(&rc, env, a, x, err);
        if (value) return value;
    } else if (rc == USHER_OK && !(rc = addon_result(&text, x, err))) {
        value = addon_string(env, text);
    }
    if (rc) addon_throw(env, rc, err);
    addon_give(a, x);
    return value;
}

static usher_status ask_token(addon_exchange *x, usher_str question, usher_error *err)
{
    usher_access_token_question q = {.size = sizeof q};
    const struct {
        const char *name;
        usher_str *text;
    } texts[] = {
        {"audience", &q.audience}, {"scope", &q.scope}, {"configuredScope", &q.default_scope}};
    usher_json_object o;
    usher_status rc =
        usher_json_read_object(&o, &x->arena, question, &usher_json_limits_claims, err);

    for (size_t i = 0; rc == USHER_OK && i < sizeof texts / sizeof *texts; i++) {
        usher_json value = usher_json_get(&o, usher_str_z(texts[i].name));

        if (value.type == USHER_JSON_STRING)
            rc = usher_json_string(texts[i].text, &x->arena, value, err);
    }
    if (rc) return rc;
    q.no_merge = usher_json_get(&o, USHER_STR("mergeScopes")).type == USHER_JSON_FALSE;
    q.refresh = usher_json_get(&o, USHER_STR("refresh")).type == USHER_JSON_TRUE;
    return usher_get_access_token(x->ex, &q, &x->want, err);
}

static usher_status begin(addon_exchange *x, usher_site *site, size_t operation, usher_str argument,
                          int64_t now_ms, usher_error *err)
{
    usher_status rc = usher_exchange_start(x->ex, site, &x->request, now_ms, err);

    x->answer = operations[operation].answer;
    if (rc) return rc;
    if (operations[operation].run) return operations[operation].run(x->ex, &x->want, err);
    return operations[operation].with(x, argument, err);
}

static bool start(usher_status *rc, addon_exchange *x, napi_env env, const napi_value *args,
                  usher_error *err)
{
    double operation, now = 0;
    usher_str argument = {0};
    usher_site *site;

    if (!addon_site_of(&site, env, args[A_SITE]) ||
        !addon_number(&operation, env, args[A_OPERATION], "operation") ||
        !read_request(x, env, args) ||
        (addon_is(env, args[A_NOW], napi_number) && !addon_number(&now, env, args[A_NOW], "now")))
        return false;
    if (!(operation >= 0 && operation < (double)(sizeof operations / sizeof *operations))) {
        addon_throw_type(env, "operation", "a number of one");
        return false;
    }
    if (!operations[(size_t)operation].run &&
        !addon_text(&argument, env, &x->arena, args[A_ARGUMENT], "changes"))
        return false;
    x->want = (usher_want){.kind = USHER_WANT_NOTHING};
    x->token_told = x->token_same = false;
    *rc = begin(x, site, (size_t)operation, argument,
                now > 0 && now < 9e15 ? (int64_t)now : clock_ms(), err);
    return true;
}

napi_value addon_run(napi_env env, napi_callback_info info)
{
    napi_value args[A_COUNT];
    addon *a = addon_of(env);
    addon_exchange *x;
    usher_error err = {0};
    usher_status rc;

    if (!a || !addon_arguments(args, A_COUNT, env, info)) return NULL;
    if ((rc = addon_take(&x, a, &err))) return addon_throw(env, rc, &err);
    if (start(&rc, x, env, args, &err)) return settle(env, a, x, rc, &err);
    addon_give(a, x);
    return NULL;
}

/* ---- waiting ------------------------------------------------------------------------------- */

static addon_exchange *waiting_at(uint32_t *number, addon *a, napi_env env, napi_value value)
{
    addon_exchange *x = NULL;

    if (a && napi_get_value_uint32(env, value, number) == napi_ok) x = addon_waiting(a, *number);
    if (a && !x) addon_throw_type(env, "number", "that of an exchange that waits");
    return x;
}

/* Nobody will resume it. */
napi_value addon_abandon(napi_env env, napi_callback_info info)
{
    addon *a = addon_of(env);
    napi_value arg;
    uint32_t number;

    if (!addon_arguments(&arg, 1, env, info)) return NULL;
    addon_exchange *x = waiting_at(&number, a, env, arg);
    if (!x) return NULL;
    addon_wake(a, number);
    addon_give(a, x);
    return NULL;
}

/* Arguments of resume: number, kind, value, now; for what was fetched also status, content type,
 * body, fetched. */
enum { E_NUMBER, E_KIND, E_VALUE, E_NOW, E_STATUS, E_TYPE, E_BODY, E_FETCHED, E_COUNT };

static bool is_absent(napi_env env, napi_value value)
{
    return addon_is(env, value, napi_undefined);
}

static bool read_kind(usher_event *event, addon_exchange *x, napi_env env, napi_value value)
{
    static const struct {
        usher_str name;
        usher_event_kind kind;
        const char *why;
    } kinds[] = {
        {USHER_STR_INIT("fetched"), USHER_EVENT_FETCHED, NULL},
        {USHER_STR_INIT("unreachable"), USHER_EVENT_FETCH_FAILED, "no answer"},
        {USHER_STR_INIT("late"), USHER_EVENT_FETCH_FAILED, "no answer in time"},
        {USHER_STR_INIT("large"), USHER_EVENT_FETCH_FAILED, "the answer is too large"},
        {USHER_STR_INIT("forbidden"), USHER_EVENT_FETCH_FAILED, "the address may not be asked"},
        {USHER_STR_INIT("hooked"), USHER_EVENT_HOOKED, NULL},
        {USHER_STR_INIT("same"), USHER_EVENT_HOOKED, NULL},
        {USHER_STR_INIT("refused"), USHER_EVENT_HOOK_REFUSED, NULL},
        {USHER_STR_INIT("threw"), USHER_EVENT_HOOK_REFUSED, "a function of the program threw"},
        {USHER_STR_INIT("failed"), USHER_EVENT_HOOK_FAILED, NULL},
        {USHER_STR_INIT("stored"), USHER_EVENT_STORED, NULL},
        {USHER_STR_INIT("conflict"), USHER_EVENT_STORE_CONFLICT, NULL},
        {USHER_STR_INIT("store_failed"), USHER_EVENT_STORE_FAILED, NULL},
    };
    char word[16]; /* the longest one, and one more */
    usher_str kind = {word, 0};

    (void)napi_get_value_string_utf8(env, value, word, sizeof word, &kind.len);
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (usher_str_eq(kind, kinds[i].name)) {
            event->kind = kinds[i].kind;
            event->why = kinds[i].why;
        }
    bool same = usher_str_eq(kind, USHER_STR("same"));
    if (same) event->value = x->want.hook.same;
    x->token_same |= same && x->want.hook.kind == USHER_HOOK_JWT;
    if (event->kind && (!same || event->value.ptr)) return true;
    addon_throw_type(env, "kind", "the name of an event");
    return false;
}

static bool read_event(usher_event *event, addon_exchange *x, napi_env env, const napi_value *args)
{
    double status = 0, fetched = 0, now = 0;

    *event = (usher_event){.size = sizeof *event};
    if (!read_kind(event, x, env, args[E_KIND]) ||
        (!is_absent(env, args[E_VALUE]) &&
         !addon_text(&event->value, env, &x->arena, args[E_VALUE], "value")) ||
        (addon_is(env, args[E_NOW], napi_number) && !addon_number(&now, env, args[E_NOW], "now")))
        return false;
    if (!is_absent(env, args[E_STATUS]) &&
        (!addon_number(&status, env, args[E_STATUS], "status") ||
         !addon_bytes(&event->content_type, env, &x->arena, args[E_TYPE], "content type") ||
         !addon_buffer(&event->body, env, &x->arena, args[E_BODY], "body") ||
         !addon_number(&fetched, env, args[E_FETCHED], "fetched")))
        return false;
    event->now_ms = now > 0 && now < 9e15 ? (int64_t)now : clock_ms();
    event->http_status = status >= 100 && status < 600 ? (int)status : 0;
    event->fetched_ms = fetched > 0 && fetched < 9e15 ? (int64_t)fetched : event->now_ms;
    return true;
}

napi_value addon_resume(napi_env env, napi_callback_info info)
{
    napi_value args[E_COUNT];
    addon *a = addon_of(env);
    usher_error err = {0};
    usher_event event;
    uint32_t number;

    if (!addon_arguments(args, E_COUNT, env, info)) return NULL;
    addon_exchange *x = waiting_at(&number, a, env, args[E_NUMBER]);
    if (!x) return NULL;
    addon_wake(a, number);
    if (!read_event(&event, x, env, args)) { /* it has thrown, and nobody comes back after that */
        addon_give(a, x);
        return NULL;
    }
    x->want = (usher_want){.kind = USHER_WANT_NOTHING};
    return settle(env, a, x, usher_resume(x->ex, &event, &x->want, &err), &err);
}
