/* How long sessions live, which session cookies are read besides the site's own, and the keys of
 * all of them. */
#include "base/error.h"
#include "base/str.h"
#include "site/build.h"

#define A(symbol) USHER_ROW_ACCEPT_##symbol
#define S(symbol) USHER_ROW_SITE_##symbol

/* --- lifetimes -------------------------------------------------------------------------------- */

static bool given(const usher_building *b, int row)
{
    return b->v[row].node && !b->v[row].bad;
}

static void warn_at(usher_building *b, int row, const char *text)
{
    usher_warn(&b->c, usher_place_of(b->v[row].node), text, USHER_NIL, USHER_NIL, USHER_NIL);
}

void usher_build_lifetimes(usher_building *b)
{
    const usher_profile *profile = b->site->profile;
    usher_lifetime *l = &b->site->lifetime;

    *l = (usher_lifetime){.max_age_s = b->v[S(SESSION_MAX_AGE)].number,
                          .rolling = b->v[S(SESSION_ROLLING)].number != 0};
    if (given(b, S(SESSION_ABSOLUTE))) l->absolute_s = b->v[S(SESSION_ABSOLUTE)].number;
    if (given(b, S(SESSION_INACTIVITY))) l->inactivity_s = b->v[S(SESSION_INACTIVITY)].number;
    b->site->update_age_s = b->v[S(SESSION_UPDATE_AGE)].number;
    if (!b->v[S(SESSION_UPDATE_AGE)].node && profile->auth0)
        b->site->update_age_s = profile->update_age_s;
    b->site->claims_max =
        given(b, S(SESSION_CLAIMS_MAX)) ? (size_t)b->v[S(SESSION_CLAIMS_MAX)].number : 0;
    if (profile->auth0) {
        l->max_age_s = l->inactivity_s ? l->inactivity_s : profile->auth0->inactivity_s;
        if (given(b, S(SESSION_MAX_AGE)))
            warn_at(b, S(SESSION_MAX_AGE),
                    "site.session.max_age has no meaning with profile auth0-4; write "
                    "site.session.inactivity_duration");
    }
    int64_t idle_s =
        l->inactivity_s && l->inactivity_s < l->max_age_s ? l->inactivity_s : l->max_age_s;
    if (b->v[S(SESSION_UPDATE_AGE)].node && b->site->update_age_s > idle_s)
        warn_at(b, S(SESSION_UPDATE_AGE),
                "site.session.update_age is longer than a session lives: sessions end before they "
                "are renewed");
}

/* --- one format ------------------------------------------------------------------------------- */

static void set_auth0(usher_building *b, usher_format *f)
{
    const usher_lifetime *l = &b->site->lifetime;

    if (!f->profile->auth0) return;
    usher_auth0_options_init(&f->auth0);
    f->auth0.cookie_name = f->cookie.name;
    f->auth0.path = f->cookie.path;
    f->auth0.domain = f->cookie.domain;
    f->auth0.secure = f->cookie.secure;
    f->auth0.same_site = f->cookie.same_site;
    f->auth0.rolling = l->rolling;
    if (l->absolute_s) f->auth0.absolute_s = l->absolute_s;
    if (l->inactivity_s) f->auth0.inactivity_s = l->inactivity_s;
    f->auth0.transient = b->v[S(AUTH0_TRANSIENT)].number != 0;
    f->auth0.transaction_prefix = usher_build_keep(b, b->v[S(AUTH0_TRANSACTION_PREFIX)].text);
    f->auth0.transaction_max_age_s = b->v[S(AUTH0_TRANSACTION_MAX_AGE)].number;
    f->auth0.parallel_transactions = b->v[S(AUTH0_TRANSACTION_PARALLEL)].number != 0;
}

/* The entries of a list of secrets as found ones. */
static void judge_all(usher_building *b, const usher_found_secret *list, size_t count)
{
    for (size_t i = 0; i < count; i++)
        usher_build_judge_secret(b, &list[i]);
}

