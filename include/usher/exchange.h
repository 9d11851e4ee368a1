/* usher/exchange.h - one HTTP request in, one response out.
 *
 * The engine has no socket, clock, file, thread or entropy of its own. An operation either answers
 * at once or names what it wants; the host does that and resumes with an event, until nothing is
 * wanted:
 *
 *     usher_want want;
 *     rc = usher_handle(ex, &want, &err);
 *     while (rc == USHER_OK && want.kind != USHER_WANT_NOTHING) {
 *         perform(&want, &event);
 *         rc = usher_resume(ex, &event, &want, &err);
 *     }
 *
 * A status other than USHER_OK means "could not tell": answer 503, set and clear nothing.
 * usher/drive.h has this loop for hosts that may block. Since 0.1. */
#ifndef USHER_EXCHANGE_H
#define USHER_EXCHANGE_H

#include "usher/base.h"
#include "usher/cause.h"
#include "usher/session.h"
#include "usher/site.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct usher_header {
    usher_str name, value;
} usher_header;

/* The request as the host received it. Everything it points to must stay until the exchange is
 * started again or freed. Set `size` to sizeof(usher_request). */
typedef struct usher_request {
    size_t size;
    usher_str method;
    usher_str target; /* origin form as sent: path, then perhaps '?' and a query; undecoded */
    const usher_header *headers;
    size_t header_count;
    usher_str body;
    /* The peer is a configured proxy: its X-Forwarded-* and X-Original-* count. */
    bool peer_trusted;
    /* Whoever asks cannot set headers (a server component, a log): no cookie is renewed, re-issued
     * or cleared, and the session's end is the one it has. */
    bool read_only;
} usher_request;

typedef struct usher_response {
    int status;
    const usher_header *headers; /* Set-Cookie may occur several times, once for each cookie name */
    size_t header_count;
    usher_str body;
} usher_response;

typedef enum usher_want_kind {
    USHER_WANT_NOTHING = 0, /* done: read the results */
    USHER_WANT_FETCH,       /* an HTTP request to a provider */
    USHER_WANT_HOOK,        /* a function of the program (settings: session.token: hook) */
    USHER_WANT_STORE,       /* one step on rows (settings: session.strategy, users) */
} usher_want_kind;

/* Follow no redirect, send no header but these, verify TLS, use no proxy from the environment. */
typedef struct usher_fetch {
    usher_str method, url;
    const usher_header *headers;
    size_t header_count;
    usher_str body;
    uint32_t timeout_ms;
    size_t answer_max;     /* more bytes than this is a failure */
    bool plain_http;       /* http: is allowed (development) */
    bool private_network;  /* addresses that are not public are allowed */
    uint32_t cache_s;      /* > 0: a copy not older than this may be used, for any exchange */
    int64_t newer_than_ms; /* a cached copy must have been fetched after this; 0: any */
    /* > 0: spends something (a refresh token). Where exchanges want the same request, byte for
     * byte, at once or within so many seconds, a host should make it once and give its answer to
     * all. */
    uint32_t once_s;
} usher_fetch;

typedef enum usher_hook_kind {
    USHER_HOOK_DECODE = 1, /* jwt.decode: `value` is a session token. Answer USHER_EVENT_HOOKED with
                              its claims, a JSON object in which `exp` tells its end; REFUSED if it
                              is none of yours */
    USHER_HOOK_ENCODE,     /* jwt.encode: `value` is the claims, iat, exp and jti among them. Answer
                              with the token: characters that a cookie may have */
    /* callbacks and events (settings: hooks). `value` is the JSON object that the originals pass;
     * answer HOOKED with JSON, REFUSED for null or false, FAILED for an exception. */
    USHER_HOOK_JWT,      /* {token, user?, account?, profile?, trigger?, session?}: the token */
    USHER_HOOK_SESSION,  /* {session, token}: what getSession() shows */
    USHER_HOOK_SIGN_IN,  /* {user, account, profile?}: true, false, or a URL to go to instead */
    USHER_HOOK_REDIRECT, /* {url, baseUrl}: a URL */
    USHER_HOOK_EVENT,    /* `name` is "signIn", "signOut", "session", "createUser" or "linkAccount";
                            no answer is looked at */
    USHER_HOOK_PROFILE,  /* {profile, account}, a provider's profile(): the user, {id, name, email,
                            image, …}. Asked where users are kept in a database */
    USHER_HOOK_SESSION_TOKEN, /* {}, generateSessionToken(): the key of a new session's row */
    /* Auth0's, of the same kind. */
    USHER_HOOK_BEFORE_SESSION_SAVED, /* {session, idToken}: the session that is stored. Asked while
                                        a refresh is under way, FAILED keeps the new tokens with the
                                        user as it was */
    USHER_HOOK_ON_CALLBACK, /* {error, context, session}: a text is where to go; anything else, as
                               it would be. `error` is null or {code, message, cause?} */
    USHER_HOOK_AUTHORIZE,   /* {provider, credentials, method, url, query, headers}: who signs in by
                               the form of a credentials provider (settings: hooks). `credentials` is
                               what was posted, all of it; of a header each byte is a character, up
                             to U+00FF. Answer HOOKED with the user, an object with
                               an id, name, email and image if there are any; REFUSED for nobody,
                               perhaps with a word for who tried in the event's value; FAILED if you
                               cannot tell: then nobody is signed in or out. It holds passwords: keep
                               none of it */
} usher_hook_kind;

