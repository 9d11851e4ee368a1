/* What only the routes of Auth0's SDK look at, and its one provider as the environment has it. */
#include "base/str.h"
#include "oauth/text.h"
#include "site/build.h"

#define S(symbol) USHER_ROW_SITE_##symbol
#define URL_MAX   ((size_t)8192)

static const int rows[] = {S(AUTH0_RETURN_TO),
                           S(AUTH0_PARAMETERS),
                           S(AUTH0_LOGOUT),
                           S(AUTH0_ID_TOKEN_HINT),
                           S(AUTH0_ACCESS_TOKEN),
                           S(AUTH0_NO_CONTENT),
                           S(AUTH0_REFRESH_BUFFER),
                           S(AUTH0_PUSHED),
                           S(AUTH0_TRANSIENT),
                           S(AUTH0_TRANSACTION_PREFIX),
                           S(AUTH0_TRANSACTION_MAX_AGE),
                           S(AUTH0_TRANSACTION_PARALLEL),
                           S(AUTH0_ROUTE_LOGIN),
                           S(AUTH0_ROUTE_CALLBACK),
                           S(AUTH0_ROUTE_LOGOUT),
                           S(AUTH0_ROUTE_PROFILE),
                           S(AUTH0_ROUTE_TOKEN)};

static const struct {
    int row;
    usher_str tail; /* behind the base path, without a setting */
} routes[] = {
    [USHER_AUTH0_LOGIN] = {S(AUTH0_ROUTE_LOGIN), USHER_STR_INIT("/login")},
    [USHER_AUTH0_CALLBACK] = {S(AUTH0_ROUTE_CALLBACK), USHER_STR_INIT("/callback")},
    [USHER_AUTH0_LOGOUT] = {S(AUTH0_ROUTE_LOGOUT), USHER_STR_INIT("/logout")},
    [USHER_AUTH0_PROFILE] = {S(AUTH0_ROUTE_PROFILE), USHER_STR_INIT("/profile")},
    [USHER_AUTH0_ACCESS_TOKEN] = {S(AUTH0_ROUTE_TOKEN), USHER_STR_INIT("/access-token")},
};

static void take(usher_building *b, usher_str *out, usher_buf *buf)
{
    usher_status rc = usher_buf_take(out, buf, NULL);

    if (rc && !b->status) b->status = rc;
}

/* --- settings --------------------------------------------------------------------------------- */

static void refuse_rows(usher_building *b)
{
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (b->v[rows[i]].node)
            usher_complain(&b->c, usher_place_of_key(b->v[rows[i]].node),
                           "site.$1 is for profile auth0-4",
                           usher_str_z(usher_site_table.rows[rows[i]].path), USHER_NIL, USHER_NIL);
}

/* What the protocol itself sets, or has a setting of its own. */
static bool is_ours(usher_str name)
{
    static const usher_str ours[] = {
        USHER_STR_INIT("scope"),         USHER_STR_INIT("client_id"),
        USHER_STR_INIT("redirect_uri"),  USHER_STR_INIT("response_type"),
        USHER_STR_INIT("response_mode"), USHER_STR_INIT("code_challenge"),
        USHER_STR_INIT("nonce"),         USHER_STR_INIT("code_challenge_method"),
        USHER_STR_INIT("state"),         USHER_STR_INIT("request"),
        USHER_STR_INIT("request_uri"),   USHER_STR_INIT("client_secret"),
        USHER_STR_INIT("returnTo"),      USHER_STR_INIT("challengeMode"),
    };

    for (size_t i = 0; i < sizeof ours / sizeof *ours; i++)
        if (usher_str_eq(ours[i], name)) return true;
    return false;
}

static void read_parameter(usher_building *b, const usher_node *n, usher_form *out)
{
    usher_str value, name = usher_str_cut(n->text, '=', &value);
    uint64_t age;

    if (!value.ptr || !usher_oauth_visible(name))
        usher_complain(&b->c, usher_place_of(n),
                       "site.auth0.authorization_parameters has '$1'; write name=value", n->text,
                       USHER_NIL, USHER_NIL);
    else if (is_ours(name) || usher_form_count(out, name))
        usher_complain(&b->c, usher_place_of(n),
                       "site.auth0.authorization_parameters has '$1', which is set elsewhere; "
                       "remove it",
                       name, USHER_NIL, USHER_NIL);
    else if (usher_str_eq(name, USHER_STR("max_age")) &&
             (!usher_str_u64(&age, value) || age > INT32_MAX))
        usher_complain(&b->c, usher_place_of(n),
                       "site.auth0.authorization_parameters has a max_age of '$1'; write seconds",
                       value, USHER_NIL, USHER_NIL);
    else
        out->pairs[out->count++] =
            (usher_form_pair){usher_build_keep(b, name), usher_build_keep(b, value)};
}

static void read_parameters(usher_building *b, usher_form *out)
{
    const usher_value *v = &b->v[S(AUTH0_PARAMETERS)];
    size_t most = 0;

    if (!v->node || v->bad) return;
    for (const usher_node *n = v->node->first; n; n = n->next)
        most++;
    if (!most || !(out->pairs = usher_build_get(b, most, sizeof *out->pairs))) return;
    for (const usher_node *n = v->node->first; n; n = n->next)
        read_parameter(b, n, out);
}

