#include "hosts/cli/vector_site.h"

#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/str.h"
#include "flow/site.h"
#include "wire/percent.h"

#define SETTINGS_MAX ((size_t)64 << 10)

/* ---- the site ------------------------------------------------------------------------------ */

static usher_json input(const vector *v, const char *name)
{
    return usher_json_get(&v->input, usher_str_z(name));
}

static void put_secrets(usher_json_writer *w, const vector *v)
{
    usher_json secret = input(v, "secret");

    if (secret.type == USHER_JSON_ABSENT) return;
    usher_json_name(w,
                    secret.type == USHER_JSON_ARRAY ? USHER_STR("secrets") : USHER_STR("secret"));
    usher_json_put_raw(w, secret.text);
}

/* The settings have one row for each thing but the options of one cookie: see set_options. */
static usher_status put_cookies(usher_json_writer *w, const vector *v, usher_error *err)
{
    usher_json cookie = input(v, "session_cookie"), secure = input(v, "use_secure_cookies");
    usher_json_object o = {0};
    usher_status rc = USHER_OK;

    if (cookie.type) rc = usher_json_members(&o, v->arena, cookie, err);
    usher_json name = usher_json_get(&o, USHER_STR("name"));
    usher_json_name(w, USHER_STR("cookies"));
    usher_json_open_object(w);
    if (secure.type)
        usher_json_put_member(w, USHER_STR("secure"), secure.text); /* a word: auto|true|false */
    if (name.type) {
        usher_json_name(w, USHER_STR("session"));
        usher_json_open_object(w);
        usher_json_name(w, USHER_STR("name"));
        usher_json_put_raw(w, name.text);
        usher_json_close_object(w);
    }
    usher_json_close_object(w);
    return rc;
}

static usher_status settings_of(usher_str *out, const vector *v, const char *profile,
                                usher_str providers, usher_error *err)
{
    usher_json age = input(v, "max_age"), base = input(v, "base_url");
    usher_json_writer w;
    usher_buf b;
    usher_status rc;

    usher_buf_init(&b, v->arena, SETTINGS_MAX);
    usher_json_write_init(&w, &b);
    usher_json_open_object(&w);
    usher_json_name(&w, USHER_STR("site"));
    usher_json_open_object(&w);
    usher_json_put_member(&w, USHER_STR("profile"), usher_str_z(profile));
    usher_json_name(&w, USHER_STR("development")); /* the cases' secrets are known to everybody */
    usher_json_put_bool(&w, true);
    usher_json_name(&w, USHER_STR("base_url"));
    usher_json_put_raw(&w, base.text.len ? base.text : USHER_STR("\"http://localhost:3000\""));
    put_secrets(&w, v);
    if ((rc = put_cookies(&w, v, err))) return rc;
    if (age.type) {
        usher_json_name(&w, USHER_STR("session"));
        usher_json_open_object(&w);
        usher_json_name(&w, USHER_STR("max_age"));
        usher_json_put_raw(&w, age.text);
        usher_json_close_object(&w);
    }
    if (providers.ptr) {
        usher_json_name(&w, USHER_STR("providers"));
        usher_json_put_raw(&w, providers);
    }
    usher_json_close_object(&w);
    usher_json_close_object(&w);
    return usher_buf_take(out, &b, err);
}

static usher_status option_text(usher_str *out, usher_arena *a, const usher_json_object *o,
                                const char *name, usher_error *err)
{
    usher_json value = usher_json_get(o, usher_str_z(name));

    return value.type == USHER_JSON_STRING ? usher_json_string(out, a, value, err) : USHER_OK;
}

/* session_cookie.options, of the session's cookie alone. Nobody else has the site yet. */
static usher_status set_options(vector_site *s, const vector *v, usher_error *err)
{
    usher_site_cookie *c = &s->site->cookies[USHER_COOKIE_SESSION];
    usher_json_object cookie, o;
    usher_status rc;

    if (input(v, "session_cookie").type == USHER_JSON_ABSENT) return USHER_OK;
    if ((rc = usher_json_members(&cookie, v->arena, input(v, "session_cookie"), err))) return rc;
    usher_json options = usher_json_get(&cookie, USHER_STR("options"));
    if (options.type == USHER_JSON_ABSENT) return USHER_OK;
    if ((rc = usher_json_members(&o, v->arena, options, err)) ||
        (rc = option_text(&c->domain, v->arena, &o, "domain", err)) ||
        (rc = option_text(&c->path, v->arena, &o, "path", err)))
        return rc;
    usher_json secure = usher_json_get(&o, USHER_STR("secure")),
               same = usher_json_get(&o, USHER_STR("sameSite"));
    if (secure.type) c->secure = secure.type == USHER_JSON_TRUE;
    if (usher_json_string_is(same, USHER_STR("strict"))) c->same_site = USHER_SAME_SITE_STRICT;
    if (usher_json_string_is(same, USHER_STR("none"))) c->same_site = USHER_SAME_SITE_NONE;
    s->site->formats[0].cookie = *c;
    return USHER_OK;
}

static void show_problem(vector *v, const usher_problems *problems)
{
    for (size_t i = 0; i < usher_problems_count(problems); i++)
        if (!usher_problems_at(problems, i)->warning)
            vector_differs(v, "settings", USHER_STR("a site"),
                           usher_problems_at(problems, i)->message);
}

