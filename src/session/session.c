#include "session/session.h"

#include "base/error.h"
#include "base/str.h"
#include "base/utc.h"
#include "wire/base64url.h"

/* ---- claims -> session --------------------------------------------------------------------- */

static bool has_claim(const usher_claims *claims, usher_known_claim which, bool string)
{
    usher_json spare;
    const usher_json *value = usher_claims_find(claims, which, &spare);

    return value && (!string || value->type == USHER_JSON_STRING);
}

/* A state, PKCE or nonce cookie holds {"value":…,"provider":…}. Its key differs from the session's,
 * so none should come here; should a setting ever make two keys equal, it is no session all the
 * same. A token without end is none either: stolen, it would be good for ever. */
static bool looks_like_session(const usher_claims *claims)
{
    bool check =
        has_claim(claims, USHER_KNOWN_VALUE, true) && has_claim(claims, USHER_KNOWN_PROVIDER, true);
    bool user = has_claim(claims, USHER_KNOWN_SUB, false) ||
                has_claim(claims, USHER_KNOWN_NAME, false) ||
                has_claim(claims, USHER_KNOWN_EMAIL, false);

    return claims->has_exp && (user || !check);
}

/* The text of a claim; absent if it is not there or no string. */
static usher_status text_claim(usher_str *out, usher_arena *a, const usher_claims *claims,
                               usher_known_claim which, usher_error *err)
{
    usher_json spare;
    const usher_json *value = usher_claims_find(claims, which, &spare);

    *out = (usher_str){0};
    if (!value || value->type != USHER_JSON_STRING) return USHER_OK;
    if (value->escaped) return usher_json_string(out, a, *value, err);
    *out = (usher_str){value->text.ptr + 1, value->text.len - 2}; /* without its quotes */
    return USHER_OK;
}

/* Copied as it stands in the token: whatever a claim holds, the browser gets what was sealed. */
static void put_claim(usher_json_writer *w, usher_str quoted_name, const usher_claims *claims,
                      usher_known_claim claim)
{
    usher_json value = usher_claims_get(claims, claim);

    if (value.type == USHER_JSON_ABSENT) return;
    usher_json_name_raw(w, quoted_name);
    usher_json_put_raw(w, value.text);
}

usher_status usher_session_write_json(struct usher_session *s, usher_arena *a,
                                      const usher_claims *claims, usher_error *err)
{
    char iso[1 + USHER_ISO_LEN + 1]; /* in quotes */
    usher_buf b;
    usher_json_writer w;

    iso[0] = iso[sizeof iso - 1] = '"';
    usher_iso_from_ms(iso + 1, s->expires_ms);
    usher_buf_init(&b, a, claims->text.len + 128);
    usher_json_write_init(&w, &b);
    usher_json_open_object(&w);
    usher_json_name_raw(&w, USHER_STR("\"user\""));
    usher_json_open_object(&w);
    put_claim(&w, USHER_STR("\"name\""), claims, USHER_KNOWN_NAME);
    put_claim(&w, USHER_STR("\"email\""), claims, USHER_KNOWN_EMAIL);
    put_claim(&w, USHER_STR("\"image\""), claims, USHER_KNOWN_PICTURE);
    usher_json_close_object(&w);
    usher_json_name_raw(&w, USHER_STR("\"expires\""));
    usher_json_put_raw(&w, (usher_str){iso, sizeof iso});
    usher_json_close_object(&w);
    return usher_buf_take(&s->json, &b, err);
}

usher_status usher_session_from_claims(struct usher_session *out, bool *is_session, usher_arena *a,
                                       const usher_claims *claims, int64_t expires_ms,
                                       usher_error *err)
{
    usher_status rc;

    *out = (struct usher_session){0};
    *is_session = false;
    if (!looks_like_session(claims)) return USHER_OK;
    if ((rc = text_claim(&out->subject, a, claims, USHER_KNOWN_SUB, err)) ||
        (rc = text_claim(&out->name, a, claims, USHER_KNOWN_NAME, err)) ||
        (rc = text_claim(&out->email, a, claims, USHER_KNOWN_EMAIL, err)) ||
        (rc = text_claim(&out->picture, a, claims, USHER_KNOWN_PICTURE, err))) {
        *out = (struct usher_session){0};
        return rc;
    }
    out->expires_ms = expires_ms;
    out->claims = claims->text;
    *is_session = true;
    return USHER_OK;
}

/* ---- user -> claims ------------------------------------------------------------------------ */

static void put_user(usher_json_writer *w, usher_str name, usher_str text, bool null)
{
    if (text.ptr || !null) {
        usher_json_put_member(w, name, text);
        return;
    }
    usher_json_name(w, name);
    usher_json_put_null(w);
}

usher_status usher_session_new_claims(usher_str *claims_json, usher_arena *a,
                                      const usher_user *user, usher_entropy entropy,
                                      usher_error *err)
{
    uint8_t random[16];
    char id[22];
    usher_buf b;
    usher_json_writer w;

    *claims_json = (usher_str){0};
    if (!entropy.fill(entropy.ctx, random, sizeof random))
        return usher_fail(err, USHER_E_CRYPTO, "session: no entropy for its id", 0);
    usher_base64url_encode(id, random, sizeof random);
    usher_buf_init(&b, a, USHER_TOKEN_MAX);
    usher_json_write_init(&w, &b);
    usher_json_open_object(&w);
    put_user(&w, USHER_STR("name"), user->name, user->null_name);
    put_user(&w, USHER_STR("email"), user->email, user->null_email);
    put_user(&w, USHER_STR("picture"), user->picture, user->null_picture);
    usher_json_put_member(&w, USHER_STR("sub"), user->id);
    usher_json_put_member(&w, USHER_STR("usid"), (usher_str){id, sizeof id});
    usher_json_close_object(&w);
    return usher_buf_take(claims_json, &b, err);
}

/* ---- what a program reads ------------------------------------------------------------------ */

const char *usher_verdict_word(usher_verdict verdict)
{
    switch (verdict) {
    case USHER_NO_SESSION: return "none";
    case USHER_SESSION_VALID: return "valid";
    case USHER_SESSION_EXPIRED: return "expired";
    case USHER_SESSION_REJECTED: return "rejected";
    case USHER_SESSION_REVOKED: return "revoked";
    }
    return "none";
}

usher_str usher_session_subject(const usher_session *s)
{
    return s->subject;
}

usher_str usher_session_name(const usher_session *s)
{
    return s->name;
}

usher_str usher_session_email(const usher_session *s)
{
    return s->email;
}

usher_str usher_session_picture(const usher_session *s)
{
    return s->picture;
}

int64_t usher_session_expires_ms(const usher_session *s)
{
    return s->expires_ms;
}

usher_str usher_session_json(const usher_session *s)
{
    return s->json;
}

usher_str usher_session_claims(const usher_session *s)
{
    return s->claims;
}
