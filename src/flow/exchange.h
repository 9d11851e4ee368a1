/* exchange - the inside of an exchange: what every flow works on. A flow is a few functions that
 * read the request, put reports and cookies, and end in a response or a want. exchange.c has the
 * table that says which function goes on after which event. */
#ifndef USHER_FLOW_EXCHANGE_H
#define USHER_FLOW_EXCHANGE_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/pool.h"
#include "flow/site.h"
#include "oauth/authorization.h"
#include "oauth/id_token.h"
#include "oauth/metadata.h"
#include "oauth/token_request.h"
#include "session/auth0_session.h"
#include "session/chunks.h"
#include "session/session.h"
#include "session/token.h"
#include "usher/exchange.h"
#include "wire/cookie.h"
#include "wire/form.h"

typedef enum usher_state {
    USHER_AT_REST,  /* never started, or finished */
    USHER_AT_START, /* started; an operation may begin */
    USHER_AT_DECODE,
    USHER_AT_ENCODE,
    USHER_AT_HOOK,
    USHER_AT_STORE,
    USHER_AT_SIGN_IN_METADATA,
    USHER_AT_CALLBACK_METADATA,
    USHER_AT_CALLBACK_TOKENS,
    USHER_AT_CALLBACK_KEYS,
    USHER_AT_CALLBACK_NEWER_KEYS,
    USHER_AT_CALLBACK_USERINFO,
    USHER_AT_AUTH0_LOGIN_METADATA,
    USHER_AT_AUTH0_LOGIN_PUSHED,
    USHER_AT_AUTH0_CALLBACK_METADATA,
    USHER_AT_AUTH0_CALLBACK_TOKENS,
    USHER_AT_AUTH0_CALLBACK_KEYS,
    USHER_AT_AUTH0_CALLBACK_NEWER_KEYS,
    USHER_AT_AUTH0_LOGOUT_METADATA,
    USHER_AT_AUTH0_LOGOUT_REVOCATION,
    USHER_AT_AUTH0_REFRESH_METADATA,
    USHER_AT_AUTH0_REFRESH_KEYS,
    USHER_AT_AUTH0_REFRESH_TOKENS,
    USHER_AT_AUTH0_REFRESH_NEWER_KEYS,
} usher_state;

/* The headers that some flow looks at; absent if not sent. */
typedef struct usher_request_headers {
    usher_str cookie; /* several fields joined by "; " */
    usher_str authorization, content_type, accept;
    usher_str requested_with, fetch_mode, return_redirect;
    usher_str original_uri, original_method;   /* nginx; only from a trusted peer */
    usher_str forwarded_uri, forwarded_method; /* Caddy, Traefik; only from a trusted peer */
    bool repeated_question;                    /* one of these four came twice */
} usher_request_headers;

#define USHER_REPORTS_MAX     8
#define USHER_SET_COOKIES_MAX 240 /* all pieces of a session, deleted and written, and the rest */
#define USHER_HEADERS_MAX     (USHER_SET_COOKIES_MAX + 16)
#define USHER_ID_LEN          16

typedef struct usher_cookie_line {
    usher_str name, line;
    bool of_session; /* a session's piece or its deletion: goes when the session is written again */
} usher_cookie_line;

/* What a token held. Where there are rows, a session is judged again when one came: opening is
 * dear, and counted. */
typedef struct usher_opened {
    usher_verdict verdict;
    usher_cause cause;
    usher_claims claims;
    usher_auth0_session auth0;
} usher_opened;

/* What a request brought of one format's session. */
typedef struct usher_brought {
    bool read;
    usher_auth0_jar *jar; /* NULL for the others */
    bool too_many;
    usher_str token;      /* the value to open; absent if none came */
    bool refused;         /* by the program's hook */
    usher_str claims;     /* what the program's hook made of it */
    usher_opened *opened; /* NULL: not yet, or there is no need to keep it */
    bool asked;           /* the store has said what it has, or need not be asked */
    usher_str row;        /* its answer; absent: there is none */
    bool over;            /* the first: by its own verdict, whatever the others' is */
    usher_auth0_id id;    /* of Auth0's record, if this is valid */
    usher_verdict id_verdict;
    usher_cause id_cause;
    usher_session_cookie pieces; /* empty for Auth0's; ends with names that need no zeroes */
} usher_brought;

/* The session that was found, as long as the exchange works on it. */
typedef struct usher_held {
    bool judged;                 /* the verdict is known */
    bool bearer;                 /* a Bearer token would have counted */
    const usher_format *format;  /* where it is now: found, or written since; NULL: nowhere */
    const usher_format *found;   /* where it was found */
    size_t unasked;              /* 1 + the format about which the store has to be asked first */
    usher_claims claims;         /* of a claims format, or the sealed ones of Auth0's */
    usher_auth0_session *auth0;  /* of Auth0's */
    struct usher_stored *stored; /* flow/store.h; the row of Auth.js' */
    double end_s;                /* when it is over; may be infinite */
    bool written;                /* it is in this answer's Set-Cookie, as of now */
    usher_str fresh;             /* the token that was written, until it is looked at again */
} usher_held;

