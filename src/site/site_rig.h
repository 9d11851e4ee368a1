/* site_rig - what the tests of settings share: an environment, making a site, and all that a site
 * is as text, so that two can be compared. */
#ifndef USHER_SITE_SITE_RIG_H
#define USHER_SITE_SITE_RIG_H

#include "gate/matcher.h"
#include "gate/rules.h"
#include "site/build.h"
#include "site/daemon.h"
#include "tests/kit/kit.h"

#define KEY        "Zr8KvT3nQx5WmBd7LpYc2HsJf9GaUe4o"
#define KEY2       "pN6tWc9XhE2jR4sVb8MqDy3ZfK7gLa5u"
#define HTTPS_SITE "'base_url':'https://app.example.com','secret':'" KEY "'"

/* "NAME=value" lines, one after the other. */
static inline const char *rig_getenv(void *ctx, const char *name)
{
    static char value[512];
    size_t len = strlen(name);

    for (const char *line = ctx; line && *line;) {
        const char *end = strchr(line, '\n');
        size_t size = end ? (size_t)(end - line) : strlen(line);
        if (size > len && line[len] == '=' && strncmp(line, name, len) == 0) {
            assert_true(size - len - 1 < sizeof value);
            memcpy(value, line + len + 1, size - len - 1);
            value[size - len - 1] = 0;
            return value;
        }
        line = end ? end + 1 : NULL;
    }
    return NULL;
}

typedef struct site_rig {
    usher_site *site;
    usher_problems *problems;
    usher_status status;
    kit_random random;
} site_rig;

/* JSON with ' for ", which is easier to read in C. */
static inline void rig_quotes(char *json)
{
    for (; *json; json++)
        if (*json == '\'') *json = '"';
}

static inline void rig_make_with(site_rig *r, const char *json, const char *env,
                                 const usher_allocator *alloc)
{
    char text[8192], lines[1024];
    usher_site_parts parts = {alloc, kit_entropy(&r->random), env ? rig_getenv : NULL, lines};

    assert_true(strlen(json) < sizeof text && (!env || strlen(env) < sizeof lines));
    memcpy(text, json, strlen(json) + 1);
    if (env) memcpy(lines, env, strlen(env) + 1);
    rig_quotes(text);
    r->random = (kit_random){.seed = 1, .fail_at = SIZE_MAX};
    r->status = usher_site_new_with(&r->site, &r->problems, kit_str(text), &parts, NULL);
}

static inline void rig_make(site_rig *r, const char *json, const char *env)
{
    rig_make_with(r, json, env, usher_allocator_default());
}

static inline void rig_free(site_rig *r)
{
    usher_site_unref(r->site);
    usher_problems_free(r->problems);
}

static inline void rig_print_problems(const usher_problems *problems)
{
    for (size_t i = 0; i < usher_problems_count(problems); i++) {
        const usher_problem *p = usher_problems_at(problems, i);
        print_error("%zu:%zu: %s%.*s\n", p->line, p->column, p->warning ? "warning: " : "",
                    (int)p->message.len, p->message.ptr);
    }
}

static inline void assert_made(const site_rig *r)
{
    if (r->status) {
        rig_print_problems(r->problems);
        fail_msg("%s", usher_status_name(r->status));
    }
    assert_non_null(r->site);
    assert_int_equal(r->problems->errors, 0);
}

/* --- a site as text --- */

#define DUMP_MAX 16384
typedef struct dump {
    char text[DUMP_MAX];
    size_t len;
} dump;

static inline void dump_str(dump *d, const char *name, usher_str s)
{
    int n = snprintf(d->text + d->len, DUMP_MAX - d->len, "%s=%s%.*s\n", name,
                     s.ptr ? ":" : "absent", (int)s.len, s.len ? s.ptr : "");
    assert_true(n > 0 && (size_t)n < DUMP_MAX - d->len);
    d->len += (size_t)n;
}

static inline void dump_int(dump *d, const char *name, int64_t value)
{
    char digits[32];
    snprintf(digits, sizeof digits, "%lld", (long long)value);
    dump_str(d, name, kit_str(digits));
}

