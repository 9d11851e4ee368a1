#include "hosts/cli/vectors_email.h"

#include "base/error.h"
#include "base/str.h"
#include "base/utc.h"
#include "flow/site.h"
#include "hosts/cli/vector_site.h"
#include "session/email.h"
#include "session/verification.h"
#include "wire/url.h"

#define DAY_S 86400

static void judge_text(vector *v, const char *name, usher_str got)
{
    usher_json recorded = usher_json_get(&v->expected, usher_str_z(name));

    if (!usher_json_string_is(recorded, got)) vector_differs(v, name, recorded.text, got);
}

static usher_status own_url(usher_str *out, const vector *v, const usher_site *site, usher_str tail,
                            usher_error *err)
{
    usher_buf b;

    usher_buf_init(&b, v->arena, 4096);
    usher_buf_put(&b, site->base_url);
    usher_buf_put(&b, site->base_path);
    usher_buf_put(&b, tail);
    return usher_buf_take(out, &b, err);
}

static usher_status judge_hash(vector *v, const usher_site *site, usher_str token, usher_error *err)
{
    char hash[USHER_VERIFICATION_HASH];
    usher_secret own = {0};
    usher_str text;
    usher_status rc = vector_text(&text, v, "provider_secret", err);

    if (rc) return rc;
    if (text.len &&
        (rc = usher_secret_dup(&own, usher_allocator_default(), text.ptr, text.len, err)))
        return rc;
    rc = usher_verification_hash(hash, site->keys, own, token, err);
    usher_secret_free(&own, usher_allocator_default());
    if (rc == USHER_OK) judge_text(v, "stored_token", (usher_str){hash, sizeof hash});
    return rc;
}

static void judge_expiry(vector *v)
{
    int64_t age_s = DAY_S;
    char iso[USHER_ISO_LEN];
    usher_json own = usher_json_get(&v->input, USHER_STR("provider_max_age"));

    if (own.type && !usher_json_int64(&age_s, own)) age_s = 0;
    usher_iso_from_ms(iso, (vector_now(v) + age_s) * 1000);
    judge_text(v, "expires", (usher_str){iso, sizeof iso});
}

static usher_status judge_urls(vector *v, const usher_site *site, usher_str token,
                               usher_str address, usher_error *err)
{
    usher_str asked, callback_url, callback, page, url;
    usher_url_kind kind;
    usher_status rc;

    if ((rc = vector_text(&asked, v, "callback_url", err)) ||
        (rc = usher_url_callback(&callback_url, &kind, v->arena, asked.ptr ? asked : site->base_url,
                                 site->base_url, err)) ||
        (rc = own_url(&callback, v, site, USHER_STR("/callback/email"), err)) ||
        (rc = usher_verification_link(&url, v->arena, callback, callback_url, token, address, err)))
        return rc;
    judge_text(v, "url", url);
    if ((rc = own_url(&page, v, site, USHER_STR("/verify-request"), err)) ||
        (rc = usher_verification_sent(&url, v->arena, page, USHER_STR("email"), err)))
        return rc;
    judge_text(v, "redirect", url);
    return USHER_OK;
}

static usher_status judge_sent(vector *v, const usher_site *site, usher_str address,
                               usher_error *err)
{
    usher_str token;
    usher_status rc;

    judge_text(v, "identifier", address);
    judge_expiry(v);
    if ((rc = vector_text(&token, v, "token", err)) || (rc = judge_hash(v, site, token, err)))
        return rc;
    return judge_urls(v, site, token, address, err);
}

static usher_status run(vector *v, const char *profile, bool dotted, usher_error *err)
{
    usher_json result = usher_json_get(&v->expected, USHER_STR("result"));
    usher_str email, address;
    vector_site s = {0};
    usher_status rc;

    if ((rc = vector_site_open(&s, v, profile, (usher_str){0}, err)) ||
        (rc = vector_text(&email, v, "email", err)) ||
        (rc = usher_email_read(&address, v->arena, email, dotted, err)))
        goto done;
    bool sent = address.ptr != NULL,
         same = usher_json_string_is(result, sent ? USHER_STR("sent") : USHER_STR("rejected"));
    if (!same && !vector_allows(v, sent))
        vector_differs(v, "result", result.text, sent ? address : USHER_STR("rejected"));
    if (same && sent) rc = judge_sent(v, s.site, address, err);
done:
    vector_site_close(&s);
    return rc;
}

usher_status vectors_authjs4_verification(vector *v, usher_error *err)
{
    return run(v, "nextauth-4", true, err);
}

usher_status vectors_authjs5_verification(vector *v, usher_error *err)
{
    return run(v, "authjs-5", false, err);
}
