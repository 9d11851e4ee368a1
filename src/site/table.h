/* table - every setting there is, as rows: path, type, default, environment, range, help, example.
 * The parser, the defaults, docs/settings.md, usherd.yaml(5) and the JSON for generated types all
 * read these rows, so none of them can drift from another. A new setting is one row and the line
 * that uses it; site_test fails for a row that changes nothing. */
#ifndef USHER_SITE_TABLE_H
#define USHER_SITE_TABLE_H

#include "usher/base.h"

typedef enum usher_setting_type {
    USHER_SETTING_TEXT,
    USHER_SETTING_SECRET, /* never shown in a message */
    USHER_SETTING_BOOL,
    USHER_SETTING_INTEGER,
    USHER_SETTING_BYTES,    /* 65536, 64KiB, 1MiB */
    USHER_SETTING_DURATION, /* 3600, 90s, 15m, 12h, 30d, 2w; kept in the row's unit */
    USHER_SETTING_WORD,     /* one of `words` */
    USHER_SETTING_URL,
    USHER_SETTING_PATH, /* of a URL: begins with '/' and has one reading */
    USHER_SETTING_FILE, /* a path in the file system */
    USHER_SETTING_TEXTS,
    USHER_SETTING_SECRETS,
    USHER_SETTING_WORDS,
    USHER_SETTING_FILES,
    USHER_SETTING_MAPS, /* a list of maps, which have a table of their own */
} usher_setting_type;

typedef enum usher_setting_unit {
    USHER_UNIT_NONE,
    USHER_UNIT_S,
    USHER_UNIT_MS,
} usher_setting_unit;

typedef struct usher_setting {
    const char *path; /* below its map: "session.max_age" */
    usher_setting_type type;
    usher_setting_unit unit;
    const char *words;    /* "auto|true|false" */
    int64_t min, max;     /* of the number; of a text, its length in bytes; of a list, its items */
    const char *fallback; /* the default as one would write it; NULL: there is none */
    const char *note;     /* what stands for the default in the documentation; NULL: `fallback` */
    const char *env;      /* environment variables, in the order they are asked; NULL: none */
    const char *since, *help;
    const char *example; /* as YAML on one line; never the default */
} usher_setting;

/* One map of the settings file, or one kind of map in a list. */
typedef struct usher_setting_table {
    const char *name;  /* how its settings are addressed: "site", "site.providers[]" */
    const char *intro; /* a paragraph for the documentation */
    const usher_setting *rows;
    size_t count;
} usher_setting_table;

#define USHER_PROFILE_WORDS "authjs-5|nextauth-4|auth0-4|robojs"
#define USHER_SIGNING_WORDS "HS256|RS256|ES256|EdDSA"

/* What a cookie has of its own; KIND and `key` name it. */
#define USHER_COOKIE_SETTINGS(X, KIND, key, wanted)                                                \
    X(COOKIES_##KIND##_DOMAIN, "cookies." key ".domain", TEXT, NONE, NULL, 1, 253, NULL,           \
      "that of cookies.domain", NULL, "Domain attribute of this cookie alone.", "example.com")     \
    X(COOKIES_##KIND##_PATH, "cookies." key ".path", PATH, NONE, NULL, 1, 256, NULL,               \
      "that of cookies.path", NULL, "Path attribute of this cookie alone.", "/api")                \
    X(COOKIES_##KIND##_SAME_SITE, "cookies." key ".same_site", WORD, NONE, "lax|strict|none", 0,   \
      0, NULL, "that of cookies.same_site", NULL, "SameSite attribute of this cookie alone.",      \
      wanted)