static void take_secrets(usher_found_secret *out, size_t *count, size_t max,
                         const usher_value *list, usher_str name)
{
    if (!list->node || list->bad) return;
    for (const usher_node *n = list->node->first; n && *count < max; n = n->next)
        out[(*count)++] = (usher_found_secret){n->text, usher_place_of(n), name};
}

/* Tokens of Auth0's SDK are encrypted ones, in every version of it. */
static void check_form(usher_building *b, const usher_format *f, const usher_value *form)
{
    if (f->profile->auth0 && f->form != USHER_TOKEN_SEALED)
        usher_complain(&b->c, usher_place_of(form->node),
                       "profile auth0-4 has sealed tokens only; leave `token` out", USHER_NIL,
                       USHER_NIL, USHER_NIL);
}

static void complain_at(usher_building *b, int row, const char *text)
{
    usher_complain(&b->c, usher_place_of(b->v[row].node), text, USHER_NIL, USHER_NIL, USHER_NIL);
}

/* Who signs in by a form has no row, where the system does not make it one: that may be so beside
 * other providers, but not everywhere. */
static void refuse_forms_for_rows(usher_building *b)
{
    const usher_site *site = b->site;
    size_t forms = 0;

    for (size_t i = 0; i < site->provider_count; i++)
        forms += site->providers[i].type == USHER_PROVIDER_CREDENTIALS;
    if (!forms || site->profile->form_rows) return;
    (forms == site->provider_count ? usher_complain : usher_warn)(
        &b->c, usher_place_of(b->v[S(SESSION_STRATEGY)].node),
        "site.session.strategy: database keeps nobody signed in who comes by a credentials "
        "provider, as in this system itself; write jwt",
        USHER_NIL, USHER_NIL, USHER_NIL);
}

/* A row says when it ends, and nothing else of its life. */
static void refuse_for_rows(usher_building *b)
{
    if (given(b, S(SESSION_TOKEN)) && b->v[S(SESSION_TOKEN)].number != USHER_TOKEN_SEALED)
        complain_at(b, S(SESSION_TOKEN),
                    "site.session.token is for sessions in the cookie; leave it out with "
                    "session.strategy: database");
    for (size_t i = 0; i < b->site->provider_count; i++)
        if (b->site->providers[i].type == USHER_PROVIDER_DEVELOPMENT)
            complain_at(b, S(SESSION_STRATEGY),
                        "site.session.strategy: database needs users who are rows, and those of a "
                        "development provider are none");
    refuse_forms_for_rows(b);
    if (b->site->profile->auth0) return;
    if (given(b, S(SESSION_ABSOLUTE)))
        complain_at(b, S(SESSION_ABSOLUTE),
                    "site.session.absolute_duration cannot be kept with session.strategy: "
                    "database: rows do not say when they were created");
    if (given(b, S(SESSION_INACTIVITY)))
        complain_at(b, S(SESSION_INACTIVITY),
                    "site.session.inactivity_duration cannot be kept with session.strategy: "
                    "database; write site.session.max_age");
}

static void build_strategy(usher_building *b, usher_format *f)
{
    usher_site *site = b->site;

    site->users_stored = b->v[S(USERS)].number != 0;
    if (site->users_stored && site->profile->auth0)
        complain_at(b, S(USERS), "site.users: profile auth0-4 keeps no users");
    if (b->v[S(SESSION_STRATEGY)].number == 0) return;
    site->stores = true;
    site->users_stored = !site->profile->auth0;
    refuse_for_rows(b);
    f->form = USHER_TOKEN_STORED;
}

