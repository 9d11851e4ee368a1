/* Identity providers: each complete, unambiguous, and no weaker than somebody asked for. */
#include "base/str.h"
#include "site/build.h"

#define P(symbol) USHER_ROW_PROVIDER_##symbol

/* One provider while it is read. */
typedef struct reading {
    usher_building *b;
    usher_provider *out;
    const usher_node *map;
    usher_str name; /* "site.providers[2]" */
    usher_value v[USHER_ROWS_PROVIDER];
} reading;

static bool written(const reading *r, int row)
{
    return r->v[row].node != NULL;
}

static usher_str row_name(const reading *r, int row)
{
    return usher_setting_full_name(&r->b->c, r->name,
                                   usher_str_z(usher_provider_table.rows[row].path));
}

static void complain(reading *r, int row, const char *text, usher_str v2, usher_str v3)
{
    const usher_node *at = written(r, row) ? r->v[row].node : r->map;

    usher_complain(&r->b->c, usher_place_of(at), text, row_name(r, row), v2, v3);
}

static void warn(reading *r, int row, const char *text, usher_str v2, usher_str v3)
{
    const usher_node *at = written(r, row) ? r->v[row].node : r->map;

    usher_warn(&r->b->c, usher_place_of(at), text, row_name(r, row), v2, v3);
}

/* `any_case`: no environment variable is named after it. */
static bool is_id(usher_str id, bool any_case)
{
    for (size_t i = 0; i < id.len; i++) {
        char c = id.ptr[i];
        bool other = any_case && ((c >= 'A' && c <= 'Z') || c == '_');
        if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || other)) return false;
    }
    return id.len != 0;
}

static void read_id(reading *r, const usher_provider *earlier, size_t count)
{
    const usher_value *v = &r->v[P(ID)];

    if (v->bad) return;
    if (!v->node && r->b->site->profile->auth0) {
        r->out->id = r->b->site->profile->auth0->provider;
        return;
    }
    if (!v->node) {
        complain(r, P(ID), "$1 is missing: the provider's name in URLs", USHER_NIL, USHER_NIL);
        return;
    }
    if (!is_id(v->text, r->v[P(TYPE)].number == USHER_PROVIDER_CREDENTIALS)) {
        complain(r, P(ID), "$1 is '$2'; write a-z, 0-9 and '-' only", v->text, USHER_NIL);
        return;
    }
    for (size_t i = 0; i < count; i++)
        if (usher_str_eq(earlier[i].id, v->text))
            complain(r, P(ID), "$1 is '$2', as of an earlier provider; each needs its own", v->text,
                     USHER_NIL);
    r->out->id = usher_build_keep(r->b, v->text);
}

#define VARIABLE_MAX 80 /* "AUTH_", an id of 64, "_ISSUER" */

/* AUTH_MY_COMPANY_SECRET for my-company, as Auth.js names it. */
static usher_str from_environment(reading *r, char variable[VARIABLE_MAX], const char *suffix)
{
    usher_str id = r->out->id;
    size_t at = 0;

    if (!id.len) return USHER_NIL;
    for (const char *p = "AUTH_"; *p; p++)
        variable[at++] = *p;
    for (size_t i = 0; i < id.len; i++) {
        char c = id.ptr[i];
        variable[at++] = c == '-' ? '_' : c >= 'a' && c <= 'z' ? (char)(c - 32) : c;
    }
    for (const char *p = suffix; *p; p++)
        variable[at++] = *p;
    variable[at] = 0;
    return usher_build_env(r->b, variable);
}

/* The variable of a system that has one provider; NULL if this one is called after its id. */
static const char *own_variable(const reading *r, int row)
{
    const usher_environment *names = usher_build_environment(r->b);

    switch (row) {
    case P(ISSUER): return names->provider[0];
    case P(CLIENT_ID): return names->provider[1];
    case P(CLIENT_SECRET): return names->provider[2];
    default: return NULL;
    }
}