/* X(symbol, path, type, unit, words, min, max, fallback, note, env, help, example) */
#define USHER_SITE_SETTINGS(X)                                                                     \
    X(BASE_URL, "base_url", URL, NONE, NULL, 8, 2048, NULL, "required", "AUTH_URL, NEXTAUTH_URL",  \
      "Where browsers reach the site: scheme, host and perhaps a port. A path in it becomes "      \
      "base_path if that is not given. http is for a loopback host or development only. A value "  \
      "here wins over the environment.",                                                           \
      "https://app.example.com")                                                                   \
    X(BASE_PATH, "base_path", PATH, NONE, NULL, 0, 256, NULL, "/api/auth",                         \
      "AUTH_URL, NEXTAUTH_URL",                                                                    \
      "Path below which sign-in, callback, session and the other endpoints answer. From the "      \
      "environment only if its URL has a path.",                                                   \
      "/auth")                                                                                     \
    X(PROFILE, "profile", WORD, NONE, USHER_PROFILE_WORDS, 0, 0, "authjs-5", NULL, NULL,           \
      "The system whose cookies and endpoints are spoken: Auth.js v5, NextAuth.js v4, Auth0's "    \
      "Next.js SDK v4, or the configured runtime of @robojs/auth.",                                \
      "nextauth-4")                                                                                \
    X(ACCEPT, "accept", MAPS, NONE, NULL, 0, 8, NULL, "none", NULL,                                \
      "Other session cookies that are read too, so that nobody is signed out when a site changes " \
      "its system, its cookie's name or its secret. What they hold is written as the site's own "  \
      "session, and the old cookie goes with the same answer; see site.accept[].",                 \
      "[{profile: nextauth-4}]")                                                                   \
    X(DEVELOPMENT, "development", BOOL, NONE, NULL, 0, 0, "false", NULL, NULL,                     \
      "Allows what must not be reachable by others: weak or missing secrets, http, and the "       \
      "development provider.",                                                                     \
      "true")                                                                                      \
    X(SECRET, "secret", SECRET, NONE, NULL, 1, 4096, NULL, "required",                             \
      "AUTH_SECRET, NEXTAUTH_SECRET",                                                              \
      "What all keys are derived from, at least 32 bytes; `usher secret` makes one. With profile " \
      "nextauth-4 NEXTAUTH_SECRET is asked first.",                                                \
      "m4Hn0cXrT7uZk2Qe9wLbVy5sJd8pGa1fRi6oCtNxE3U")                                               \
    X(SECRETS, "secrets", SECRETS, NONE, NULL, 1, 16, NULL, "none",                                \
      "AUTH_SECRET_3, AUTH_SECRET_2, AUTH_SECRET_1",                                               \
      "Several secrets, instead of `secret`: the first one seals, all of them open. To rotate, "   \
      "put "                                                                                       \
      "a new one first. The numbered variables are asked by profile authjs-5 when no other is "    \
      "set.",                                                                                      \
      "[m4Hn0cXrT7uZk2Qe9wLbVy5sJd8pGa1fRi6oCtNxE3U, "                                             \
      "tB9sKf2LwYp7VhXj4nQzD1mRcE6aUo8gSiW3xTuJ5kM]")                                              \
    X(SECRET_FILE, "secret_file", FILE, NONE, NULL, 1, 4096, NULL, "none", NULL,                   \
      "File that holds the secret, relative to the settings file; one line end after it is not "   \
      "part of it. Settings files only.",                                                          \
      "/run/secrets/usher")                                                                        \
    X(SECRETS_FILES, "secrets_files", FILES, NONE, NULL, 1, 16, NULL, "none", NULL,                \
      "As `secrets`, each in a file of its own.",                                                  \
      "[/run/secrets/usher-new, /run/secrets/usher-old]")                                          \
    X(SESSION_MAX_AGE, "session.max_age", DURATION, S, NULL, 1, 315360000, "30d",                  \
      "30d; auth0-4 has inactivity_duration instead", NULL,                                        \
      "How long a session lives after it was last renewed.", "12h")                                \
    X(SESSION_ABSOLUTE, "session.absolute_duration", DURATION, S, NULL, 1, 315360000, NULL,        \
      "none; auth0-4: 3d", NULL,                                                                   \
      "How long a session lives after it was created, however often it is renewed. Held against "  \
      "every session that is read.",                                                               \
      "7d")                                                                                        \
    X(SESSION_INACTIVITY, "session.inactivity_duration", DURATION, S, NULL, 1, 315360000, NULL,    \
      "none; auth0-4: 1d", NULL,                                                                   \
      "How long a session lives after it was last renewed, also if it was promised more when it "  \
      "was written.",                                                                              \
      "8h")                                                                                        \
    X(SESSION_ROLLING, "session.rolling", BOOL, NONE, NULL, 0, 0, "true", NULL, NULL,              \
      "Sessions in use are renewed. Without it they end when they were going to from the first.",  \
      "false")                                                                                     \
    X(SESSION_CLAIMS_MAX, "session.claims_max", BYTES, NONE, NULL, 256, 196608, NULL,              \
      "as much as fits into cookies", NULL,                                                        \
      "Most bytes of claims that are written. A session that would grow beyond stays as it was.",  \
      "8KiB")                                                                                      \
    X(SESSION_STRATEGY, "session.strategy", WORD, NONE, "jwt|database", 0, 0, "jwt", NULL, NULL,   \
      "Where sessions are kept: in the cookie, or as rows of a database, of which the cookie "     \
      "holds the key. For programs that embed the library and have the rows (Auth.js' adapters, "  \
      "session stores of Auth0's SDK).",                                                           \
      "database")                                                                                  \
    X(SESSION_TOKEN, "session.token", WORD, NONE, "sealed|signed|hook", 0, 0, "sealed", NULL,      \
      NULL,                                                                                        \
      "What the session cookie holds: the profile's encrypted token, a plain signed JWT (whose "   \
      "claims everybody can read who gets hold of it), or what the program's own functions make "  \
      "(NextAuth's jwt.encode and jwt.decode).",                                                   \
      "signed")                                                                                    \
    X(SESSION_SIGNING_ALG, "session.signing_alg", WORD, NONE, USHER_SIGNING_WORDS, 0, 0, "HS256",  \
      NULL, NULL, "How signed tokens are signed; with session.token: signed.", "ES256")            \
    X(SESSION_SIGNING_KEYS, "session.signing_keys", SECRETS, NONE, NULL, 1, 16384, NULL,           \
      "HS256: the site's secrets", NULL,                                                           \
      "Keys of signed tokens: the first one signs, all of them are believed. Texts for HS256, "    \
      "else private keys (PEM or JWK); after the first, public ones will do.",                     \
      "[tB9sKf2LwYp7VhXj4nQzD1mRcE6aUo8gSiW3xTuJ5kM]")                                             \
    X(SESSION_SIGNING_KEYS_FILES, "session.signing_keys_files", FILES, NONE, NULL, 1, 4096, NULL,  \
      "none", NULL, "As session.signing_keys, each in a file of its own. Settings files only.",    \
      "[/run/secrets/session-key.pem]")                                                            \
    X(SESSION_UPDATE_AGE, "session.update_age", DURATION, S, NULL, 0, 315360000, "1d", NULL, NULL, \
      "How old a session may grow before it is written again.", "15m")                             \
    X(USERS, "users", WORD, NONE, "none|database", 0, 0, "none",                                   \
      "none; database with session.strategy: database", NULL,                                      \
      "Whether users and their accounts at providers are rows of a database too, while sessions "  \
      "are in the cookie. For programs that embed the library.",                                   \
      "database")                                                                                  \
    X(HOOKS, "hooks", WORDS, NONE,                                                                 \
      "jwt|session|sign_in|redirect|events|profile|session_token|before_session_saved|"            \
      "on_callback|authorize",                                                                     \
      0, 10, NULL, "none", NULL,                                                                   \
      "Functions of the program that are asked on the way: NextAuth's callbacks of these names, "  \
      "its events, and authorize, which judges what a credentials provider's form sent; with "     \
      "profile auth0-4 the two before that, which are that SDK's. For programs that embed the "    \
      "library.",                                                                                  \
      "[jwt, session]")                                                                            \
    X(COOKIES_SECURE, "cookies.secure", WORD, NONE, "auto|true|false", 0, 0, "auto", NULL, NULL,   \
      "The Secure attribute and the __Secure- and __Host- names. `auto`: if base_url is https.",   \
      "true")                                                                                      \
    X(COOKIES_DOMAIN, "cookies.domain", TEXT, NONE, NULL, 1, 253, NULL, "the host alone", NULL,    \
      "Domain attribute, to share cookies with subdomains. Cookies whose default name begins "     \
      "with __Host- "                                                                              \
      "stay without it.",                                                                          \
      "example.com")                                                                               \
    X(COOKIES_PATH, "cookies.path", PATH, NONE, NULL, 1, 256, "/", NULL, NULL,                     \
      "Path attribute; must cover base_path. Cookies whose default name begins with __Host- keep " \
      "\"/\".",                                                                                    \
      "/api")                                                                                      \
    X(COOKIES_SAME_SITE, "cookies.same_site", WORD, NONE, "lax|strict|none", 0, 0, "lax", NULL,    \
      NULL,                                                                                        \
      "SameSite attribute. `strict` is for the session cookie alone: the others must come along "  \
      "when the provider sends the browser back. `none` needs secure cookies.",                    \
      "strict")                                                                                    \
    X(COOKIES_SESSION_NAME, "cookies.session.name", TEXT, NONE, NULL, 1, 128, NULL,                \
      "the profile's", NULL, "Complete name of the session cookie, prefix included.",              \
      "__Secure-app.session")                                                                      \
    USHER_COOKIE_SETTINGS(X, SESSION, "session", "strict")                                         \
    X(COOKIES_CALLBACK_URL_NAME, "cookies.callback_url.name", TEXT, NONE, NULL, 1, 128, NULL,      \
      "the profile's", NULL,                                                                       \
      "Complete name of the cookie that remembers where to go after signing in.",                  \
      "__Secure-app.callback-url")                                                                 \
    USHER_COOKIE_SETTINGS(X, CALLBACK_URL, "callback_url", "none")                                 \
    X(COOKIES_CSRF_NAME, "cookies.csrf.name", TEXT, NONE, NULL, 1, 128, NULL, "the profile's",     \
      NULL, "Complete name of the cookie against cross-site request forgery.", "__Host-app.csrf")  \
    USHER_COOKIE_SETTINGS(X, CSRF, "csrf", "none")                                                 \
    X(COOKIES_PKCE_NAME, "cookies.pkce.name", TEXT, NONE, NULL, 1, 128, NULL, "the profile's",     \
      NULL, "Complete name of the cookie that keeps the PKCE code verifier.", "__Secure-app.pkce") \
    USHER_COOKIE_SETTINGS(X, PKCE, "pkce", "none")                                                 \
    X(COOKIES_STATE_NAME, "cookies.state.name", TEXT, NONE, NULL, 1, 128, NULL, "the profile's",   \
      NULL, "Complete name of the cookie that keeps the state.", "__Secure-app.state")             \
    USHER_COOKIE_SETTINGS(X, STATE, "state", "none")                                               \
    X(COOKIES_NONCE_NAME, "cookies.nonce.name", TEXT, NONE, NULL, 1, 128, NULL, "the profile's",   \
      NULL, "Complete name of the cookie that keeps the nonce.", "__Secure-app.nonce")             \
    USHER_COOKIE_SETTINGS(X, NONCE, "nonce", "none")                                               \
    X(PAGES_SIGN_IN, "pages.sign_in", TEXT, NONE, NULL, 1, 2048, NULL, "our own", NULL,            \
      "Your sign-in page: a path, or a URL of the same origin.", "/login")                         \
    X(PAGES_SIGN_OUT, "pages.sign_out", TEXT, NONE, NULL, 1, 2048, NULL, "our own", NULL,          \
      "Your sign-out page.", "/logout")                                                            \
    X(PAGES_ERROR, "pages.error", TEXT, NONE, NULL, 1, 2048, NULL, "our own", NULL,                \
      "Your error page; it gets the code as `error`.", "/sign-in-failed")                          \
    X(PAGES_VERIFY_REQUEST, "pages.verify_request", TEXT, NONE, NULL, 1, 2048, NULL, "our own",    \
      NULL, "Your page that says a mail was sent.", "/look-in-your-mail")                          \
    X(PAGES_NEW_USER, "pages.new_user", TEXT, NONE, NULL, 1, 2048, NULL, "none", NULL,             \
      "Where somebody is sent who signed in for the first time.", "/welcome")                      \
    X(TITLE, "title", TEXT, NONE, NULL, 1, 200, NULL, "the host of base_url", NULL,                \
      "Heading of usher's own pages.", "Example Weather")                                          \
    X(THEME_COLOR_SCHEME, "theme.color_scheme", WORD, NONE, "auto|light|dark", 0, 0, "auto", NULL, \
      NULL,                                                                                        \
      "Light or dark: usher's own pages are as the browser is set, or always one of the two. "     \
      "Their body has the class that Auth.js' pages have.",                                        \
      "dark")                                                                                      \
    X(THEME_BRAND_COLOR, "theme.brand_color", TEXT, NONE, NULL, 1, 64, NULL, "usher's", NULL,      \
      "Colour of buttons: #rrggbb, a name, or a function like hsl(210 60% 40%).", "'#0f766e'")     \
    X(THEME_BUTTON_TEXT, "theme.button_text", TEXT, NONE, NULL, 1, 64, NULL, "usher's", NULL,      \
      "Colour of the text on them.", "white")                                                      \
    X(THEME_LOGO, "theme.logo", TEXT, NONE, NULL, 1, 2048, NULL, "none", NULL,                     \
      "Picture above the heading: a path of this site, or an https URL.", "/logo.svg")             \
    X(OPEN, "open", TEXTS, NONE, NULL, 0, 1000, NULL, "none: every path needs a session", NULL,    \
      "Paths that need no session: \"/about\" is that path, \"/docs/*\" is /docs and all below "   \
      "it.",                                                                                       \
      "[/, /docs/*]")                                                                              \
    X(MATCHER, "matcher", TEXTS, NONE, NULL, 1, 256, NULL, "none: every path but those of `open`", \
      NULL,                                                                                        \
      "Paths that need a session, as Next.js' config.matcher writes them; a path that none of "    \
      "them matches is open, and so is one of `open`.",                                            \
      "['/dashboard/:path*']")                                                                     \
    X(IDENTITY_HEADER_PREFIX, "identity_header_prefix", TEXT, NONE, NULL, 2, 64, "X-Usher-", NULL, \
      NULL, "How the headers begin in which forward authentication names the user.",               \
      "X-Identity-")                                                                               \
    X(TOKEN_MAX, "token_max", BYTES, NONE, NULL, 1024, 1048576, "64KiB", NULL, NULL,               \
      "Longest session token that is read.", "16KiB")                                              \
    X(AUTH0_RETURN_TO, "auth0.sign_in_return_to", PATH, NONE, NULL, 1, 2048, "/", NULL, NULL,      \
      "Where a sign-in ends that names no place of the site. This and the settings below it are "  \
      "for profile auth0-4.",                                                                      \
      "/welcome")                                                                                  \
    X(AUTH0_PARAMETERS, "auth0.authorization_parameters", TEXTS, NONE, NULL, 0, 32, NULL, "none",  \
      NULL,                                                                                        \
      "Parameters of every authorization request, each as name=value. The query of the login "     \
      "route may say otherwise. `scope` is the provider's setting.",                               \
      "[audience=https://api.example.com, ui_locales=fr]")                                         \
    X(AUTH0_LOGOUT, "auth0.logout_strategy", WORD, NONE, "auto|oidc|v2", 0, 0, "auto", NULL, NULL, \
      "Where the logout route leads: the provider's end_session_endpoint (oidc), Auth0's own "     \
      "/v2/logout (v2), or the first if there is one (auto).",                                     \
      "v2")                                                                                        \
    X(AUTH0_ID_TOKEN_HINT, "auth0.id_token_hint", BOOL, NONE, NULL, 0, 0, "true", NULL, NULL,      \
      "The end_session_endpoint is told the session's ID token.", "false")                         \
    X(AUTH0_ACCESS_TOKEN, "auth0.access_token_route", BOOL, NONE, NULL, 0, 0, "true", NULL, NULL,  \
      "The route that hands the access token to scripts of the page is there.", "false")           \
    X(AUTH0_NO_CONTENT, "auth0.profile_no_content", BOOL, NONE, NULL, 0, 0, "false", NULL, NULL,   \
      "The profile route answers 204 without a session, not 401.", "true")                         \
    X(AUTH0_REFRESH_BUFFER, "auth0.token_refresh_buffer", DURATION, S, NULL, 0, 86400, "0", NULL,  \
      NULL, "Access tokens are refreshed so long before they end.", "60s")                         \
    X(AUTH0_PUSHED, "auth0.pushed_authorization_requests", BOOL, NONE, NULL, 0, 0, "false", NULL,  \
      NULL,                                                                                        \
      "What a sign-in asks of the provider goes there directly first (RFC 9126), and the browser " \
      "carries a reference only.",                                                                 \
      "true")                                                                                      \
    X(AUTH0_TRANSIENT, "auth0.transient", BOOL, NONE, NULL, 0, 0, "false", NULL, NULL,             \
      "The session's cookie goes when the browser is closed.", "true")                             \
    X(AUTH0_TRANSACTION_PREFIX, "auth0.transaction.prefix", TEXT, NONE, NULL, 1, 64, "__txn_",     \
      NULL, NULL, "How the names of the cookies of a sign-in begin.", "__sign_in_")                \
    X(AUTH0_TRANSACTION_MAX_AGE, "auth0.transaction.max_age", DURATION, S, NULL, 1, 604800, "1h",  \
      NULL, NULL, "How long a sign-in may take.", "15m")                                           \
    X(AUTH0_TRANSACTION_PARALLEL, "auth0.transaction.parallel", BOOL, NONE, NULL, 0, 0, "true",    \
      NULL, NULL, "Several sign-ins of one browser may be under way.", "false")                    \
    X(AUTH0_ROUTE_LOGIN, "auth0.routes.login", PATH, NONE, NULL, 2, 256, NULL,                     \
      "base_path and /login", NULL, "Path of the login route.", "/sign-in")                        \
    X(AUTH0_ROUTE_CALLBACK, "auth0.routes.callback", PATH, NONE, NULL, 2, 256, NULL,               \
      "base_path and /callback", NULL, "Path that the provider sends browsers back to.", "/back")  \
    X(AUTH0_ROUTE_LOGOUT, "auth0.routes.logout", PATH, NONE, NULL, 2, 256, NULL,                   \
      "base_path and /logout", NULL, "Path of the logout route.", "/sign-out")                     \
    X(AUTH0_ROUTE_PROFILE, "auth0.routes.profile", PATH, NONE, NULL, 2, 256, NULL,                 \
      "base_path and /profile", NULL, "Path of the route that shows the user.", "/me")             \
    X(AUTH0_ROUTE_TOKEN, "auth0.routes.access_token", PATH, NONE, NULL, 2, 256, NULL,              \
      "base_path and /access-token", NULL, "Path of the route that hands out access tokens.",      \
      "/token")                                                                                    \
    X(PROVIDERS, "providers", MAPS, NONE, NULL, 0, 100, NULL, "none", NULL,                        \
      "Where people can sign in; see site.providers[]. Profile auth0-4 has one; without any, it "  \
      "is made of AUTH0_DOMAIN, AUTH0_CLIENT_ID and AUTH0_CLIENT_SECRET.",                         \
      "[{id: company, issuer: https://id.example.com, client_id: app, client_auth: none}]")