/* What a sign-in carries from step to step. */
typedef struct usher_sign_in {
    const usher_provider *provider;
    usher_metadata metadata;
    usher_authorization_response answer;
    usher_str verifier, nonce;
    usher_tokens tokens;
    usher_json_object id_claims;
    usher_str subject;
    bool looked_again; /* a document that came from a cache was asked for once more */
} usher_sign_in;

typedef usher_status usher_operation(usher_exchange *ex, usher_want *want, usher_error *err);
typedef usher_status usher_step(usher_exchange *ex, const usher_event *event, usher_want *want,
                                usher_error *err);

/* What is known while a function of the program is asked. */
typedef struct usher_hooked {
    usher_step *answered;   /* what reads its answer */
    usher_operation *after; /* where the flow goes on */
    bool is_event, jwt_asked;
    bool may_fail;   /* a failure is an answer, too: `answered` gets it */
    bool must_write; /* update(): also where sessions do not roll */
    bool has_shown;
    usher_claims shown; /* what the session's JSON is made of, if it is not the held claims */
    usher_str ended;    /* the row of the session that was signed out */
    usher_str changes;  /* what update() was given, for a session that is a row */
    usher_user user;    /* who signs in */
    usher_str profile;
    usher_str person,
        person_id;          /* of who signs in by a form: JSON, and its id as it stands there */
    usher_str credentials;  /* what the form sent: JSON, with a password perhaps */
    usher_json_object made; /* the claims of the new session before the program saw them */
} usher_hooked;

struct usher_exchange {
    /* for life */
    usher_allocator alloc;
    usher_pool pool; /* of libcrypto's generator; unused where the host brings its own */
    usher_entropy entropy;
    usher_arena arena;
    usher_jwe_cipher *cipher;
    uint64_t id_seed;
    bool did_more; /* than usher_get_token: sign_in and hooked may not be zero */
    bool is_fresh; /* forgotten, and not started since */

    /* one request */
    usher_site *site;
    const usher_request *request;
    int64_t now_ms;
    usher_state state;
    bool final;                 /* an operation was called after which none may follow */
    bool on_session;            /* it looks at the session */
    usher_operation *run;       /* what goes on when a hook has answered */
    usher_str path, query_text; /* of the target */
    usher_request_headers headers;
    bool too_large; /* more headers or cookies than are read: none of them was */
    usher_form query, body;
    bool post;
    usher_str action, argument; /* path segments below the base path */
    bool json_mode;             /* redirects are answered as {"url": …} */
    usher_str csrf_token;
    bool csrf_verified;
    usher_str callback_url;
    usher_brought *others; /* of all formats but the first, once one was looked for */
    usher_held held;
    size_t decoding;     /* the format whose hook is asked */
    usher_str unencoded; /* claims that wait for the program's hook */
    int64_t unencoded_exp_s;
    bool read_only;
    usher_json_object changes;       /* of usher_update_session */
    struct usher_auth0_visit *auth0; /* flow/auth0.h; NULL on other routes */
    usher_access_token *access;      /* of usher_get_access_token; NULL otherwise */
    struct usher_who *who;           /* flow/account.h; NULL where users are no rows */
    struct usher_storing *storing;   /* flow/store.h; NULL until something is wanted */

    /* results */
    usher_verdict verdict;
    usher_session session;
    usher_decision decision;
    usher_response response;
    size_t set_cookie_count, report_count;
    char id[USHER_ID_LEN]; /* empty until it is asked for */
    bool signed_in, signed_out;
    usher_brought first; /* of the format that is written */

    /* Zeroed if the request before did more than read its session. */
    usher_sign_in sign_in;
    usher_hooked hooked;

    /* Filled up to their counts, and not wiped between requests: five kilobytes of zeroes would
     * cost more than finding the cookie. They hold views and numbers, no secrets. */
    usher_header response_headers[USHER_HEADERS_MAX];
    usher_cookie_line set_cookies[USHER_SET_COOKIES_MAX];
    usher_report reports[USHER_REPORTS_MAX];
};

static inline int64_t usher_now_s(const usher_exchange *ex)
{
    return ex->now_ms / 1000;
}

/* exchange.c */
void usher_flow_report(usher_exchange *ex, usher_cause cause, const usher_error *err);
/* True for a status that is an answer about what the peer sent: malformed, forged, or more than is
 * read of such a thing. Our own memory bound is none: then the exchange cannot tell. */