static usher_str from_own_variable(reading *r, int row, char variable[VARIABLE_MAX])
{
    usher_str name = usher_str_z(own_variable(r, row)), value;
    size_t at = 0;

    for (; at < name.len; at++)
        variable[at] = name.ptr[at];
    variable[at] = 0;
    value = usher_build_env(r->b, variable);
    return row == P(ISSUER) && value.len ? usher_build_auth0_issuer(r->b, value, name) : value;
}

/* The setting, else the variable, which is held against the same row. */
static usher_str text_or_variable(reading *r, int row, const char *suffix, bool required)
{
    char variable[VARIABLE_MAX] = "";
    usher_value *v = &r->v[row];
    usher_value found = {0};
    size_t errors = r->b->c.list->errors;

    if (v->bad) return USHER_NIL;
    if (v->node) return v->text;
    usher_node env = {.text = own_variable(r, row) ? from_own_variable(r, row, variable)
                                                   : from_environment(r, variable, suffix),
                      .quoted = true};
    if (r->b->c.list->errors > errors) return USHER_NIL; /* it is there, and no good */
    if (env.text.ptr)
        return usher_setting_parse(&found, &r->b->c, &usher_provider_table.rows[row],
                                   usher_str_z(variable), &env)
                   ? found.text
                   : USHER_NIL;
    if (required) /* without an id, the variable has no name either */
        complain(r, row, variable[0] ? "$1 is missing; give it, or set $2" : "$1 is missing",
                 usher_str_z(variable), USHER_NIL);
    return USHER_NIL;
}

static void judge_issuer(reading *r, usher_str issuer)
{
    usher_url url;

    if (usher_url_read(&url, issuer, NULL)) return; /* complained about as a URL */
    if (url.query.ptr || url.fragment.ptr)
        complain(r, P(ISSUER), "$1 has a query or a fragment, which no issuer has", USHER_NIL,
                 USHER_NIL);
    if (!url.https && !r->v[P(PLAIN_HTTP)].number)
        complain(r, P(ISSUER), "$1 is http; use https (or, in development, plain_http: true)",
                 USHER_NIL, USHER_NIL);
    if (usher_url_is_loopback(&url) && !r->v[P(PRIVATE_NETWORK)].number)
        complain(r, P(ISSUER), "$1 is on this machine; private_network: true allows that",
                 USHER_NIL, USHER_NIL);
}

static void read_issuer(reading *r)
{
    usher_str issuer = text_or_variable(r, P(ISSUER), "_ISSUER", true);

    if (issuer.len) judge_issuer(r, issuer);
    r->out->issuer = usher_build_keep(r->b, issuer);
    if (r->v[P(PLAIN_HTTP)].number && !r->b->site->development)
        complain(r, P(PLAIN_HTTP), "$1 is only for development: true", USHER_NIL, USHER_NIL);
}

static usher_secret keep_secret(reading *r, usher_str text)
{
    uint8_t *copy = text.len ? usher_build_get(r->b, text.len, 1) : NULL;

    if (!copy) return (usher_secret){0};
    for (size_t i = 0; i < text.len; i++)
        copy[i] = (uint8_t)text.ptr[i];
    return (usher_secret){copy, text.len}; /* wiped with the site's arena */
}

static void read_client(reading *r)
{
    static const usher_client_auth kinds[] = {USHER_CLIENT_SECRET_BASIC, USHER_CLIENT_SECRET_POST,
                                              USHER_CLIENT_NONE};
    usher_client_auth auth = kinds[r->v[P(CLIENT_AUTH)].number];

    if (!written(r, P(CLIENT_AUTH)) && r->b->site->profile->auth0) auth = USHER_CLIENT_SECRET_POST;
    r->out->client_auth = auth;
    r->out->client_id = usher_build_keep(r->b, text_or_variable(r, P(CLIENT_ID), "_ID", true));
    if (written(r,
                P(CLIENT_SECRET_FILE))) { /* who reads a settings file has put its content here */
        complain(r, P(CLIENT_SECRET_FILE), "$1 is for settings files only; give the secret itself",
                 USHER_NIL, USHER_NIL);
        return;
    }
    if (auth != USHER_CLIENT_NONE)
        r->out->client_secret =
            keep_secret(r, text_or_variable(r, P(CLIENT_SECRET), "_SECRET", true));
    else if (written(r, P(CLIENT_SECRET)))
        complain(r, P(CLIENT_SECRET), "$1 is given, but client_auth is none; remove one of them",
                 USHER_NIL, USHER_NIL);
}