#define USHER_ACCEPT_SETTINGS(X)                                                                   \
    X(PROFILE, "profile", WORD, NONE, USHER_PROFILE_WORDS, 0, 0, NULL, "required", NULL,           \
      "The system that wrote them. auth0-4 reads the cookies of its SDK's version 3 too.",         \
      "nextauth-4")                                                                                \
    X(COOKIE, "cookie", TEXT, NONE, NULL, 1, 128, NULL, "the profile's", NULL,                     \
      "Complete name of the session cookie, prefix included.", "__Secure-old.session")             \
    X(DOMAIN, "domain", TEXT, NONE, NULL, 1, 253, NULL, "that of site.cookies", NULL,              \
      "Domain attribute the cookie was set with: without it, browsers do not delete it.",          \
      "example.com")                                                                               \
    X(PATH, "path", PATH, NONE, NULL, 1, 256, NULL, "that of site.cookies", NULL,                  \
      "Path attribute the cookie was set with.", "/app")                                           \
    X(SECRET, "secret", SECRET, NONE, NULL, 1, 4096, NULL, "the site's", NULL,                     \
      "The secret they were written with, if it is another one.",                                  \
      "m4Hn0cXrT7uZk2Qe9wLbVy5sJd8pGa1fRi6oCtNxE3U")                                               \
    X(SECRETS, "secrets", SECRETS, NONE, NULL, 1, 4096, NULL, "the site's", NULL,                  \
      "The same, several of them.",                                                                \
      "[m4Hn0cXrT7uZk2Qe9wLbVy5sJd8pGa1fRi6oCtNxE3U, "                                             \
      "tB9sKf2LwYp7VhXj4nQzD1mRcE6aUo8gSiW3xTuJ5kM]")                                              \
    X(SECRET_FILE, "secret_file", FILE, NONE, NULL, 1, 4096, NULL, "none", NULL,                   \
      "File that holds the secret, relative to the settings file. Settings files only.",           \
      "/run/secrets/old-site")                                                                     \
    X(SECRETS_FILES, "secrets_files", FILES, NONE, NULL, 1, 4096, NULL, "none", NULL,              \
      "As `secrets`, each in a file of its own. Settings files only.", "[/run/secrets/old-site]")  \
    X(TOKEN, "token", WORD, NONE, "sealed|signed|hook", 0, 0, "sealed", NULL, NULL,                \
      "What the cookie holds; see site.session.token.", "signed")                                  \
    X(STRATEGY, "strategy", WORD, NONE, "jwt|database", 0, 0, "jwt", NULL, NULL,                   \
      "Where these sessions are: in the cookie, or as rows of the database that the site's "       \
      "program has.",                                                                              \
      "database")                                                                                  \
    X(SUBJECT, "subject", WORD, NONE, "user|account|none", 0, 0, NULL, "required where it counts", \
      NULL,                                                                                        \
      "Where users are rows (site.session.strategy: database, or site.users), whose id the `sub` " \
      "of these sessions is: that of a user's row (the old system had the same database), that "   \
      "of an account at `provider` whose owner has a row (with strategy: database alone), or "     \
      "none: then they are shown as they are, from their own cookie, until they end. One taken "   \
      "for the other would sign somebody in as another person.",                                   \
      "user")                                                                                      \
    X(PROVIDER, "provider", TEXT, NONE, NULL, 1, 64, NULL, "none", NULL,                           \
      "The id of the provider at which all these sessions began; with subject: account.",          \
      "company")                                                                                   \
    X(SIGNING_ALG, "signing_alg", WORD, NONE, USHER_SIGNING_WORDS, 0, 0, "HS256", NULL, NULL,      \
      "How its tokens are signed; with token: signed.", "ES256")                                   \
    X(SIGNING_KEYS, "signing_keys", SECRETS, NONE, NULL, 1, 16384, NULL, "HS256: `secrets`", NULL, \
      "Keys that are believed.", "[tB9sKf2LwYp7VhXj4nQzD1mRcE6aUo8gSiW3xTuJ5kM]")                  \
    X(SIGNING_KEYS_FILES, "signing_keys_files", FILES, NONE, NULL, 1, 4096, NULL, "none", NULL,    \
      "As `signing_keys`, each in a file of its own. Settings files only.",                        \
      "[/run/secrets/old-key.pem]")

