#include "hosts/cli/vector.h"

#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/str.h"
#include "hosts/cli/compare.h"
#include "wire/jose/digest.h"

#define SAID_MAX  8192
#define SHOWN_MAX 160

/* ---- reading ------------------------------------------------------------------------------- */

static usher_json member(const usher_json_object *o, const char *name)
{
    return usher_json_get(o, usher_str_z(name));
}

static usher_status text_member(usher_str *out, usher_arena *a, const usher_json_object *o,
                                const char *name, usher_error *err)
{
    usher_json value = member(o, name);

    *out = (usher_str){0};
    if (value.type == USHER_JSON_ABSENT || value.type == USHER_JSON_NULL) return USHER_OK;
    return usher_json_string(out, a, value, err);
}

usher_status vector_read(vector *out, usher_arena *a, usher_json item, usher_error *err)
{
    usher_json_object o;
    usher_status rc;

    *out = (vector){.arena = a};
    usher_buf_init(&out->said, a, SAID_MAX);
    if ((rc = usher_json_members(&o, a, item, err)) ||
        (rc = text_member(&out->id, a, &o, "id", err)) ||
        (rc = text_member(&out->tests, a, &o, "tests", err)) ||
        (rc = text_member(&out->op, a, &o, "op", err)) ||
        (rc = text_member(&out->conformance, a, &o, "conformance", err)) ||
        (rc = usher_json_members(&out->input, a, member(&o, "input"), err)))
        return rc;
    return usher_json_members(&out->expected, a, member(&o, "expected"), err);
}

usher_status vector_text(usher_str *out, const vector *v, const char *name, usher_error *err)
{
    return text_member(out, v->arena, &v->input, name, err);
}

usher_status vector_bytes(usher_str *out, const vector *v, usher_str text, usher_error *err)
{
    size_t len = 0;

    *out = (usher_str){0};
    if (!text.ptr) return USHER_OK;
    char *bytes = usher_arena_get(v->arena, text.len);
    if (!bytes) return usher_arena_fail(v->arena, err);
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.ptr[i];

        if ((c == 0xc2 || c == 0xc3) && i + 1 < text.len)
            c = (unsigned char)((c & 3) << 6 | ((unsigned char)text.ptr[++i] & 0x3f));
        bytes[len++] = (char)c;
    }
    *out = (usher_str){bytes, len};
    return USHER_OK;
}

usher_status vector_header(usher_str *out, const vector *v, const char *name, usher_error *err)
{
    usher_str text;
    usher_status rc = vector_text(&text, v, name, err);

    *out = (usher_str){0};
    return rc ? rc : vector_bytes(out, v, text, err);
}

static usher_status secret_of(usher_secret *out, usher_arena *a, usher_json value, usher_error *err)
{
    usher_str text;
    usher_status rc = usher_json_string(&text, a, value, err);

    if (rc) return rc;
    uint8_t *bytes = usher_arena_get(a, text.len);
    if (!bytes) return usher_arena_fail(a, err);
    if (text.len) memcpy(bytes, text.ptr, text.len);
    *out = (usher_secret){bytes, text.len};
    return USHER_OK;
}

usher_status vector_secrets(usher_secret *out, size_t *count, const vector *v, usher_error *err)
{
    usher_json secret = member(&v->input, "secret"), item;
    usher_str rest = secret.text;
    usher_status rc = USHER_OK;

    *count = 0;
    if (secret.type != USHER_JSON_ARRAY) {
        *count = 1;
        return secret_of(out, v->arena, secret, err);
    }
    while (rc == USHER_OK && usher_json_next(&item, &rest)) {
        if (*count == USHER_SECRETS_MAX)
            return usher_fail(err, USHER_E_LIMIT, "vector: more secrets than are tried", *count);
        rc = secret_of(&out[(*count)++], v->arena, item, err);
    }
    return rc;
}

int64_t vector_now(const vector *v)
{
    int64_t now = 0;

    return usher_json_int64(&now, member(&v->input, "now")) ? now : 0;
}

bool vector_flag(const vector *v, const char *name)
{
    return member(&v->input, name).type == USHER_JSON_TRUE;
}

/* ---- judging ------------------------------------------------------------------------------- */

static void say(vector *v, usher_str text)
{
    usher_str shown = {text.ptr, text.len < SHOWN_MAX ? text.len : SHOWN_MAX};

    usher_buf_put(&v->said, text.ptr ? shown : USHER_STR("(absent)"));
    if (text.len > SHOWN_MAX) usher_buf_put_z(&v->said, "…");
}