/* scope-token of RFC 6749 section 3.3, each after one space. */
static bool is_scope(usher_str scope, bool *openid)
{
    usher_str rest = scope;

    *openid = false;
    while (rest.ptr) {
        usher_str token = usher_str_cut(rest, ' ', &rest);
        if (token.len == 0) return false;
        for (size_t i = 0; i < token.len; i++) {
            unsigned char c = (unsigned char)token.ptr[i];
            if (c <= ' ' || c >= 0x7f || c == '"' || c == '\\') return false;
        }
        *openid |= usher_str_eq(token, USHER_STR("openid"));
    }
    return true;
}

static void read_scope(reading *r)
{
    usher_str scope = r->v[P(SCOPE)].text;
    bool openid;

    if (!written(r, P(SCOPE)) && r->b->site->profile->auth0)
        scope = r->b->site->profile->auth0->scope;
    if (!is_scope(scope, &openid))
        complain(r, P(SCOPE), "$1 is '$2'; write words with one space between them", scope,
                 USHER_NIL);
    else if (!openid)
        complain(r, P(SCOPE), "$1 is '$2'; it must contain openid, or no ID token comes", scope,
                 USHER_NIL);
    r->out->scope = usher_build_keep(r->b, scope);
}

static void read_checks(reading *r)
{
    const usher_value *v = &r->v[P(CHECKS)];
    usher_provider *p = r->out;

    p->pkce = r->v[P(PKCE)].number != 0;
    p->state = r->b->site->profile->checks_state_default;
    p->nonce = r->b->site->profile->checks_nonce_default;
    if (!v->node || v->bad) return;
    p->state = p->nonce = false;
    for (const usher_node *n = v->node->first; n; n = n->next) {
        p->state |= usher_str_eq(n->text, USHER_STR("state"));
        p->nonce |= usher_str_eq(n->text, USHER_STR("nonce"));
    }
}

/* What is left when a provider refuses PKCE: without a secret, whoever has the code has the tokens;
 * without state and nonce, a code of somebody else's sign-in fits as well (login CSRF). */
static void judge_checks(reading *r)
{
    const usher_provider *p = r->out;

    if (p->pkce || r->v[P(PKCE)].bad) return;
    if (p->client_auth == USHER_CLIENT_NONE)
        complain(r, P(PKCE), "$1 is false, but client_auth is none: such a client needs PKCE",
                 USHER_NIL, USHER_NIL);
    else if (!p->state && !p->nonce)
        (r->b->site->development ? warn : complain)(
            r, P(PKCE),
            "$1 is false, and checks has neither state nor nonce: nothing binds the "
            "answer to the browser",
            USHER_NIL, USHER_NIL);
}

/* HS256 and its like verify with the client secret, and so are no better than it: whoever guesses
 * it from one token writes the next ones. */
static void read_id_token_alg(reading *r)
{
    usher_provider *p = r->out;
    usher_str word = r->v[P(ID_TOKEN_ALG)].text;

    p->id_token_alg = usher_jws_alg_of(word);
    if (!usher_jws_alg_is_mac(p->id_token_alg)) return;
    if (p->client_auth == USHER_CLIENT_NONE)
        complain(r, P(ID_TOKEN_ALG),
                 "$1 is '$2', which verifies with the client secret, but client_auth is none", word,
                 USHER_NIL);
    else if (p->client_secret.len &&
             p->client_secret.len < usher_digest_size(usher_jws_alg_digest(p->id_token_alg)))
        warn(r, P(ID_TOKEN_ALG),
             "$1 is '$2', but the client secret is shorter than such a key should be (RFC 7518); "
             "ask the provider for a longer one, or for RS256",
             word, USHER_NIL);
}

