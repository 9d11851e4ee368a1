/* addon - what an environment of Node (the main thread, or a worker) holds, and what JavaScript may
 * call. Nothing is shared between environments but the code: each has its own exchanges. JavaScript
 * gives texts, numbers and buffers, and gets one text back; objects are made by JSON.parse. */
#ifndef USHER_HOSTS_NODE_ADDON_H
#define USHER_HOSTS_NODE_ADDON_H

#include <node_api.h>

#include "base/arena.h"
#include "usher/exchange.h"

#define ADDON_IDLE_MAX    16     /* exchanges that are kept for the next call */
#define ADDON_WAITING_MAX 4096   /* that may wait for something at once */
#define ADDON_SEPARATOR   '\x1f' /* stands in no header and in no JSON */
#define ADDON_WANT        '\x1e' /* begins the text of a want, and no other */
#define ADDON_WANT_TOKEN                                                                           \
    '\x1d' /* stands behind it where a jwt function is wanted for ANSWER_SHOW:                     \
            * the exchange's number in two characters, and the token's JSON */

/* What is handed out when an exchange is done: JSON, or from ANSWER_READ on parts as they are, each
 * with ADDON_SEPARATOR behind it. Those begin with the values of Set-Cookie and end with reports,
 * if there are any, as JSON. */
typedef enum addon_answer {
    ANSWER_SESSION, /* the session's JSON, or null */
    ANSWER_CLAIMS,  /* the sealed claims, or null */
    ANSWER_ALL,     /* verdict, session, claims, decision, response, reports */
    ANSWER_READ,    /* for who renews a session beside a page: its JSON */
    ANSWER_SHOW,    /* the same for a program that makes of it what is shown: when it ends, as JSON;
                     * the session if it is of a token that callbacks.jwt has changed; the claims if
                     * that was not asked. All three are empty where nobody is there */
    ANSWER_ACCESS,  /* an access token, or why there is none, as JSON; and what a route says then */
    ANSWER_TOUCH,   /* the other headers, name and value, and how many */
} addon_answer;

/* An exchange, and the memory of the call that it works for. */
typedef struct addon_exchange {
    usher_exchange *ex;
    usher_arena arena; /* arguments, and the text that is handed out */
    usher_request request;
    usher_want want;
    addon_answer answer;
    bool token_told; /* callbacks.jwt was asked: who reads has the token that it answered */
    bool token_same; /* and that is the one it was handed */
} addon_exchange;

typedef struct addon {
    usher_allocator alloc;
    addon_exchange *idle[ADDON_IDLE_MAX];
    size_t idle_count;
    addon_exchange **waiting; /* by their number; NULL where none is */
    size_t waiting_room, waiting_count;
} addon;

addon *addon_of(napi_env env); /* NULL if the environment is going down */

/* exchanges.c. Taken: it is the caller's until given back, or until it waits. */
USHER_MUST_USE usher_status addon_take(addon_exchange **out, addon *a, usher_error *err);
void addon_give(addon *a, addon_exchange *x);
/* It waits for its want; *number names it. */
USHER_MUST_USE usher_status addon_wait(uint32_t *number, addon *a, addon_exchange *x,
                                       usher_error *err);
addon_exchange *addon_waiting(const addon *a, uint32_t number); /* NULL: none of that number */
void addon_wake(addon *a, uint32_t number);                     /* the caller's again */
void addon_free(addon *a);

/* values.c. False: an exception is pending, a TypeError where an argument is of another type. */
bool addon_text(usher_str *out, napi_env env, usher_arena *arena, napi_value value,
                const char *name);
/* Bytes of an HTTP head: each character is a byte, others are refused. */
bool addon_bytes(usher_str *out, napi_env env, usher_arena *arena, napi_value value,
                 const char *name);
bool addon_buffer(usher_str *out, napi_env env, usher_arena *arena, napi_value value,
                  const char *name);
bool addon_number(double *out, napi_env env, napi_value value, const char *name);
bool addon_no_memory(napi_env env); /* throws that; gives false */
bool addon_is(napi_env env, napi_value value, napi_valuetype type);
napi_value addon_string(napi_env env, usher_str text);
napi_value addon_throw_type(napi_env env, const char *name, const char *wanted); /* gives NULL */
napi_value addon_throw(napi_env env, usher_status status, const usher_error *err);
/* Exactly `want` arguments, missing ones being undefined. */
bool addon_arguments(napi_value *out, size_t want, napi_env env, napi_callback_info info);

/* result.c: the text for JavaScript, in x->arena. */
USHER_MUST_USE usher_status addon_result(usher_str *out, addon_exchange *x, usher_error *err);
USHER_MUST_USE usher_status addon_want(usher_str *out, addon_exchange *x, uint32_t number,
                                       usher_error *err);

/* What JavaScript calls. */
napi_value addon_site_new(napi_env env, napi_callback_info info); /* sites.c */
napi_value addon_site_info(napi_env env, napi_callback_info info);
bool addon_site_of(usher_site **out, napi_env env, napi_value value);
napi_value addon_run(napi_env env, napi_callback_info info); /* run.c */
napi_value addon_resume(napi_env env, napi_callback_info info);
napi_value addon_abandon(napi_env env, napi_callback_info info);
napi_value addon_raw_token(napi_env env, napi_callback_info info); /* tokens.c */
napi_value addon_mint(napi_env env, napi_callback_info info);
napi_value addon_open_check(napi_env env, napi_callback_info info);
napi_value addon_session_cookies(napi_env env, napi_callback_info info);
napi_value addon_with_auth(napi_env env, napi_callback_info info); /* gate.c */
napi_value addon_info(napi_env env, napi_callback_info info);      /* info.c */

#endif