static inline void dump_keys(dump *d, const usher_keyring *k)
{
    dump_int(d, "secrets", (int64_t)k->secret_count);
    for (size_t p = 0; p < USHER_PURPOSES; p++)
        for (size_t i = 0; k->has[p] && i < k->secret_count; i++)
            dump_str(d, "kid", (usher_str){k->keys[p][i][0].kid, k->keys[p][i][0].kid_len});
}

static inline void dump_provider(dump *d, const usher_provider *p)
{
    dump_int(d, "type", p->type);
    dump_str(d, "id", p->id);
    dump_int(d, "link_by_email", p->link_by_email);
    dump_str(d, "name", p->name);
    dump_str(d, "issuer", p->issuer);
    dump_str(d, "client_id", p->client_id);
    dump_str(d, "client_secret",
             (usher_str){(const char *)p->client_secret.ptr, p->client_secret.len});
    dump_int(d, "client_auth", p->client_auth);
    dump_str(d, "scope", p->scope);
    dump_int(d, "alg", p->id_token_alg);
    dump_int(d, "state", p->state);
    dump_int(d, "nonce", p->nonce);
    dump_int(d, "pkce", p->pkce);
    dump_int(d, "userinfo", p->userinfo);
    dump_int(d, "plain_http", p->plain_http);
    dump_int(d, "private_network", p->private_network);
    dump_int(d, "timeout", p->timeout_ms);
    for (size_t i = 0; i < p->user_count; i++) {
        dump_str(d, "user", p->users[i].id);
        dump_str(d, "name", p->users[i].name);
        dump_str(d, "email", p->users[i].email);
        dump_str(d, "image", p->users[i].image);
    }
    for (size_t i = 0; i < p->field_count; i++) {
        dump_str(d, "field", p->fields[i].name);
        dump_str(d, "label", p->fields[i].label);
        dump_str(d, "type", p->fields[i].type);
        dump_str(d, "placeholder", p->fields[i].placeholder);
    }
}

/* What its first key makes of a text, where that is the same every time. */
static inline void dump_signed(dump *d, const usher_signing_keys *keys)
{
    kit_random random = {.seed = 1, .fail_at = SIZE_MAX};
    usher_arena a;
    usher_str token;
    int64_t exp_s;

    if (!keys || keys->alg != USHER_HS256) return;
    usher_arena_init(&a, usher_allocator_default(), 1024, 1 << 16);
    assert_ok(usher_signed_seal(&token, &exp_s, &a, keys, USHER_STR("{}"), 0, 1,
                                kit_entropy(&random), NULL));
    dump_str(d, "signed", token);
    usher_arena_deinit(&a);
}

static inline void dump_format(dump *d, const usher_format *f)
{
    dump_str(d, "format", f->profile->name);
    dump_int(d, "form", f->form);
    dump_str(d, "cookie", f->cookie.name);
    dump_str(d, "cookie domain", f->cookie.domain);
    dump_str(d, "cookie path", f->cookie.path);
    dump_keys(d, f->keys);
    dump_int(d, "of account", f->of_account);
    dump_int(d, "of nobody", f->of_nobody);
    dump_str(d, "of provider", f->provider);
    dump_int(d, "signing", f->signing ? (int64_t)f->signing->count : 0);
    dump_int(d, "signing alg", f->signing ? (int64_t)f->signing->alg : 0);
    dump_signed(d, f->signing);
    dump_int(d, "auth0 absolute", f->auth0.absolute_s);
    dump_int(d, "auth0 inactivity", f->auth0.inactivity_s);
    dump_int(d, "auth0 transient", f->auth0.transient);
    dump_str(d, "auth0 prefix", f->auth0.transaction_prefix);
    dump_int(d, "auth0 transaction", f->auth0.transaction_max_age_s);
    dump_int(d, "auth0 parallel", f->auth0.parallel_transactions);
}