/* Those routes have their own ways, and one provider. */
static void refuse_for_auth0(reading *r)
{
    static const int rows[] = {P(TYPE), P(CHECKS), P(PKCE), P(USERINFO), P(LINK_BY_EMAIL)};

    if (!r->b->site->profile->auth0) return;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (written(r, rows[i]) && (rows[i] != P(TYPE) || r->v[P(TYPE)].number != 0))
            complain(r, rows[i],
                     "$1: profile auth0-4 signs in by OpenID Connect with state, nonce "
                     "and PKCE, and by nothing else; leave it out",
                     USHER_NIL, USHER_NIL);
}

static void refuse_fields(reading *r)
{
    if (written(r, P(FIELDS)))
        complain(r, P(FIELDS), "$1 is for a provider of type credentials", USHER_NIL, USHER_NIL);
}

static void read_oidc(reading *r)
{
    usher_provider *p = r->out;

    read_issuer(r);
    read_client(r);
    read_scope(r);
    read_checks(r);
    judge_checks(r);
    read_id_token_alg(r);
    p->userinfo = r->v[P(USERINFO)].number != 0;
    p->link_by_email = r->v[P(LINK_BY_EMAIL)].number != 0;
    p->private_network = r->v[P(PRIVATE_NETWORK)].number != 0;
    p->plain_http = r->v[P(PLAIN_HTTP)].number != 0;
    p->timeout_ms = (uint32_t)r->v[P(TIMEOUT)].number;
    if (written(r, P(USERS)))
        complain(r, P(USERS), "$1 is for a provider of type development", USHER_NIL, USHER_NIL);
    refuse_fields(r);
}

/* One user of a development provider. */
typedef struct user_reading {
    reading *provider;
    usher_str name;
    const usher_node *map;
    usher_value v[USHER_ROWS_USER];
} user_reading;

static usher_str user_text(user_reading *u, int row)
{
    return u->v[row].node && !u->v[row].bad ? usher_build_keep(u->provider->b, u->v[row].text)
                                            : USHER_NIL;
}

static void complain_user(user_reading *u, int row, const char *text)
{
    usher_complaints *c = &u->provider->b->c;
    const usher_node *at = u->v[row].node ? u->v[row].node : u->map;

    usher_complain(
        c, usher_place_of(at), text,
        usher_setting_full_name(c, u->name, usher_str_z(usher_user_table.rows[row].path)),
        u->v[row].text, USHER_NIL);
}

static bool is_picture(usher_str image)
{
    usher_url url;

    if (!image.ptr) return true;
    if (usher_str_starts(image, USHER_STR("/"))) return !usher_str_starts(image, USHER_STR("//"));
    return usher_url_read(&url, image, NULL) == USHER_OK;
}

static void read_user(user_reading *u, const usher_development_user *earlier, size_t count,
                      usher_development_user *out)
{
    out->id = user_text(u, USHER_ROW_USER_ID);
    out->name = user_text(u, USHER_ROW_USER_NAME);
    out->email = user_text(u, USHER_ROW_USER_EMAIL);
    out->image = user_text(u, USHER_ROW_USER_IMAGE);
    if (!u->v[USHER_ROW_USER_ID].node) complain_user(u, USHER_ROW_USER_ID, "$1 is missing");
    for (size_t i = 0; i < count; i++)
        if (out->id.len && usher_str_eq(earlier[i].id, out->id))
            complain_user(u, USHER_ROW_USER_ID, "$1 is '$2', as of an earlier user");
    if (out->email.ptr && !usher_str_has(out->email, '@'))
        complain_user(u, USHER_ROW_USER_EMAIL, "$1 is '$2', which is no e-mail address");
    if (!is_picture(out->image))
        complain_user(u, USHER_ROW_USER_IMAGE, "$1 is '$2'; write a path or an http(s) URL");
}

static const usher_development_user default_users[] = {
    {USHER_STR_INIT("ada"), USHER_STR_INIT("Ada Lovelace"), USHER_STR_INIT("ada@example.com"), {0}},
    {USHER_STR_INIT("grace"),
     USHER_STR_INIT("Grace Hopper"),
     USHER_STR_INIT("grace@example.com"),
     {0}},
};

