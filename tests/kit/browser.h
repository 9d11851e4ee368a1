/* browser - a browser for tests of flows: it keeps cookies as it is told, takes the engine's wants
 * to the provider of op.h, and remembers each request, so that it can be made again while memory,
 * libcrypto or entropy fail. What the test's site needs beyond that stays in the test. */
#ifndef USHER_TESTS_BROWSER_H
#define USHER_TESTS_BROWSER_H

#include "tests/kit/kit.h"
#include "tests/kit/op.h"
#include "tests/kit/store.h"
#include "usher/usher.h"

#define BROWSER_COOKIES    40
#define BROWSER_COOKIE_MAX 6000 /* of a name, of a value */
#define BROWSER_WANTS      24

typedef usher_status usher_operation_fn(usher_exchange *ex, usher_want *want, usher_error *err);

/* What stands between the engine and the provider in a request; may change the event. */
typedef void meddler(void *ctx, size_t want, const usher_fetch *fetch, usher_event *event);

/* A function of the program: *event is HOOKED with the value null, and may be changed. */
typedef void hooker(void *ctx, const usher_hook *hook, usher_event *event);

/* One request with what its wants were answered. */
typedef struct recorded {
    char method[8], target[9000], cookies[60000], body[2048];
    char accept[32];     /* the header, or empty */
    char extra[2][8000]; /* one more header's name and value */
    usher_operation_fn *operation;
    size_t events;
    usher_event_kind kinds[BROWSER_WANTS];
    int http_status[BROWSER_WANTS];
    char *bodies[BROWSER_WANTS]; /* or the values that hooks answered */
    int64_t now_s;
    uint64_t seed;
} recorded;

typedef struct browser {
    usher_site *site; /* owned */
    kit_op op;
    char jar[BROWSER_COOKIES][2][BROWSER_COOKIE_MAX]; /* name, value */
    size_t cookies;
    char csrf[128];
    const char *accept;  /* sent with every request if not NULL */
    char extra[2][8000]; /* sent too if it has a name */
    kit_store *store;    /* the rows behind the site; NULL: none may be asked for */
    bool may_fail;       /* a request that cannot be told does not fail the test */
    usher_status rc;     /* of the last one */
    hooker *hook;        /* without one no hook may be asked */
    void *hook_ctx;
    usher_status fails; /* what requests come to, where the test wants no answer */
    void (*look)(const usher_exchange *ex); /* at the end of each request; may be NULL */
    int64_t now_s;
    uint64_t seed; /* of the last request; each has the next */
    recorded last;
    /* the last answer */
    int status;
    char location[70000], body[20000], cache[128], user_header[64];
    char session[8000]; /* its claims */
    usher_verdict verdict;
    usher_decision decision;
    usher_cause causes[8], cause; /* all of them; the last */
    size_t cause_count, set_cookies, wants;
    bool signed_in, signed_out, written;
} browser;

/* The site that these settings describe; fails the test with the problems if they do not. */
usher_site *kit_site(const char *settings);

/* Takes the site over. */
void browser_start(browser *b, usher_site *site, int64_t now_s);
void browser_close(browser *b);

/* One request to its end. The body may be NULL. */
void browser_ask(browser *b, usher_operation_fn *op, const char *method, const char *target,
                 const char *body, meddler *meddle, void *ctx);
void browser_get(browser *b, const char *target); /* usher_handle, undisturbed */
/* Reads the answer of an exchange that the test made by itself. */
void browser_keep_answer(browser *b, const usher_exchange *ex);

/* A cookie whose name has `part` in it: its place in the jar; b->cookies if there is none. */
size_t browser_find(const browser *b, const char *part);
size_t browser_count(const browser *b, const char *prefix); /* cookies whose names begin so */
void browser_put_cookie(browser *b, usher_str name, usher_str value);
void browser_drop_cookie(browser *b, size_t at);
bool browser_has_cause(const browser *b, usher_cause cause);

/* The decoded value of a parameter of a URL; false and empty if it is not there. */
bool kit_parameter(const char *url, const char *name, char *out, size_t room);

/* Moves the last request out; forget it with recorded_free, several with recorded_free_all. */
void browser_take_record(browser *b, recorded *out);
void recorded_free(recorded *r);
void recorded_free_all(recorded *all, size_t count);

/* The requests again, with every allocation refused in turn (alone, and from there on), every one
 * of libcrypto's, every draw of entropy. What could not be told sets nothing, clears nothing, and
 * signs nobody in or out; nothing leaks; what is answered was not disturbed. */
void recorded_without_memory(usher_site *site, const recorded *all, size_t count);
void recorded_without_crypto(usher_site *site, const recorded *all, size_t count);
void recorded_without_entropy(usher_site *site, const recorded *all, size_t count);

#endif