#define USHER_PROVIDER_SETTINGS(X)                                                                 \
    X(ID, "id", TEXT, NONE, NULL, 1, 64, NULL, "required; auth0-4: auth0", NULL,                   \
      "The provider's name in URLs: a-z, 0-9 and '-'. Upper-cased, with '_' for '-', it is the "   \
      "ID of "                                                                                     \
      "the environment variables.",                                                                \
      "my-company")                                                                                \
    X(TYPE, "type", WORD, NONE, "oidc|development|credentials", 0, 0, "oidc", NULL, NULL,          \
      "OpenID Connect; the development provider: pick a name, be signed in; or a form of your "    \
      "own, which the program's function authorize judges (`hooks`).",                             \
      "development")                                                                               \
    X(NAME, "name", TEXT, NONE, NULL, 1, 200, NULL, "the id", NULL,                                \
      "What the sign-in button says.", "My Company")                                               \
    X(ISSUER, "issuer", URL, NONE, NULL, 8, 2048, NULL, "required (oidc)",                         \
      "AUTH_ID_ISSUER, AUTH0_DOMAIN",                                                              \
      "The issuer exactly as the provider writes it; its discovery document is read.",             \
      "https://login.example.com/tenant")                                                          \
    X(CLIENT_ID, "client_id", TEXT, NONE, NULL, 1, 512, NULL, "required (oidc)",                   \
      "AUTH_ID_ID, AUTH0_CLIENT_ID", "The client identifier that the provider gave to this site.", \
      "app-1234")                                                                                  \
    X(CLIENT_SECRET, "client_secret", SECRET, NONE, NULL, 1, 4096, NULL,                           \
      "required unless client_auth is none", "AUTH_ID_SECRET, AUTH0_CLIENT_SECRET",                \
      "The client secret that the provider gave to this site.", "WqE8rT5yU2iO9pA6sD3f")            \
    X(CLIENT_SECRET_FILE, "client_secret_file", FILE, NONE, NULL, 1, 4096, NULL, "none", NULL,     \
      "File that holds the client secret, relative to the settings file. Settings files only.",    \
      "/run/secrets/company-client")                                                               \
    X(CLIENT_AUTH, "client_auth", WORD, NONE, "client_secret_basic|client_secret_post|none", 0, 0, \
      "client_secret_basic", "client_secret_basic; auth0-4: client_secret_post", NULL,             \
      "How the client proves itself at the token endpoint.", "client_secret_post")                 \
    X(SCOPE, "scope", TEXT, NONE, NULL, 1, 1024, "openid profile email",                           \
      "openid profile email; auth0-4: offline_access too", NULL,                                   \
      "What is asked for; must contain openid.", "openid email")                                   \
    X(ID_TOKEN_ALG, "id_token_alg", WORD, NONE,                                                    \
      "RS256|RS384|RS512|PS256|PS384|PS512|ES256|ES384|ES512|EdDSA|HS256|HS384|HS512", 0, 0,       \
      "RS256", NULL, NULL,                                                                         \
      "The only algorithm that is accepted for ID tokens. HS256 and its like verify with the "     \
      "client secret, so the client needs one; the others with the provider's keys.",              \
      "ES256")                                                                                     \
    X(CHECKS, "checks", WORDS, NONE, "state|nonce|pkce", 0, 8, NULL, "the profile's", NULL,        \
      "What binds the answer to the browser that asked, besides PKCE, which is sent unless "       \
      "`pkce` "                                                                                    \
      "is false.",                                                                                 \
      "[state, nonce]")                                                                            \
    X(PKCE, "pkce", BOOL, NONE, NULL, 0, 0, "true", NULL, NULL,                                    \
      "Sends a code challenge (RFC 7636). false is for providers that refuse it; then keep state " \
      "or nonce in `checks`, and the client needs a secret.",                                      \
      "false")                                                                                     \
    X(USERINFO, "userinfo", BOOL, NONE, NULL, 0, 0, "false", NULL, NULL,                           \
      "Asks the userinfo endpoint too and uses what it says.", "true")                             \
    X(LINK_BY_EMAIL, "allow_dangerous_email_account_linking", BOOL, NONE, NULL, 0, 0, "false",     \
      NULL, NULL,                                                                                  \
      "Whoever signs in here with the e-mail address of a user who came by another way is that "   \
      "user. Only for a provider that has verified every address, and where whoever came by "      \
      "another way had to show that it is his. An answer whose email_verified is there and not "   \
      "true links nobody. With users: database.",                                                  \
      "true")                                                                                      \
    X(PRIVATE_NETWORK, "private_network", BOOL, NONE, NULL, 0, 0, "false", NULL, NULL,             \
      "The provider may be at an address that is not public (10.x, 192.168.x, loopback).", "true") \
    X(PLAIN_HTTP, "plain_http", BOOL, NONE, NULL, 0, 0, "false", NULL, NULL,                       \
      "The provider may be reached by http. Only with development.", "true")                       \
    X(TIMEOUT, "timeout", DURATION, MS, NULL, 100, 60000, "5s", NULL, NULL,                        \
      "Longest wait for one answer of the provider.", "2s")                                        \
    X(USERS, "users", MAPS, NONE, NULL, 1, 100, NULL, "Ada and Grace", NULL,                       \
      "Whom a development provider offers; see site.providers[].users[].",                         \
      "[{id: ada, name: Ada Lovelace}]")                                                           \
    X(FIELDS, "fields", MAPS, NONE, NULL, 0, 64, NULL, "none", NULL,                               \
      "What the sign-in page asks for at a credentials provider, in this order; see "              \
      "site.providers[].fields[]. Whatever else is sent is handed on, too.",                       \
      "[{name: password, type: password}]")