static size_t count_of(const usher_value *list)
{
    size_t count = 0, index;

    for (const usher_node *n = usher_build_first_map(list, &index); n;
         n = usher_build_next_map(n->next, &index))
        count++;
    return count;
}

static void read_users(reading *r)
{
    const usher_value *list = &r->v[P(USERS)];
    size_t count = count_of(list), index, i = 0;

    if (!list->node) {
        r->out->users = default_users;
        r->out->user_count = sizeof default_users / sizeof *default_users;
    }
    if (!count) return;
    usher_development_user *users = usher_build_get(r->b, count, sizeof *users);
    if (!users) return;
    for (const usher_node *n = usher_build_first_map(list, &index); n;
         n = usher_build_next_map(n->next, &index), i++) {
        user_reading u = {.provider = r, .map = n};
        u.name = usher_build_indexed_name(&r->b->c, row_name(r, P(USERS)), index++);
        usher_settings_read(u.v, &r->b->c, &usher_user_table, u.name, n);
        read_user(&u, users, i, &users[i]);
    }
    r->out->users = users;
    r->out->user_count = count;
}

static void refuse_for_forms(reading *r)
{
    static const int for_oidc[] = {
        P(ISSUER),     P(CLIENT_ID),       P(CLIENT_SECRET), P(CLIENT_SECRET_FILE), P(CLIENT_AUTH),
        P(SCOPE),      P(ID_TOKEN_ALG),    P(CHECKS),        P(USERINFO),           P(TIMEOUT),
        P(PLAIN_HTTP), P(PRIVATE_NETWORK), P(PKCE)};

    for (size_t i = 0; i < sizeof for_oidc / sizeof *for_oidc; i++)
        if (written(r, for_oidc[i]))
            complain(r, for_oidc[i], "$1 is for a provider of type oidc", USHER_NIL, USHER_NIL);
}

/* Everybody who reaches the site may be anybody: only where nobody else can reach it. */
static void read_development(reading *r)
{
    if (!r->b->site->development)
        complain(r, P(TYPE),
                 "$1 is development, which signs in anybody as anybody: only with "
                 "development: true",
                 USHER_NIL, USHER_NIL);
    if (r->b->base_known && !r->b->loopback)
        complain(r, P(TYPE),
                 "$1 is development, which signs in anybody as anybody: only with a "
                 "loopback site.base_url (http://localhost:3000)",
                 USHER_NIL, USHER_NIL);
    refuse_for_forms(r);
    refuse_fields(r);
    read_users(r);
}

/* --- the form of a credentials provider ------------------------------------------------------- */

static usher_str field_text(reading *r, const usher_value *v, usher_str fallback)
{
    return v->node && !v->bad ? usher_build_keep(r->b, v->text) : fallback;
}

/* What the form needs of its own: a field of this name would hide it. */
static bool is_taken(usher_str name)
{
    return usher_str_eq(name, USHER_STR("csrfToken")) ||
           usher_str_eq(name, USHER_STR("callbackUrl"));
}

static void read_field(reading *r, usher_str name, const usher_node *map,
                       const usher_field *earlier, size_t count, usher_field *out)
{
    usher_value v[USHER_ROWS_FIELD];
    const usher_value *id = &v[USHER_ROW_FIELD_NAME];
    usher_complaints *c = &r->b->c;
    bool twice = false;

    usher_settings_read(v, c, &usher_field_table, name, map);
    out->name = field_text(r, id, USHER_NIL);
    out->label = field_text(r, &v[USHER_ROW_FIELD_LABEL], out->name);
    out->type = field_text(r, &v[USHER_ROW_FIELD_TYPE], USHER_STR("text"));
    out->placeholder = field_text(r, &v[USHER_ROW_FIELD_PLACEHOLDER], USHER_NIL);
    for (size_t i = 0; i < count; i++)
        twice |= out->name.len && usher_str_eq(earlier[i].name, out->name);
    if (!id->node)
        usher_complain(c, usher_place_of(map), "$1.name is missing", name, USHER_NIL, USHER_NIL);
    else if (twice || is_taken(out->name))
        usher_complain(c, usher_place_of(id->node),
                       twice ? "$1.name is '$2', as of an earlier field"
                             : "$1.name is '$2', which the form has already",
                       name, out->name, USHER_NIL);
}