static void first_format(usher_building *b)
{
    usher_site *site = b->site;
    usher_format *f = &site->formats[site->format_count];
    usher_format_secrets *s = &b->format_secrets[site->format_count++];
    const usher_value *alg = &b->v[S(SESSION_SIGNING_ALG)], *keys = &b->v[S(SESSION_SIGNING_KEYS)];

    *f = (usher_format){.profile = site->profile,
                        .form = (usher_token_form)b->v[S(SESSION_TOKEN)].number,
                        .cookie = site->cookies[USHER_COOKIE_SESSION]};
    s->signing_alg = alg->number;
    take_secrets(s->signing, &s->signing_count, USHER_KEYS_MAX, keys,
                 USHER_STR("site.session.signing_keys"));
    if (alg->number == 0) judge_all(b, s->signing, s->signing_count);
    if (f->form != USHER_TOKEN_SIGNED && (alg->node || keys->node))
        usher_complain(&b->c, usher_place_of(keys->node ? keys->node : alg->node),
                       "signing_alg and signing_keys are for token: signed", USHER_NIL, USHER_NIL,
                       USHER_NIL);
    check_form(b, f, &b->v[S(SESSION_TOKEN)]);
    build_strategy(b, f);
    set_auth0(b, f);
}

/* --- site.accept[] ---------------------------------------------------------------------------- */

typedef struct accepting {
    usher_building *b;
    const usher_node *map;
    usher_str name; /* "site.accept[0]" */
    usher_value v[USHER_ROWS_ACCEPT];
} accepting;

static void complain(accepting *a, int row, const char *text, usher_str v2, usher_str v3)
{
    const usher_node *at = a->v[row].node ? a->v[row].node : a->map;

    usher_complain(
        &a->b->c, usher_place_of(at), text,
        usher_setting_full_name(&a->b->c, a->name, usher_str_z(usher_accept_table.rows[row].path)),
        v2, v3);
}

static usher_site_cookie accepted_cookie(accepting *a, const usher_profile *profile)
{
    const usher_profile_cookie *standard = &profile->cookies[USHER_COOKIE_SESSION];
    usher_site_cookie c = a->b->site->cookies[USHER_COOKIE_SESSION];

    c.name = a->b->site->secure_cookies ? standard->secure_name : standard->name;
    if (a->v[A(COOKIE)].node) c.name = usher_build_keep(a->b, a->v[A(COOKIE)].text);
    if (a->v[A(DOMAIN)].node) c.domain = usher_build_keep(a->b, a->v[A(DOMAIN)].text);
    if (a->v[A(PATH)].node) c.path = usher_build_keep(a->b, a->v[A(PATH)].text);
    if (!usher_build_is_cookie_name(c.name))
        complain(a, A(COOKIE), "$1 is '$2', which no cookie can be called", c.name, USHER_NIL);
    return c;
}

static void accepted_secrets(accepting *a, usher_format_secrets *s)
{
    const usher_value *one = &a->v[A(SECRET)], *alg = &a->v[A(SIGNING_ALG)];

    if (a->v[A(SECRET_FILE)].node || a->v[A(SECRETS_FILES)].node ||
        a->v[A(SIGNING_KEYS_FILES)].node)
        usher_complain(&a->b->c, usher_place_of(a->map),
                       "$1: files are for settings files only; give the secret itself", a->name,
                       USHER_NIL, USHER_NIL);
    if (one->node && a->v[A(SECRETS)].node)
        complain(a, A(SECRETS), "$1 is given besides `secret`; put all of them in it", USHER_NIL,
                 USHER_NIL);
    s->node = a->map;
    s->signing_alg = alg->number;
    if (one->node && !one->bad)
        s->secrets[s->secret_count++] =
            (usher_found_secret){one->text, usher_place_of(one->node), a->name};
    take_secrets(s->secrets, &s->secret_count, USHER_SECRETS_MAX, &a->v[A(SECRETS)], a->name);
    take_secrets(s->signing, &s->signing_count, USHER_KEYS_MAX, &a->v[A(SIGNING_KEYS)], a->name);
    judge_all(a->b, s->secrets, s->secret_count);
    if (alg->number == 0) judge_all(a->b, s->signing, s->signing_count);
    if (a->v[A(TOKEN)].number != USHER_TOKEN_SIGNED && (alg->node || s->signing_count))
        complain(a, A(SIGNING_ALG), "$1 and signing_keys are for token: signed", USHER_NIL,
                 USHER_NIL);
}