bool usher_flow_peer_fault(const usher_exchange *ex, usher_status status);
typedef enum usher_operating {
    USHER_OPERATING_PLAIN = 0,
    USHER_OPERATING_FINAL = 1,      /* no other operation may follow */
    USHER_OPERATING_ON_SESSION = 2, /* it looks at the session: its row is brought before */
} usher_operating;

/* Runs an operation: the program's hooks first and last, `run` between them. */
usher_operation usher_flow_run;
usher_status usher_flow_operate(usher_exchange *ex, usher_operation *run, unsigned operating,
                                usher_want *want, usher_error *err);
/* Asks for a GET whose answer may come from the host's cache. */
usher_status usher_flow_want_document(usher_exchange *ex, usher_want *want, usher_state state,
                                      usher_str url, int64_t newer_than_ms);
/* A document that made no sense may be an old copy of a bad moment: asks for a newer one, once. */
bool usher_flow_look_again(usher_exchange *ex, const usher_event *event);
usher_status usher_flow_want(usher_exchange *ex, usher_want *want, usher_state state,
                             const usher_fetch *fetch);

/* request.c */
usher_status usher_flow_read_request(usher_exchange *ex, usher_error *err);
/* Are there more headers or cookies than are read? */
usher_status usher_flow_check_cookies(const usher_exchange *ex, usher_error *err);
usher_status usher_flow_read_body(usher_exchange *ex, usher_error *err); /* and the query */
bool usher_flow_body_is_json(const usher_exchange *ex);
/* The value of one of the site's own; absent if it did not come. */
usher_status usher_flow_cookie(usher_str *out, usher_exchange *ex, usher_cookie_kind kind,
                               usher_error *err);
/* Would a person see the answer? Decides between a redirect and a 401. */
bool usher_flow_is_navigation(const usher_exchange *ex, usher_str method);

/* respond.c */
void usher_respond_header(usher_exchange *ex, usher_str name, usher_str value);
void usher_respond_body(usher_exchange *ex, int status, usher_str type, usher_str body);
void usher_respond_private(usher_exchange *ex); /* keeps it out of every cache */
usher_status usher_respond_redirect(usher_exchange *ex, usher_str url, usher_error *err);
/* A redirect, or in JSON mode {"url": …} with `json_status` (200 where the profile says so). */
usher_status usher_respond_url(usher_exchange *ex, usher_str url, int json_status,
                               usher_error *err);
usher_status usher_respond_failure(usher_exchange *ex, usher_failure failure, int json_status,
                                   usher_error *err);
/* Wrong credentials, with the program's word about them: a code where the system has codes, else
 * what the error page gets. */
usher_status usher_respond_refused(usher_exchange *ex, usher_str word, usher_error *err);
usher_status usher_respond_unknown(usher_exchange *ex, usher_error *err);
/* One Set-Cookie line for each name: a later one replaces an earlier one. */
usher_status usher_respond_set_cookie(usher_exchange *ex, usher_str name, usher_str line,
                                      usher_error *err);
usher_status usher_respond_cookie(usher_exchange *ex, usher_cookie_kind kind, usher_str value,
                                  int64_t expires_s, int64_t max_age_s, usher_error *err);
usher_status usher_respond_forget_cookie(usher_exchange *ex, usher_cookie_kind kind,
                                         usher_error *err);
/* The configured base URL and base path, then `tail`: "https://host/api/auth" + "/signin". */
usher_status usher_respond_own_url(usher_str *out, usher_exchange *ex, usher_str tail,
                                   usher_error *err);
/* The absolute URL of a page: ours, or the configured one. */
usher_status usher_respond_page_url(usher_str *out, usher_exchange *ex, usher_page page,
                                    usher_error *err);

/* csrf.c: the CSRF cookie, and the callback URL with its cookie; before every action. */
usher_status usher_flow_csrf(usher_exchange *ex, usher_error *err);
usher_status usher_flow_callback_url(usher_exchange *ex, bool *usable, usher_error *err);
usher_status usher_csrf_get(usher_exchange *ex, usher_error *err); /* GET csrf */

/* read.c */
/* Judges the session: from the first format whose cookie holds a valid one or, where `bearer` says
 * so, from Authorization if no cookie came. Once; after that, from what was found and written. */
usher_status usher_flow_read_session(usher_exchange *ex, bool bearer, usher_error *err);
/* The same as far as it is known without the store: held.unasked says what is not. */
usher_status usher_flow_judge(usher_exchange *ex, bool bearer, usher_error *err);
/* Asks the program to open what only it can open; wants nothing if there is no such thing. */
usher_status usher_flow_decode(usher_exchange *ex, usher_want *want, usher_error *err);
/* What came of a format, read once. *out is NULL only with a status. */
USHER_MUST_USE usher_status usher_flow_bring(usher_brought **out, usher_exchange *ex, size_t format,
                                             usher_error *err);