static void read_fields(reading *r)
{
    const usher_value *list = &r->v[P(FIELDS)];
    size_t count = count_of(list), index, i = 0;
    usher_field *fields = count ? usher_build_get(r->b, count, sizeof *fields) : NULL;

    if (!fields) return;
    for (const usher_node *n = usher_build_first_map(list, &index); n;
         n = usher_build_next_map(n->next, &index), i++)
        read_field(r, usher_build_indexed_name(&r->b->c, row_name(r, P(FIELDS)), index++), n,
                   fields, i, &fields[i]);
    r->out->fields = fields;
    r->out->field_count = count;
}

/* That there is somebody to judge it is looked at with the hooks. */
static void read_credentials(reading *r)
{
    refuse_for_forms(r);
    if (written(r, P(USERS)))
        complain(r, P(USERS), "$1 is for a provider of type development", USHER_NIL, USHER_NIL);
    if (written(r, P(LINK_BY_EMAIL)))
        complain(r, P(LINK_BY_EMAIL), "$1 is for a provider of type oidc", USHER_NIL, USHER_NIL);
    read_fields(r);
}

static void read_provider(reading *r, const usher_provider *earlier, size_t count)
{
    usher_settings_read(r->v, &r->b->c, &usher_provider_table, r->name, r->map);
    read_id(r, earlier, count);
    r->out->name = written(r, P(NAME)) && !r->v[P(NAME)].bad
                       ? usher_build_keep(r->b, r->v[P(NAME)].text)
                       : r->out->id;
    r->out->type = (usher_provider_type)r->v[P(TYPE)].number; /* in the order of its words */
    if (r->v[P(TYPE)].bad) return; /* what belongs to it cannot be judged */
    refuse_for_auth0(r);
    if (r->out->type == USHER_PROVIDER_OIDC)
        read_oidc(r);
    else if (r->out->type == USHER_PROVIDER_DEVELOPMENT)
        read_development(r);
    else
        read_credentials(r);
}

/* Nothing is written, but the environment names a provider. */
static void provider_of_environment(usher_building *b)
{
    static const usher_node nothing = {.kind = USHER_NODE_MAP};
    const char *domain = usher_build_environment(b)->provider[0];
    usher_provider *provider;

    if (!domain || !usher_build_env(b, domain).len) return;
    if (!(provider = usher_build_get(b, 1, sizeof *provider))) return;
    reading r = {.b = b, .out = provider, .map = &nothing, .name = USHER_STR("site.providers[0]")};
    read_provider(&r, provider, 0);
    b->site->providers = provider;
    b->site->provider_count = 1;
}

void usher_build_providers(usher_building *b)
{
    const usher_value *list = &b->v[USHER_ROW_SITE_PROVIDERS];
    size_t count = count_of(list), index, i = 0;
    usher_provider *providers = count ? usher_build_get(b, count, sizeof *providers) : NULL;

    if (!count && !list->node) provider_of_environment(b);
    if (!providers) return;
    if (count > 1 && b->site->profile->auth0)
        usher_complain(&b->c, usher_place_of(list->node),
                       "site.providers: profile auth0-4 has one provider; remove the others",
                       USHER_NIL, USHER_NIL, USHER_NIL);
    for (const usher_node *n = usher_build_first_map(list, &index); n;
         n = usher_build_next_map(n->next, &index), i++) {
        reading r = {.b = b, .out = &providers[i], .map = n};
        r.name = usher_build_indexed_name(&b->c, USHER_STR("site.providers"), index++);
        read_provider(&r, providers, i);
    }
    b->site->providers = providers;
    b->site->provider_count = count;
}
