/* drive - the loop for hosts that may block: perform what is wanted, come back with the event. */
#include "base/error.h"
#include "io/host.h"

/* No flow of ours wants nearly as much; a flow that never ends must not hold a thread for ever. */
#define WANTS_MAX 32

static void event_of(usher_event *event, const usher_answer *answer, int64_t now_ms)
{
    *event = (usher_event){
        .size = sizeof *event,
        .kind = answer->why ? USHER_EVENT_FETCH_FAILED : USHER_EVENT_FETCHED,
        .now_ms = now_ms,
        .http_status = answer->status,
        .content_type = answer->content_type,
        .body = answer->body,
        .fetched_ms = answer->fetched_ms,
        .why = answer->why,
    };
}

static usher_status perform_fetch(usher_host *host, usher_exchange *ex, usher_want *want,
                                  usher_error *err)
{
    usher_answer *answer;
    usher_event event;
    usher_status rc = usher_host_fetch(&answer, host, &want->fetch, err);

    if (rc) return rc;
    event_of(&event, answer, host->now_ms(host->clock_ctx));
    rc = usher_resume(ex, &event, want, err);
    usher_answer_unref(answer);
    return rc;
}

static usher_status perform_hook(usher_host *host, usher_exchange *ex, usher_want *want,
                                 usher_error *err)
{
    usher_event event = {.size = sizeof event, .kind = USHER_EVENT_HOOK_FAILED};

    if (host->hook) event.kind = host->hook(host->hook_ctx, &want->hook, &event.value);
    if (event.kind != USHER_EVENT_HOOKED && event.kind != USHER_EVENT_HOOK_REFUSED)
        event.kind = USHER_EVENT_HOOK_FAILED;
    event.now_ms = host->now_ms(host->clock_ctx);
    return usher_resume(ex, &event, want, err);
}

static usher_status perform_store(usher_host *host, usher_exchange *ex, usher_want *want,
                                  usher_error *err)
{
    usher_event event = {.size = sizeof event, .kind = USHER_EVENT_STORE_FAILED};

    if (host->store) event.kind = host->store(host->store_ctx, &want->store, &event.value);
    if (event.kind != USHER_EVENT_STORED && event.kind != USHER_EVENT_STORE_CONFLICT)
        event.kind = USHER_EVENT_STORE_FAILED;
    event.now_ms = host->now_ms(host->clock_ctx);
    return usher_resume(ex, &event, want, err);
}

usher_status usher_drive_on(usher_host *host, usher_exchange *ex, usher_want *want,
                            usher_error *err)
{
    usher_status rc = USHER_OK;

    usher_host_sweep(host);
    for (unsigned wants = 0; !rc && want->kind != USHER_WANT_NOTHING; wants++) {
        if (wants >= WANTS_MAX)
            return usher_fail(err, USHER_E_LIMIT, "drive: too many wants", wants);
        if (want->kind == USHER_WANT_FETCH)
            rc = perform_fetch(host, ex, want, err);
        else if (want->kind == USHER_WANT_HOOK)
            rc = perform_hook(host, ex, want, err);
        else if (want->kind == USHER_WANT_STORE)
            rc = perform_store(host, ex, want, err);
        else
            rc = usher_fail(err, USHER_E_USAGE, "drive: a want of an unknown kind", wants);
    }
    return rc;
}

usher_status usher_drive(usher_host *host, usher_exchange *ex, usher_operation *operation,
                         usher_error *err)
{
    usher_want want = {0};
    usher_status rc = operation(ex, &want, err);

    return rc ? rc : usher_drive_on(host, ex, &want, err);
}