typedef struct usher_hook {
    usher_hook_kind kind;
    usher_str value;
    usher_str name;        /* of an event */
    usher_str cookie_name; /* of the session: what the originals pass as salt */
    int64_t max_age_s;     /* ENCODE: seconds until `exp` */
    /* JWT and SESSION of a session that is read: the token, or the session, as it stands in
     * `value`. Whoever changes nothing may answer with it; absent otherwise. */
    usher_str same;
} usher_hook;

/* One step on rows, atomic by itself. The first ones are the methods of Auth.js' adapters, called
 * and answered as there, the last ones those of a session store of Auth0's SDK; so either can be
 * put behind this as it is. Answer USHER_EVENT_STORED with a row as JSON, or "null" where there is
 * none; USHER_EVENT_STORE_CONFLICT if another row of the same key is there already;
 * USHER_EVENT_STORE_FAILED for anything else: nobody can tell then.
 *
 * Dates in rows are ISO-8601 text, as JSON.stringify writes them; whole numbers, milliseconds since
 * 1970, are read too. An id may be a text or a number and comes back as it was given. */
typedef enum usher_store_op {
    USHER_STORE_GET_SESSION_AND_USER = 1, /* id: sessionToken; {"session":{…},"user":{…}} or null */
    USHER_STORE_CREATE_SESSION,           /* value: {sessionToken, userId, expires}; the row */
    USHER_STORE_UPDATE_SESSION,           /* value: {sessionToken, expires}; the row or null */
    USHER_STORE_DELETE_SESSION,           /* id: sessionToken; the row that was, or null */
    USHER_STORE_GET_USER,          /* id; the user or null. This and the next may be asked for a row
                                      that does not exist */
    USHER_STORE_GET_USER_BY_EMAIL, /* id: the address */
    USHER_STORE_GET_USER_BY_ACCOUNT, /* provider, and id: providerAccountId */
    USHER_STORE_CREATE_USER, /* value: {name, email, image, emailVerified, …}; the user with its id
                              */
    USHER_STORE_UPDATE_USER,  /* value: {id, …changes}; the user */
    USHER_STORE_LINK_ACCOUNT, /* value: {userId, provider, providerAccountId, type, …}; anything */
    /* a session of auth0-4 under its id; value is the session */
    USHER_STORE_GET_RECORD,
    USHER_STORE_SET_RECORD,     /* a new one */
    USHER_STORE_REPLACE_RECORD, /* only if it is still there; null if it is not */
    USHER_STORE_DELETE_RECORD,
    USHER_STORE_DELETE_BY_LOGOUT_TOKEN, /* value: {sid?, sub?, iss} */
    USHER_STORE_OPS,
} usher_store_op;

typedef struct usher_store {
    usher_store_op op;
    usher_str id;       /* text */
    usher_str provider; /* of an account */
    usher_str value;    /* a JSON object */
    int64_t expires_ms; /* of sessions and records that are written: the store may drop it then */
} usher_store;

/* "getSessionAndUser", …: the name of the adapter's method; for the last ones "get", "set",
 * "update", "delete", "deleteByLogoutToken". Static text; "" for a value that is none. */
USHER_API const char *usher_store_op_word(usher_store_op op);

typedef struct usher_want {
    usher_want_kind kind;
    usher_fetch fetch;
    usher_hook hook;
    usher_store store;
} usher_want;