static inline void dump_auth0(dump *d, const usher_auth0_site *s)
{
    dump_str(d, "app_url", s->app_url);
    dump_str(d, "sign_in_return_to", s->sign_in_return_to);
    for (size_t i = 0; i < s->parameters.count; i++) {
        dump_str(d, "parameter", s->parameters.pairs[i].name);
        dump_str(d, "value", s->parameters.pairs[i].value);
    }
    dump_int(d, "logout", s->logout);
    dump_int(d, "id_token_hint", s->id_token_hint);
    dump_int(d, "access_token_route", s->access_token_route);
    dump_int(d, "profile_no_content", s->profile_no_content);
    dump_int(d, "refresh_buffer", s->refresh_buffer_s);
    dump_int(d, "pushed", s->pushed);
    for (size_t i = 0; i < USHER_AUTH0_ROUTES; i++)
        dump_str(d, "route", s->routes[i]);
}

static inline void dump_site(dump *d, const usher_site *s)
{
    *d = (dump){.len = 0};
    dump_str(d, "profile", s->profile->name);
    dump_int(d, "development", s->development);
    dump_str(d, "base_url", s->base_url);
    dump_str(d, "base_path", s->base_path);
    dump_int(d, "secure", s->secure_cookies);
    for (size_t i = 0; i < USHER_COOKIE_KINDS; i++) {
        const usher_site_cookie *c = &s->cookies[i];
        dump_int(d, "cookie", (int64_t)i);
        dump_str(d, "name", c->name);
        dump_str(d, "domain", c->domain);
        dump_str(d, "path", c->path);
        dump_int(d, "secure", c->secure);
        dump_int(d, "http_only", c->http_only);
        dump_int(d, "same_site", c->same_site);
    }
    for (size_t i = 0; i < s->format_count; i++)
        dump_format(d, &s->formats[i]);
    dump_auth0(d, &s->auth0);
    dump_int(d, "max_age", s->lifetime.max_age_s);
    dump_int(d, "absolute", s->lifetime.absolute_s);
    dump_int(d, "inactivity", s->lifetime.inactivity_s);
    dump_int(d, "rolling", s->lifetime.rolling);
    dump_int(d, "hooks", s->hooks);
    dump_int(d, "claims_max", (int64_t)s->claims_max);
    dump_int(d, "update_age", s->update_age_s);
    for (size_t i = 0; i < s->provider_count; i++)
        dump_provider(d, &s->providers[i]);
    dump_str(d, "sign_in", s->pages.sign_in);
    dump_str(d, "sign_out", s->pages.sign_out);
    dump_str(d, "error", s->pages.error);
    dump_str(d, "verify_request", s->pages.verify_request);
    dump_str(d, "new_user", s->pages.new_user);
    dump_str(d, "title", s->title);
    dump_int(d, "scheme", s->theme.scheme);
    dump_str(d, "brand", s->theme.brand);
    dump_str(d, "button text", s->theme.button_text);
    dump_str(d, "logo", s->theme.logo);
    dump_str(d, "logo source", s->theme.logo_source);
    for (size_t i = 0; s->rules && i < s->rules->open_count; i++)
        dump_str(d, "open", s->rules->open[i]);
    for (size_t i = 0; s->matcher && i < usher_matcher_count(s->matcher); i++)
        dump_str(d, "matcher", usher_matcher_regexp(s->matcher, i));
    dump_str(d, "header_prefix", s->header_prefix);
    dump_int(d, "stores", s->stores);
    dump_int(d, "users_stored", s->users_stored);
    dump_int(d, "token_max", (int64_t)s->token_max);
}

static inline void dump_daemon(dump *d, const usher_daemon_settings *s)
{
    *d = (dump){.len = 0};
    dump_str(d, "listen", s->listen);
    dump_int(d, "loopback", s->loopback);
    dump_int(d, "threads", s->threads);
    dump_int(d, "workers", s->workers);
    dump_int(d, "head_timeout", s->head_timeout_s);
    dump_int(d, "body_timeout", s->body_timeout_s);
    dump_int(d, "drain_timeout", s->drain_timeout_s);
    dump_int(d, "head_max", (int64_t)s->head_max);
    dump_int(d, "body_max", (int64_t)s->body_max);
    dump_int(d, "connections_max", s->connections_max);
    for (size_t i = 0; i < s->trusted_peer_count; i++)
        dump_str(d, "trusted_peer", s->trusted_peers[i]);
    dump_str(d, "check_path", s->check_path);
    dump_str(d, "files", s->files);
}

#endif