#define USHER_FIELD_SETTINGS(X)                                                                    \
    X(NAME, "name", TEXT, NONE, NULL, 1, 64, NULL, "required", NULL, "The field's name.",          \
      "password")                                                                                  \
    X(LABEL, "label", TEXT, NONE, NULL, 1, 200, NULL, "the name", NULL,                            \
      "What stands above the field.", "Password")                                                  \
    X(TYPE, "type", TEXT, NONE, NULL, 1, 32, "text", NULL, NULL,                                   \
      "The type of its input, as HTML has them.", "password")                                      \
    X(PLACEHOLDER, "placeholder", TEXT, NONE, NULL, 1, 200, NULL, "none", NULL,                    \
      "What stands in it while it is empty.", "at least 12 characters")

#define USHER_USER_SETTINGS(X)                                                                     \
    X(ID, "id", TEXT, NONE, NULL, 1, 255, NULL, "required", NULL, "The user's id.", "ada")         \
    X(NAME, "name", TEXT, NONE, NULL, 1, 200, NULL, "none", NULL, "Name to show.", "Ada Lovelace") \
    X(EMAIL, "email", TEXT, NONE, NULL, 3, 254, NULL, "none", NULL, "E-mail address.",             \
      "ada@example.com")                                                                           \
    X(IMAGE, "image", TEXT, NONE, NULL, 1, 2048, NULL, "none", NULL, "URL of a picture.",          \
      "/ada.png")