void vector_differs(vector *v, const char *what, usher_str expected, usher_str got)
{
    if (v->said.len > SAID_MAX - 1024) return; /* enough is said */
    usher_buf_put_z(&v->said, "  ");
    usher_buf_put_z(&v->said, what);
    usher_buf_put_z(&v->said, ": expected ");
    say(v, expected);
    usher_buf_put_z(&v->said, ", got ");
    say(v, got);
    usher_buf_put_char(&v->said, '\n');
}

static bool conformance_is(const vector *v, const char *word)
{
    return usher_str_eq(v->conformance, usher_str_z(word));
}

bool vector_allows(const vector *v, bool valid)
{
    return conformance_is(v, "either") || (conformance_is(v, "stricter-allowed") && !valid) ||
           (conformance_is(v, "looser-allowed") && valid);
}

static usher_str result_word(usher_verdict verdict)
{
    switch (verdict) {
    case USHER_SESSION_VALID: return USHER_STR("valid");
    case USHER_NO_SESSION: return USHER_STR("none");
    default: return USHER_STR("invalid");
    }
}

static usher_str got_word(const vector *v, const vector_outcome *got)
{
    usher_buf b;
    usher_str word = result_word(got->verdict), text;

    if (!got->cause) return word;
    usher_buf_init(&b, v->arena, 256);
    usher_buf_put(&b, word);
    usher_buf_put_z(&b, " (");
    usher_buf_put_z(&b, usher_cause_word(got->cause));
    usher_buf_put_char(&b, ')');
    return usher_buf_take(&text, &b, NULL) ? word : text;
}

static void differs_at(vector *v, const char *where, const char *what, usher_str expected,
                       usher_str got)
{
    char label[64];

    snprintf(label, sizeof label, "%s%s%s", where, *where ? "." : "", what);
    vector_differs(v, label, expected, got);
}

static usher_status judge_payload(vector *v, const char *where, const usher_json_object *expected,
                                  const vector_outcome *got, usher_error *err)
{
    usher_str recorded;
    usher_json one, other;
    usher_status rc;
    bool same;

    if ((rc = text_member(&recorded, v->arena, expected, "payload_json", err)) || !recorded.ptr)
        return rc;
    if ((rc = usher_json_read(&one, recorded, &usher_json_limits_claims, err)) ||
        (rc = usher_json_read(&other, got->claims, &usher_json_limits_claims, err)) ||
        (rc = cli_json_same(&same, v->arena, one, other, err)))
        return rc;
    if (!same) differs_at(v, where, "payload_json", recorded, got->claims);
    return USHER_OK;
}

static usher_status judge_assembled(vector *v, const char *where, const usher_json_object *expected,
                                    usher_str assembled, usher_error *err)
{
    usher_json length = member(expected, "assembled_length"),
               sha = member(expected, "assembled_sha256");
    uint8_t digest[USHER_DIGEST_MAX];
    char number[24], hex[64];
    int64_t n = -1;
    usher_status rc;

    int len = snprintf(number, sizeof number, "%zu", assembled.len);
    if (length.type && (!usher_json_int64(&n, length) || n != (int64_t)assembled.len))
        differs_at(v, where, "assembled_length", length.text, (usher_str){number, (size_t)len});
    if (!sha.type) return USHER_OK;
    if ((rc = usher_digest(digest, USHER_SHA256, assembled, err))) return rc;
    usher_hex(hex, digest, 32);
    if (!usher_json_string_is(sha, (usher_str){hex, sizeof hex}))
        differs_at(v, where, "assembled_sha256", sha.text, (usher_str){hex, sizeof hex});
    return USHER_OK;
}

usher_status vector_judge(vector *v, const char *where, const usher_json_object *expected,
                          const vector_outcome *got, usher_error *err)
{
    usher_str recorded;
    usher_status rc;

    if ((rc = text_member(&recorded, v->arena, expected, "result", err))) return rc;
    bool same = usher_str_eq(recorded, result_word(got->verdict));
    if (!same && !vector_allows(v, got->verdict == USHER_SESSION_VALID))
        differs_at(v, where, "result", recorded, got_word(v, got));
    if (!same) return USHER_OK;
    if (got->verdict == USHER_SESSION_VALID && (rc = judge_payload(v, where, expected, got, err)))
        return rc;
    return judge_assembled(v, where, expected, got->assembled, err);
}

void vector_judge_bool(vector *v, const char *name, bool got)
{
    usher_json recorded = member(&v->expected, name);

    if ((recorded.type == USHER_JSON_TRUE) == got || vector_allows(v, got)) return;
    vector_differs(v, name, recorded.text, got ? USHER_STR("true") : USHER_STR("false"));
}