/* Session cookies in pieces are found by how their names begin, so that no name may begin with
 * another: each would be read as a part of the other. */
static void check_names(accepting *a, const usher_format *f)
{
    const usher_site *site = a->b->site;

    for (size_t i = 0; i < site->format_count; i++) {
        const usher_format *other = &site->formats[i];
        bool longer = other->cookie.name.len > f->cookie.name.len;
        usher_str shorter = longer ? f->cookie.name : other->cookie.name;
        usher_str rest = longer ? other->cookie.name : f->cookie.name;
        bool exact = (longer ? f : other)->profile->auth0 != NULL;

        if (shorter.len != rest.len && usher_str_starts(rest, shorter) && !exact)
            complain(a, A(COOKIE), "$1: '$2' begins like '$3', and would be read as a part of it",
                     rest, shorter);
    }
    for (size_t kind = 0; kind < USHER_COOKIE_KINDS; kind++)
        if (kind != USHER_COOKIE_SESSION && !f->profile->auth0 && site->cookies[kind].name.len &&
            usher_str_starts(site->cookies[kind].name, f->cookie.name))
            complain(a, A(COOKIE),
                     "$1: the cookie '$2' begins like it, and would be read as a part",
                     site->cookies[kind].name, USHER_NIL);
}

/* An entry that says what the site says anyway reads nothing more. */
static void check_new(accepting *a, const usher_format *f, const usher_format_secrets *s)
{
    const usher_format *own = &a->b->site->formats[0];

    if (f->profile == own->profile && usher_str_eq(f->cookie.name, own->cookie.name) &&
        f->form == own->form && !s->secret_count && !s->signing_count)
        usher_complain(&a->b->c, usher_place_of(a->map),
                       "$1 accepts what the site writes itself; name another profile, cookie or "
                       "secret",
                       a->name, USHER_NIL, USHER_NIL);
}

/* Rows are found by the key that the cookie holds. */
static void accept_rows(accepting *a, usher_format *f)
{
    if (a->v[A(STRATEGY)].number == 0) return;
    if (a->v[A(TOKEN)].node)
        complain(a, A(TOKEN),
                 "$1 is for sessions in the cookie; leave it out with strategy: "
                 "database",
                 USHER_NIL, USHER_NIL);
    f->form = USHER_TOKEN_STORED;
    a->b->site->stores = true;
}

/* Settings for reading sessions alone have no providers. */
static bool is_provider(const usher_site *site, usher_str id)
{
    if (!site->provider_count) return true;
    for (size_t i = 0; i < site->provider_count; i++)
        if (usher_str_eq(site->providers[i].id, id)) return true;
    return false;
}

/* Whose the session is, where users are rows: a sign-in beside it links an account to that user. */
static void accept_subject(accepting *a, usher_format *f)
{
    const usher_site *site = a->b->site;
    const usher_value *subject = &a->v[A(SUBJECT)], *provider = &a->v[A(PROVIDER)];
    bool counts = site->users_stored && !site->profile->auth0 && f->form != USHER_TOKEN_STORED;
    bool to_rows = site->formats[0].form == USHER_TOKEN_STORED;

    f->of_account = subject->number == 1;
    f->of_nobody = subject->number == 2;
    f->provider = usher_build_keep(a->b, provider->text);
    if (counts && !subject->node)
        complain(a, A(SUBJECT),
                 "$1 is missing: where users are rows, say whose id `sub` is: that of a user's "
                 "row, that of an account at a provider, or none of these",
                 USHER_NIL, USHER_NIL);
    if (!counts && (subject->node || provider->node))
        complain(a, subject->node ? A(SUBJECT) : A(PROVIDER),
                 "$1 is for sites whose users are rows: session.strategy: database, or users: "
                 "database",
                 USHER_NIL, USHER_NIL);
    if (counts && f->of_account && !to_rows)
        complain(a, A(SUBJECT),
                 "$1: account is for tokens that become rows: session.strategy: database; write "
                 "user or none",
                 USHER_NIL, USHER_NIL);
    if (!counts || (f->of_account && !to_rows)) return;
    if (f->of_account != (provider->node != NULL))
        complain(a, A(PROVIDER), "$1 goes with subject: account, and only with that", USHER_NIL,
                 USHER_NIL);
    else if (f->of_account && !is_provider(site, f->provider))
        complain(a, A(PROVIDER), "$1 is '$2', which is none of site.providers", f->provider,
                 USHER_NIL);
}