#define USHER_DAEMON_SETTINGS(X)                                                                   \
    X(LISTEN, "listen", TEXT, NONE, NULL, 1, 64, "127.0.0.1:3000", NULL, NULL,                     \
      "Address and port that requests come in at: an IPv4 address, an IPv6 address in brackets, "  \
      "or "                                                                                        \
      "localhost. Port 0 takes a free one.",                                                       \
      "\"[::1]:8080\"")                                                                            \
    X(THREADS, "threads", INTEGER, NONE, NULL, 0, 256, "0", "one for each processor", NULL,        \
      "Threads that read and answer requests.", "4")                                               \
    X(WORKERS, "workers", INTEGER, NONE, NULL, 1, 256, "8", NULL, NULL,                            \
      "Threads that may wait for a provider.", "16")                                               \
    X(HEAD_TIMEOUT, "head_timeout", DURATION, S, NULL, 1, 300, "10s", NULL, NULL,                  \
      "A request's head must be complete after this time, however slowly it comes.", "5s")         \
    X(BODY_TIMEOUT, "body_timeout", DURATION, S, NULL, 1, 3600, "20s", NULL, NULL,                 \
      "The same for its body.", "30s")                                                             \
    X(DRAIN_TIMEOUT, "drain_timeout", DURATION, S, NULL, 0, 3600, "25s", NULL, NULL,               \
      "How long requests that are under way may take when the daemon is told to stop.", "5s")      \
    X(HEAD_MAX, "head_max", BYTES, NONE, NULL, 4096, 1048576, "64KiB", NULL, NULL,                 \
      "Largest head of a request.", "32KiB")                                                       \
    X(BODY_MAX, "body_max", BYTES, NONE, NULL, 1024, 67108864, "1MiB", NULL, NULL,                 \
      "Largest body of a request.", "256KiB")                                                      \
    X(CONNECTIONS_MAX, "connections_max", INTEGER, NONE, NULL, 1, 1000000, "10000", NULL, NULL,    \
      "Connections that may be open at once.", "500")                                              \
    X(TRUSTED_PEERS, "trusted_peers", TEXTS, NONE, NULL, 0, 1000, NULL, "none", NULL,              \
      "Addresses or networks (CIDR) of proxies whose X-Forwarded-* and X-Original-* headers "      \
      "count. Without any, none does.",                                                            \
      "[127.0.0.1, 10.0.0.0/8, \"fd00::/8\"]")                                                     \
    X(CHECK_PATH, "check_path", PATH, NONE, NULL, 2, 256, "/_usher/check", NULL, NULL,             \
      "Where forward authentication asks.", "/internal/check")                                     \
    X(FILES, "files", FILE, NONE, NULL, 1, 4096, NULL, "none", NULL,                               \
      "Folder of pages to serve, relative to the settings file.", "pages")