typedef enum usher_event_kind {
    USHER_EVENT_FETCHED = 1,    /* an answer came, whatever its status */
    USHER_EVENT_FETCH_FAILED,   /* none, or not in time, or too large */
    USHER_EVENT_HOOKED,         /* the program answered */
    USHER_EVENT_HOOK_REFUSED,   /* and its answer is no */
    USHER_EVENT_HOOK_FAILED,    /* it could not tell */
    USHER_EVENT_STORED,         /* the step was done; `value` is the row or null */
    USHER_EVENT_STORE_CONFLICT, /* it was not: another row has that key */
    USHER_EVENT_STORE_FAILED,   /* nobody can tell */
} usher_event_kind;

/* What came of the want. What it points to must stay until usher_resume returns. */
typedef struct usher_event {
    size_t size; /* sizeof(usher_event) */
    usher_event_kind kind;
    int64_t now_ms; /* the time at which it happened */
    int http_status;
    usher_str content_type;
    usher_str body;
    int64_t fetched_ms; /* when the answer was fetched; before now_ms if it came from a cache */
    const char *why;    /* static text for a failure; with REFUSED: the program threw, which the
                           system that is stood in for takes for a no */
    usher_str value;    /* HOOKED: what the program answered; STORED: the row, or null; REFUSED by
                           authorize: a word for who tried, or absent; by sign_in: JSON, a
                           text that is where to go, or absent */
} usher_event;

typedef enum usher_decision {
    USHER_UNDECIDED = 0, /* never truthy */
    USHER_ALLOW,
    USHER_DENY,
} usher_decision;

/* A line for the log and a step of a counter: something was refused, or could not be told. */
typedef struct usher_report {
    usher_cause cause;
    const char *what, *where; /* static text, as in usher_error; may be NULL */
} usher_report;

typedef struct usher_exchange usher_exchange; /* opaque */

typedef struct usher_exchange_options {
    size_t size;                      /* sizeof(usher_exchange_options) */
    const usher_allocator *allocator; /* NULL: usher_allocator_default() */
    usher_entropy entropy;            /* fill NULL: usher_entropy_default() */
    size_t memory_max;                /* bytes one exchange may use; 0: 2 MiB */
} usher_exchange_options;

/* An exchange may be started any number of times, one request after the other; it keeps its memory
 * and its cipher contexts, so keep one for each thread. Threads: one at a time. */
USHER_API USHER_MUST_USE usher_status usher_exchange_new(usher_exchange **out,
                                                         const usher_exchange_options *options,
                                                         usher_error *err);
USHER_API void usher_exchange_free(usher_exchange *ex); /* NULL is fine; wipes */

/* Forgets the last request (wiping its memory) and takes a new one. Holds a reference to `site`. */
USHER_API USHER_MUST_USE usher_status usher_exchange_start(usher_exchange *ex, usher_site *site,
                                                           const usher_request *request,
                                                           int64_t now_ms, usher_error *err);

/* Wipes what the last request left in the exchange, for one that is put aside. */
USHER_API void usher_exchange_forget(usher_exchange *ex);

/* Operations. Those about the session may follow each other after one start, in any order, and
 * each sees what the ones before it wrote; the response of the last one holds the Set-Cookie of all
 * of them, one for each name. After usher_handle, usher_guard or usher_forward_auth comes a start.
 */

/* getSession() / getServerSession() / auth(): verdict and session; the rolled Set-Cookie is in the
 * response's headers. A session that was read from an accepted format is written in the site's own,
 * and the old cookies go with the same response. */
USHER_API USHER_MUST_USE usher_status usher_get_session(usher_exchange *ex, usher_want *want,
                                                        usher_error *err);
/* The same without touching cookies: verdict and session only (getToken()). A Bearer token counts
 * where no cookie came. */
USHER_API USHER_MUST_USE usher_status usher_get_token(usher_exchange *ex, usher_want *want,
                                                      usher_error *err);
/* getCsrfToken(): the token of this browser, see usher_exchange_csrf_token; if it has none yet, its
 * cookie is in the response. Profiles without such tokens (auth0-4): USHER_E_USAGE. */
USHER_API USHER_MUST_USE usher_status usher_get_csrf_token(usher_exchange *ex, usher_want *want,
                                                           usher_error *err);
/* update() / updateSession(): changes the session and writes it. `changes` is a JSON object, read
 * before this returns.
 *   Auth.js' profiles: each member replaces the claim of its name; in "user", name, email and image
 *   are the claims name, email and picture. `sub` and the sealed times cannot be changed.
 *   auth0-4: what the session is from now on; `internal` stays, and tokenSet if none is given.
 * USHER_E_USAGE if `changes` is none such, or the request is read only. Without a valid session
 * nothing is written: look at the verdict. usher_exchange_session_written says whether it was; it
 * was not if the session would not fit into cookies (a report says so): then the old one stays. */