usher_brought *usher_flow_brought(usher_exchange *ex, size_t format); /* NULL: out of memory */
usher_step usher_flow_decoded;
usher_auth0_context usher_flow_auth0(usher_exchange *ex, const usher_format *f);
/* Makes it the session of this exchange: what programs are told of it is taken from `s`. */
usher_status usher_flow_hold_auth0(usher_exchange *ex, const usher_format *f,
                                   const usher_auth0_session *s, usher_error *err);

/* write.c */
/* Writes the session that was read once more, in the first format. Nothing happens where nothing
 * may: a request that is read only, a session that does not roll. */
usher_status usher_flow_roll_session(usher_exchange *ex, bool only_one_cookie, usher_error *err);
/* Deletes what was judged bad; for sign-out, everything that came. */
usher_status usher_flow_forget_session(usher_exchange *ex, bool all, usher_error *err);
usher_status usher_flow_issue_session(usher_exchange *ex, const usher_user *user, bool *issued,
                                      usher_error *err);
usher_status usher_flow_issue_claims(usher_exchange *ex, usher_str claims, bool *issued,
                                     usher_error *err);
/* A new session in Auth0's shape: the object's text, without `exp`. */
usher_status usher_flow_issue_auth0(usher_exchange *ex, usher_str json, bool *issued,
                                    usher_error *err);
/* Writes this instead of the session that is held; connection tokens stand in it. *written stays
 * false, with a report, if it would not fit: then the old one stays. */
usher_status usher_flow_replace_auth0(usher_exchange *ex, usher_str json, bool *written,
                                      usher_error *err);
/* Turns a session that was found in another format into what one of the site's own would be;
 * nothing is written. *lives is false if the own profile's rules leave it no life. */
usher_status usher_flow_own_form(usher_exchange *ex, bool *lives, usher_error *err);
/* `changes` is an object; the held session with it is written. */
usher_status usher_flow_change_session(usher_exchange *ex, const usher_json_object *changes,
                                       usher_error *err);
/* Takes back what would be set or deleted of the session. */
void usher_flow_drop_session_lines(usher_exchange *ex);
usher_status usher_flow_encode(usher_exchange *ex, usher_want *want, usher_error *err);
usher_step usher_flow_encoded;

/* session.c */
/* The session's JSON for those who hand it out. */
usher_status usher_flow_session_json(usher_exchange *ex, usher_error *err);
usher_operation usher_flow_session_answer; /* GET, POST session */
usher_operation usher_flow_get_token;      /* touches neither sign_in nor hooked */

/* sign_in.c, callback.c, credentials.c, sign_out.c, providers.c */
usher_status usher_sign_in_get(usher_exchange *ex, usher_error *err);
usher_status usher_sign_in_post(usher_exchange *ex, usher_want *want, usher_error *err);
usher_step usher_sign_in_metadata, usher_sign_in_unreachable;
usher_status usher_callback(usher_exchange *ex, usher_want *want, usher_error *err);
usher_step usher_callback_metadata, usher_callback_tokens, usher_callback_keys,
    usher_callback_userinfo, usher_callback_unreachable;
/* Verifies ex->sign_in.tokens.id_token; its claims and its subject are then in ex->sign_in. `rules`
 * say what this sign-in asks (nonce, tolerance, age); whose token it is and when is filled in here.
 * A status of the peer's class is a refusal, with its cause. */
usher_status usher_callback_verify(usher_exchange *ex, usher_cause *cause,
                                   usher_id_token_rules *rules, usher_str key_set,
                                   usher_error *why);
usher_status usher_credentials_post(usher_exchange *ex, const usher_provider *p, usher_want *want,
                                    usher_error *err);
usher_status usher_credentials_get(usher_exchange *ex, usher_error *err);
usher_status usher_sign_out_get(usher_exchange *ex, usher_error *err);
usher_operation usher_sign_out_post;
usher_status usher_providers_get(usher_exchange *ex, usher_error *err);

/* auth0_handle.c: is it one of the routes of Auth0's SDK, wherever they are? */
bool usher_auth0_owns(const usher_site *site, usher_str path);

/* pages.c */
usher_status usher_page_sign_in(usher_exchange *ex, usher_error *err);
usher_status usher_page_sign_out(usher_exchange *ex, usher_error *err);
usher_status usher_page_error(usher_exchange *ex, usher_str code, usher_error *err);
usher_status usher_page_verify(usher_exchange *ex, usher_error *err);
usher_status usher_error_get(usher_exchange *ex, usher_error *err); /* GET error */
usher_status usher_verify_get(usher_exchange *ex, usher_error *err);

#endif
