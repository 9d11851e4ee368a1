/* What a session costs in headers, held against what carries them: a browser keeps 4096 bytes of a
 * cookie's name and value, nginx reads 8 KiB of one header line, Node.js 16 KiB of a whole head,
 * each unless somebody set it higher. Beyond that requests fail before anybody sees them, with
 * answers that name no session; so it is said here, when the site is made. */
#include "base/str.h"
#include "site/build.h"

#define BROWSER_COOKIE 4096
#define NGINX_LINE     8192
#define NODE_HEAD      16384
#define OTHER_HEADERS  2048 /* what a browser sends besides its cookies */

/* Bytes of claims where the settings set no bound: people with longish names, addresses and
 * pictures; with Auth0's, an access token, an ID token and a refresh token besides. */
#define USUAL_CLAIMS 1200
#define USUAL_TOKENS 4600

#define STAMPS 120 /* iat, exp, jti */
#define SEALED 160 /* header, initialisation vector and tag of a token, and its dots */

static void warn(usher_building *b, const char *text, usher_str v1, usher_str v2)
{
    usher_warn(&b->c, usher_place_of(b->v[USHER_ROW_SITE_SESSION_CLAIMS_MAX].node), text, v1, v2,
               USHER_NIL);
}

static usher_str number(usher_building *b, size_t n)
{
    usher_str text = {0};
    usher_buf buf;

    usher_buf_init(&buf, &b->c.list->arena, 32);
    usher_buf_put_u64(&buf, n);
    if (usher_buf_take(&text, &buf, NULL)) b->c.no_memory = true;
    return text;
}

static size_t claims_size(const usher_site *site)
{
    if (site->claims_max) return site->claims_max;
    return USUAL_CLAIMS + (site->profile->auth0 ? USUAL_TOKENS : 0);
}

/* Characters of the session in a Cookie header, names and separators included. */
static size_t session_size(const usher_site *site)
{
    size_t token = (claims_size(site) + STAMPS) * 4 / 3 + SEALED;
    size_t pieces = (token + site->profile->chunk_max - 1) / site->profile->chunk_max;

    return token + pieces * (site->cookies[USHER_COOKIE_SESSION].name.len + 6);
}

/* The cookies beside it, as large as they usually are. */
static size_t others_size(const usher_site *site)
{
    size_t n = 0;

    for (size_t kind = 0; kind < USHER_COOKIE_KINDS; kind++)
        if (kind == USHER_COOKIE_CSRF || kind == USHER_COOKIE_CALLBACK_URL)
            n += site->cookies[kind].name.len ? site->cookies[kind].name.len + 140 : 0;
    return n;
}

static void check_piece(usher_building *b)
{
    const usher_site_cookie *c = &b->site->cookies[USHER_COOKIE_SESSION];
    size_t piece = b->site->profile->chunk_max + c->name.len + 3;

    if (piece > BROWSER_COOKIE)
        usher_complain(&b->c, usher_place_of(b->v[USHER_ROW_SITE_COOKIES_SESSION_NAME].node),
                       "the session cookie's name '$1' is too long: with it, a piece of a large "
                       "session has $2 bytes, and browsers drop cookies beyond 4096",
                       c->name, number(b, piece), USHER_NIL);
}

static void check_token_max(usher_building *b)
{
    size_t most = USHER_CHUNKS_MAX * b->site->profile->chunk_max;
    const usher_value *v = &b->v[USHER_ROW_SITE_TOKEN_MAX];

    if (v->node && !v->bad && b->site->token_max > most)
        usher_warn(&b->c, usher_place_of(v->node),
                   "site.token_max is $1, but at most $2 characters fit into the 32 cookies of a "
                   "session",
                   number(b, b->site->token_max), number(b, most), USHER_NIL);
}

void usher_build_budget(usher_building *b)
{
    size_t session = session_size(b->site), line = session + others_size(b->site);

    check_piece(b);
    check_token_max(b);
    if (session > b->site->token_max)
        warn(b,
             "sessions of $1 bytes of claims take $2 characters, which is beyond "
             "site.token_max: they are refused when they are written",
             number(b, claims_size(b->site)), number(b, session));
    if (line + OTHER_HEADERS > NODE_HEAD)
        warn(b,
             "sessions of $1 bytes of claims make a Cookie header of $2: beyond what Node.js "
             "(16 KiB for all headers) and nginx (8 KiB for one) read unless told otherwise",
             number(b, claims_size(b->site)), number(b, line));
    else if (line > NGINX_LINE)
        warn(b,
             "sessions of $1 bytes of claims make a Cookie header of $2: beyond the 8 KiB that "
             "nginx reads unless large_client_header_buffers says otherwise",
             number(b, claims_size(b->site)), number(b, line));
}