usher_status vector_site_open(vector_site *out, vector *v, const char *profile, usher_str providers,
                              usher_error *err)
{
    usher_problems *problems = NULL;
    usher_str settings;
    usher_status rc;

    *out = (vector_site){0};
    if ((rc = settings_of(&settings, v, profile, providers, err))) return rc;
    rc = usher_site_new(&out->site, &problems, settings, NULL, NULL, err);
    if (rc) show_problem(v, problems);
    usher_problems_free(problems);
    if (rc || (rc = set_options(out, v, err))) return rc;
    return usher_exchange_new(&out->ex, NULL, err);
}

void vector_site_close(vector_site *s)
{
    usher_exchange_free(s->ex);
    usher_site_unref(s->site);
    *s = (vector_site){0};
}

/* ---- requests ------------------------------------------------------------------------------ */

usher_status vector_site_ask(vector_site *s, const vector *v, vector_operation *operation,
                             const vector_request *r, usher_want *want, usher_error *err)
{
    size_t n = 0;

    if (r->cookies.ptr) s->headers[n++] = (usher_header){USHER_STR("Cookie"), r->cookies};
    if (r->form.ptr)
        s->headers[n++] = (usher_header){USHER_STR("Content-Type"),
                                         USHER_STR("application/x-www-form-urlencoded")};
    s->request = (usher_request){.size = sizeof s->request,
                                 .method = r->form.ptr ? USHER_STR("POST") : USHER_STR("GET"),
                                 .target = r->target,
                                 .headers = s->headers,
                                 .header_count = n,
                                 .body = r->form};
    usher_status rc = usher_exchange_start(s->ex, s->site, &s->request, vector_now(v) * 1000, err);
    return rc ? rc : operation(s->ex, want, err);
}

usher_str vector_site_header(const vector_site *s, usher_str name)
{
    const usher_response *r = usher_exchange_response(s->ex);

    for (size_t i = 0; i < r->header_count; i++)
        if (usher_str_eq_case(r->headers[i].name, name)) return r->headers[i].value;
    return (usher_str){0};
}

/* ---- Set-Cookie ---------------------------------------------------------------------------- */

typedef struct cookie_line {
    usher_str name, value, attributes; /* value decoded */
} cookie_line;

/* The next Set-Cookie line from header *at on; false at the end. */
static bool next_line(cookie_line *out, const vector_site *s, size_t *at)
{
    const usher_response *r = usher_exchange_response(s->ex);

    for (; *at < r->header_count; ++*at) {
        if (!usher_str_eq(r->headers[*at].name, USHER_STR("Set-Cookie"))) continue;
        usher_str pair = usher_str_cut(r->headers[*at].value, ';', &out->attributes);
        out->name = usher_str_cut(pair, '=', &out->value);
        if (out->attributes.len) out->attributes = usher_str_from(out->attributes, 1);
        ++*at;
        return true;
    }
    return false;
}

usher_status vector_site_cookie(usher_str *out, const vector_site *s, usher_arena *a,
                                usher_str name, usher_error *err)
{
    cookie_line line;

    *out = (usher_str){0};
    for (size_t at = 0; next_line(&line, s, &at);)
        if (usher_str_eq(line.name, name)) return usher_percent_decode(out, a, line.value, err);
    return USHER_OK;
}

static bool is_hex(usher_str s, size_t len)
{
    for (size_t i = 0; i < s.len; i++)
        if (!usher_str_has(USHER_STR("0123456789abcdef"), s.ptr[i])) return false;
    return s.len == len;
}

static void judge_value(vector *v, const usher_json_object *want, const cookie_line *got)
{
    usher_json exact = usher_json_get(want, USHER_STR("value")),
               length = usher_json_get(want, USHER_STR("value_length")),
               shape = usher_json_get(want, USHER_STR("value_shape"));
    usher_str hash, token = usher_str_cut(got->value, '|', &hash);
    int64_t n;

    if (exact.type && !usher_json_string_is(exact, got->value))
        vector_differs(v, "cookie value", exact.text, got->value);
    if (length.type && (!usher_json_int64(&n, length) || n != (int64_t)got->value.len))
        vector_differs(v, "cookie value_length", length.text, got->value);
    if (usher_json_string_is(shape, USHER_STR("token|hash")) &&
        !(is_hex(token, 64) && is_hex(hash, 64)))
        vector_differs(v, "cookie value_shape", shape.text, got->value);
}

static usher_status judge_line(vector *v, usher_json item, cookie_line *got, usher_error *err)
{
    usher_json_object want;
    usher_status rc;

    if ((rc = usher_json_members(&want, v->arena, item, err)) ||
        (rc = usher_percent_decode(&got->value, v->arena, got->value, err)))
        return rc;
    usher_json name = usher_json_get(&want, USHER_STR("name")),
               attributes = usher_json_get(&want, USHER_STR("attributes"));
    if (!usher_json_string_is(name, got->name)) vector_differs(v, "cookie", name.text, got->name);
    if (!usher_json_string_is(attributes, got->attributes))
        vector_differs(v, "cookie attributes", attributes.text, got->attributes);
    judge_value(v, &want, got);
    return USHER_OK;
}

usher_status vector_site_judge_cookies(vector *v, const vector_site *s, usher_error *err)
{
    usher_json item;
    usher_str rest = usher_json_get(&v->expected, USHER_STR("set_cookies")).text;
    cookie_line line;
    size_t at = 0;
    usher_status rc = USHER_OK;

    while (rc == USHER_OK && usher_json_next(&item, &rest)) {
        if (!next_line(&line, s, &at)) {
            vector_differs(v, "cookies", item.text, (usher_str){0});
            return USHER_OK;
        }
        rc = judge_line(v, item, &line, err);
    }
    if (rc == USHER_OK && next_line(&line, s, &at))
        vector_differs(v, "cookies", (usher_str){0}, line.name);
    return rc;
}