#define USHER_SETTING_SITE_ENUM(symbol, ...)     USHER_ROW_SITE_##symbol,
#define USHER_SETTING_ACCEPT_ENUM(symbol, ...)   USHER_ROW_ACCEPT_##symbol,
#define USHER_SETTING_PROVIDER_ENUM(symbol, ...) USHER_ROW_PROVIDER_##symbol,
#define USHER_SETTING_USER_ENUM(symbol, ...)     USHER_ROW_USER_##symbol,
#define USHER_SETTING_FIELD_ENUM(symbol, ...)    USHER_ROW_FIELD_##symbol,
#define USHER_SETTING_DAEMON_ENUM(symbol, ...)   USHER_ROW_DAEMON_##symbol,
enum { USHER_SITE_SETTINGS(USHER_SETTING_SITE_ENUM) USHER_ROWS_SITE };
enum { USHER_ACCEPT_SETTINGS(USHER_SETTING_ACCEPT_ENUM) USHER_ROWS_ACCEPT };
enum { USHER_PROVIDER_SETTINGS(USHER_SETTING_PROVIDER_ENUM) USHER_ROWS_PROVIDER };
enum { USHER_USER_SETTINGS(USHER_SETTING_USER_ENUM) USHER_ROWS_USER };
enum { USHER_FIELD_SETTINGS(USHER_SETTING_FIELD_ENUM) USHER_ROWS_FIELD };
enum { USHER_DAEMON_SETTINGS(USHER_SETTING_DAEMON_ENUM) USHER_ROWS_DAEMON };
#undef USHER_SETTING_SITE_ENUM
#undef USHER_SETTING_ACCEPT_ENUM
#undef USHER_SETTING_PROVIDER_ENUM
#undef USHER_SETTING_USER_ENUM
#undef USHER_SETTING_FIELD_ENUM
#undef USHER_SETTING_DAEMON_ENUM

extern const usher_setting_table usher_site_table, usher_accept_table, usher_provider_table,
    usher_user_table, usher_field_table, usher_daemon_table;
/* All of them in the order of the documentation. */
#define USHER_SETTING_TABLES 6
extern const usher_setting_table *const usher_setting_tables[USHER_SETTING_TABLES];

/* Word number `index` of "a|b|c"; absent past the last. */
usher_str usher_setting_word(const char *words, size_t index);

#endif