static void accept_format(accepting *a)
{
    usher_site *site = a->b->site;
    usher_format *f = &site->formats[site->format_count];
    usher_format_secrets *s = &a->b->format_secrets[site->format_count];

    usher_settings_read(a->v, &a->b->c, &usher_accept_table, a->name, a->map);
    if (!a->v[A(PROFILE)].node)
        complain(a, A(PROFILE), "$1 is missing: the system that wrote the cookies", USHER_NIL,
                 USHER_NIL);
    if (!a->v[A(PROFILE)].node || a->v[A(PROFILE)].bad) return;
    *f = (usher_format){.profile = usher_profile_by_name(a->v[A(PROFILE)].text),
                        .form = (usher_token_form)a->v[A(TOKEN)].number};
    f->cookie = accepted_cookie(a, f->profile);
    accepted_secrets(a, s);
    check_form(a->b, f, &a->v[A(TOKEN)]);
    accept_rows(a, f);
    accept_subject(a, f);
    check_names(a, f);
    check_new(a, f, s);
    set_auth0(a->b, f);
    site->format_count++;
}

/* Functions that a flow asks exist in Auth.js' systems. */
static const unsigned auth0_hooks = 1u << USHER_HAS_BEFORE_SAVED | 1u << USHER_HAS_ON_CALLBACK;

/* A form that nobody judges. */
static void check_authorize(usher_building *b)
{
    for (size_t i = 0; i < b->site->provider_count; i++)
        if (b->site->providers[i].type == USHER_PROVIDER_CREDENTIALS &&
            !(b->site->hooks & 1u << USHER_HAS_AUTHORIZE))
            usher_complain(
                &b->c, usher_place_of(b->v[S(PROVIDERS)].node),
                "the provider '$1' is of type credentials, which a function of the "
                "program judges: site.hooks must have authorize, in a program that embeds "
                "the library",
                b->site->providers[i].id, USHER_NIL, USHER_NIL);
}

static void read_hooks(usher_building *b)
{
    const usher_value *list = &b->v[S(HOOKS)];

    if (!list->node || list->bad) return;
    for (const usher_node *n = list->node->first; n; n = n->next)
        for (size_t i = 0; usher_setting_word(usher_site_table.rows[S(HOOKS)].words, i).ptr; i++)
            if (usher_str_eq(n->text, usher_setting_word(usher_site_table.rows[S(HOOKS)].words, i)))
                b->site->hooks |= 1u << i;
    bool auth0 = b->site->profile->auth0 != NULL;
    if (b->site->hooks & (auth0 ? ~auth0_hooks : auth0_hooks))
        usher_complain(&b->c, usher_place_of(list->node),
                       auth0 ? "site.hooks: profile auth0-4 has before_session_saved and "
                               "on_callback only"
                             : "site.hooks: before_session_saved and on_callback are for profile "
                               "auth0-4",
                       USHER_NIL, USHER_NIL, USHER_NIL);
}

void usher_build_formats(usher_building *b)
{
    const usher_value *list = &b->v[S(ACCEPT)];
    size_t index;

    read_hooks(b);
    check_authorize(b);
    first_format(b);
    for (const usher_node *n = usher_build_first_map(list, &index);
         n && b->site->format_count < USHER_FORMATS_MAX;
         n = usher_build_next_map(n->next, &index)) {
        accepting a = {.b = b, .map = n};
        a.name = usher_build_indexed_name(&b->c, USHER_STR("site.accept"), index++);
        accept_format(&a);
    }
}

/* --- keys ------------------------------------------------------------------------------------- */