USHER_API USHER_MUST_USE usher_status usher_update_session(usher_exchange *ex, usher_str changes,
                                                           usher_want *want, usher_error *err);
/* getAccessToken() of profile auth0-4: the access token that the session holds for an audience and
 * a scope, refreshed when it is due; see usher_exchange_access_token. Also what the access-token
 * route does; the response is that route's. A refreshed token is written with the session, in one
 * answer. The question's texts are read before this returns. USHER_E_USAGE with another profile,
 * and if the request is read only: a token that was rotated and cannot be kept is a session lost.
 */
typedef struct usher_access_token_question {
    size_t size;               /* sizeof(usher_access_token_question) */
    usher_str audience, scope; /* absent: as the site is configured */
    usher_str default_scope;   /* what `scope` is added to; absent: the provider's */
    bool no_merge;             /* `scope` alone, added to nothing */
    bool refresh;              /* also if it is not due */
} usher_access_token_question;
USHER_API USHER_MUST_USE usher_status
usher_get_access_token(usher_exchange *ex, const usher_access_token_question *question,
                       usher_want *want, usher_error *err);
/* Every route below the base path. *response is complete when nothing is wanted. */
USHER_API USHER_MUST_USE usher_status usher_handle(usher_exchange *ex, usher_want *want,
                                                   usher_error *err);
/* withAuth / middleware: may this request pass? The decision, and for DENY the response to give
 * (302 to sign-in, or 401 for a call by a program). */
USHER_API USHER_MUST_USE usher_status usher_guard(usher_exchange *ex, usher_want *want,
                                                  usher_error *err);
/* Forward authentication: judges the request that a proxy describes in X-Original-URI (nginx) or
 * X-Forwarded-Uri (Caddy, Traefik); the response carries the identity headers or the refusal. */
USHER_API USHER_MUST_USE usher_status usher_forward_auth(usher_exchange *ex, usher_want *want,
                                                         usher_error *err);

/* Goes on after a want. USHER_E_USAGE if nothing was wanted or the event is of another kind. */
USHER_API USHER_MUST_USE usher_status usher_resume(usher_exchange *ex, const usher_event *event,
                                                   usher_want *want, usher_error *err);

/* Results; valid once nothing is wanted. Borrowed from the exchange. */
USHER_API usher_verdict usher_exchange_verdict(const usher_exchange *ex);
USHER_API const usher_session *
usher_exchange_session(const usher_exchange *ex); /* NULL unless valid */
USHER_API usher_decision usher_exchange_decision(const usher_exchange *ex);
USHER_API const usher_response *usher_exchange_response(const usher_exchange *ex);
/* Reports in the order they were made; *count of them. */
USHER_API const usher_report *usher_exchange_reports(const usher_exchange *ex, size_t *count);
/* A short text that stands on error pages and should stand on the log line: the same for all
 * requests of a browser's visit where it has a CSRF token, and otherwise random. Made when it is
 * asked for. */
USHER_API usher_str usher_exchange_id(usher_exchange *ex);
/* The provider a sign-in is about, for the log; absent otherwise. */
USHER_API usher_str usher_exchange_provider(const usher_exchange *ex);
/* After usher_get_csrf_token; absent otherwise. */
USHER_API usher_str usher_exchange_csrf_token(const usher_exchange *ex);
/* What usher_get_access_token found; NULL after other operations. */
typedef struct usher_access_token {
    usher_str token;                 /* absent: there is none, and `code` says why */
    usher_str scope, type, audience; /* absent if they are not known */
    bool has_expires;
    int64_t expires_s;
    /* missing_session, missing_refresh_token, discovery_error, failed_to_refresh_token,
     * mfa_required (the response's body says more); NULL with a token. Static text, as the message.
     */
    const char *code, *message;
    /* What the provider said when it refused to refresh; absent if it did not say it. */
    usher_str provider_error, provider_description;
} usher_access_token;
USHER_API const usher_access_token *usher_exchange_access_token(const usher_exchange *ex);
/* True if the response's Set-Cookie holds a session: renewed, changed, re-issued or new. */
USHER_API bool usher_exchange_session_written(const usher_exchange *ex);
/* The profile in which the session was found ("nextauth-4"); absent without one. */
USHER_API usher_str usher_exchange_session_profile(const usher_exchange *ex);
/* True if this exchange issued a session, or ended one: what an audit line says. */
USHER_API bool usher_exchange_signed_in(const usher_exchange *ex);
USHER_API bool usher_exchange_signed_out(const usher_exchange *ex);

#ifdef __cplusplus
}
#endif
#endif