static void set_app_url(usher_building *b)
{
    usher_buf url;

    usher_buf_init(&url, &b->site->arena, URL_MAX);
    usher_buf_put(&url, b->site->base_url);
    usher_buf_put(&url, b->url_path);
    take(b, &b->site->auth0.app_url, &url);
}

static void judge_prefix(usher_building *b)
{
    const usher_value *v = &b->v[S(AUTH0_TRANSACTION_PREFIX)];
    usher_str session = b->site->cookies[USHER_COOKIE_SESSION].name;

    if (!v->node || v->bad) return;
    if (!usher_build_is_cookie_name(v->text))
        usher_complain(&b->c, usher_place_of(v->node),
                       "site.auth0.transaction.prefix is '$1'; write letters, digits, - and _",
                       v->text, USHER_NIL, USHER_NIL);
    else if (usher_str_starts(session, v->text) || usher_str_starts(v->text, session))
        usher_complain(&b->c, usher_place_of(v->node),
                       "site.auth0.transaction.prefix is '$1', which the session's cookie '$2' "
                       "would be taken for; write another one",
                       v->text, session, USHER_NIL);
}

/* A setting is a path of the application, which may itself live below its origin. */
static void set_route(usher_building *b, size_t i)
{
    const usher_value *v = &b->v[routes[i].row];
    usher_str *out = b->site->auth0.routes;
    bool own = v->node && !v->bad;
    usher_buf path;

    usher_buf_init(&path, &b->site->arena, URL_MAX);
    usher_buf_put(&path, own ? b->url_path : b->site->base_path);
    usher_buf_put(&path, own ? v->text : routes[i].tail);
    take(b, &out[i], &path);
    if (own && usher_str_ends(out[i], USHER_STR("/"))) out[i].len--;
    for (size_t j = 0; j < i; j++)
        if (usher_str_eq(out[j], out[i]))
            usher_complain(&b->c, usher_place_of_key(own ? v->node : b->v[routes[j].row].node),
                           "site.$1 and site.$2 are the same path",
                           usher_str_z(usher_site_table.rows[routes[j].row].path),
                           usher_str_z(usher_site_table.rows[routes[i].row].path), USHER_NIL);
}

void usher_build_auth0(usher_building *b)
{
    usher_auth0_site *s = &b->site->auth0;

    if (!b->site->profile->auth0) {
        refuse_rows(b);
        return;
    }
    set_app_url(b);
    s->sign_in_return_to = usher_build_keep(b, b->v[S(AUTH0_RETURN_TO)].text);
    s->logout = (usher_logout_strategy)b->v[S(AUTH0_LOGOUT)].number;
    s->id_token_hint = b->v[S(AUTH0_ID_TOKEN_HINT)].number != 0;
    s->access_token_route = b->v[S(AUTH0_ACCESS_TOKEN)].number != 0;
    s->profile_no_content = b->v[S(AUTH0_NO_CONTENT)].number != 0;
    s->pushed = b->v[S(AUTH0_PUSHED)].number != 0;
    s->refresh_buffer_s = b->v[S(AUTH0_REFRESH_BUFFER)].number;
    read_parameters(b, &s->parameters);
    judge_prefix(b);
    for (size_t i = 0; i < USHER_AUTH0_ROUTES; i++)
        set_route(b, i);
}

/* --- the provider ----------------------------------------------------------------------------- */

static bool is_address(usher_str host)
{
    for (size_t i = 0; i < host.len; i++)
        if (host.ptr[i] != '.' && (host.ptr[i] < '0' || host.ptr[i] > '9')) return false;
    return true;
}

/* A host of the public net by name: what the original takes for a domain. */
static bool is_domain(const usher_url *url)
{
    return !url->query.ptr && !url->fragment.ptr && !is_address(url->host) &&
           !usher_str_has(url->host, ':') && usher_str_has(url->host, '.') &&
           !usher_str_ends(url->host, USHER_STR(".local")) && !usher_url_is_loopback(url);
}

/* https and no port, whatever was written; one slash for a path that is none. */
usher_str usher_build_auth0_issuer(usher_building *b, usher_str domain, usher_str name)
{
    bool bare = usher_str_find(domain, USHER_STR("://")) == SIZE_MAX;
    usher_str text = {0}, issuer = {0};
    usher_buf buf;
    usher_url url;

    usher_buf_init(&buf, &b->scratch, URL_MAX);
    if (bare) usher_buf_put_z(&buf, "https://");
    usher_buf_put(&buf, domain);
    take(b, &text, &buf);
    if (!text.ptr || usher_url_read(&url, text, NULL) || !is_domain(&url) ||
        (bare && (url.path.len || url.port_given))) {
        usher_complain(&b->c, (usher_place){0, 0},
                       "$1 is '$2', which is no domain; write tenant.eu.auth0.com", name, domain,
                       USHER_NIL);
        return issuer;
    }
    url.https = true;
    url.port = 443;
    usher_buf_init(&buf, &b->scratch, URL_MAX);
    usher_url_put_origin(&buf, &url);
    usher_buf_put(&buf, url.path.len ? url.path : USHER_STR("/"));
    take(b, &issuer, &buf);
    return issuer;
}