static usher_status copy_secrets(usher_secret *out, usher_building *b,
                                 const usher_found_secret *found, size_t count, usher_error *err)
{
    usher_status rc = USHER_OK;

    for (size_t i = 0; i < count && !rc; i++)
        rc = usher_secret_dup(&out[i], &b->site->alloc, found[i].text.ptr, found[i].text.len, err);
    return rc;
}

static void free_secrets(usher_secret *list, usher_building *b, size_t count)
{
    for (size_t i = 0; i < count; i++)
        usher_secret_free(&list[i], &b->site->alloc);
}

static usher_status derive(usher_building *b, size_t index, const usher_found_secret *found,
                           size_t count, usher_error *err)
{
    usher_format *f = &b->site->formats[index];
    usher_str salts[USHER_PURPOSES] = {{0}};
    usher_secret secrets[USHER_SECRETS_MAX] = {{0}};
    usher_status rc;

    salts[USHER_FOR_SESSION] = f->cookie.name;
    for (size_t p = 0; index == 0 && p < USHER_PURPOSES; p++)
        if (p != USHER_FOR_STATE_PARAM)
            salts[p] = b->site->cookies[usher_profile_cookie_of((usher_purpose)p)].name;
    rc = copy_secrets(secrets, b, found, count, err);
    if (!rc)
        rc = usher_keyring_new(&f->keys, &b->site->alloc, f->profile, secrets, count, salts, err);
    free_secrets(secrets, b, count);
    return rc;
}

/* In the order of the setting's words. */
static const usher_signed_alg algorithms[] = {USHER_HS256, USHER_RS256, USHER_ES256, USHER_EDDSA};

static usher_status signing_keys(usher_building *b, size_t index, const usher_found_secret *found,
                                 size_t count, usher_error *err)
{
    usher_format *f = &b->site->formats[index];
    usher_format_secrets *s = &b->format_secrets[index];
    usher_secret keys[USHER_KEYS_MAX] = {{0}};
    usher_error why = {0};
    usher_status rc = copy_secrets(keys, b, found, count, err);

    if (!rc) {
        f->signing = b->site->alloc.get(b->site->alloc.ctx, sizeof *f->signing);
        if (!f->signing) {
            rc = usher_fail(err, USHER_E_NOMEM, "site: out of memory", 0);
        } else if ((rc = usher_signing_keys_init(f->signing, &b->site->alloc,
                                                 algorithms[s->signing_alg], keys, count, &why))) {
            b->site->alloc.put(b->site->alloc.ctx, f->signing, sizeof *f->signing);
            f->signing = NULL;
        }
    }
    free_secrets(keys, b, count);
    if (rc && USHER_STATUS_CLASS(rc) != USHER_CLASS_HOST) {
        usher_complain(&b->c, count ? found[0].place : usher_place_of(s->node),
                       "the keys of signed tokens cannot be used: $1", usher_str_z(why.what),
                       USHER_NIL, USHER_NIL);
        rc = usher_fail(err, USHER_E_SETTING, "site: see the problems", 0);
    }
    return rc;
}

static usher_status format_keys(usher_building *b, size_t index, usher_error *err)
{
    const usher_format *f = &b->site->formats[index];
    const usher_format_secrets *s = &b->format_secrets[index];
    bool own = s->secret_count != 0;
    const usher_found_secret *secrets = own ? s->secrets : b->secrets;
    size_t count = own ? s->secret_count : b->secret_count;
    usher_status rc = derive(b, index, secrets, count, err);

    if (rc || f->form != USHER_TOKEN_SIGNED) return rc;
    if (s->signing_count || s->signing_alg != 0)
        return signing_keys(b, index, s->signing, s->signing_count, err);
    return signing_keys(b, index, secrets, count, err);
}

usher_status usher_build_keys(usher_building *b, usher_error *err)
{
    usher_status rc = USHER_OK;

    for (size_t i = 0; i < b->site->format_count && rc == USHER_OK; i++)
        rc = format_keys(b, i, err);
    b->site->keys = b->site->formats[0].keys;
    return rc;
}
