#include "session/stamp.h"

#include <string.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/str.h"
#include "wire/jose/digest.h"

/* ---- finding ------------------------------------------------------------------------------- */

static const usher_str known_names[USHER_KNOWN_COUNT] = {
    [USHER_KNOWN_SUB] = USHER_STR_INIT("sub"),
    [USHER_KNOWN_NAME] = USHER_STR_INIT("name"),
    [USHER_KNOWN_EMAIL] = USHER_STR_INIT("email"),
    [USHER_KNOWN_PICTURE] = USHER_STR_INIT("picture"),
    [USHER_KNOWN_IAT] = USHER_STR_INIT("iat"),
    [USHER_KNOWN_NBF] = USHER_STR_INIT("nbf"),
    [USHER_KNOWN_EXP] = USHER_STR_INIT("exp"),
    [USHER_KNOWN_CREATED] = USHER_STR_INIT("ucat"),
    [USHER_KNOWN_END] = USHER_STR_INIT("uend"),
    [USHER_KNOWN_VALUE] = USHER_STR_INIT("value"),
    [USHER_KNOWN_PROVIDER] = USHER_STR_INIT("provider"),
};

/* By length, and then as a number: comparing names one after the other was the slowest part. */
static inline usher_known_claim known_of(usher_str name)
{
#define IS(text, which)                                                                            \
    if (usher_str_eq((usher_str){name.ptr, sizeof text - 1}, USHER_STR(text))) return which
    switch (name.len) {
    case 3:
        IS("sub", USHER_KNOWN_SUB);
        IS("iat", USHER_KNOWN_IAT);
        IS("exp", USHER_KNOWN_EXP);
        IS("nbf", USHER_KNOWN_NBF);
        break;
    case 4:
        IS("name", USHER_KNOWN_NAME);
        IS("ucat", USHER_KNOWN_CREATED);
        IS("uend", USHER_KNOWN_END);
        break;
    case 5:
        IS("email", USHER_KNOWN_EMAIL);
        IS("value", USHER_KNOWN_VALUE);
        break;
    case 7: IS("picture", USHER_KNOWN_PICTURE); break;
    case 8: IS("provider", USHER_KNOWN_PROVIDER); break;
    default: break;
    }
    return USHER_KNOWN_COUNT;
#undef IS
}

/* A name with escapes may be any of them: then each is looked for by name. */
static void known_find(usher_known_claims *out, const usher_json_object *claims)
{
    *out = (usher_known_claims){0};
    for (size_t i = 0; i < claims->count; i++) {
        const usher_json_member *m = &claims->members[i];
        usher_known_claim which = known_of(m->name);

        if (m->name_escaped) return;
        if (which != USHER_KNOWN_COUNT && !out->value[which]) out->value[which] = &m->value;
    }
    out->of = claims->members;
}

usher_json usher_claims_look(const usher_claims *claims, usher_known_claim which)
{
    return usher_json_get(&claims->object, known_names[which]);
}

/* ---- judging ------------------------------------------------------------------------------- */

/* A time claim is a number or not there; anything else is refused, null included. */
static bool time_claim(double *out, bool *has, const usher_claims *claims, usher_known_claim which)
{
    usher_json spare;
    const usher_json *value = usher_claims_find(claims, which, &spare);

    *out = 0;
    *has = value != NULL;
    return !*has || usher_json_double(out, *value);
}

usher_cause usher_claims_judge(usher_claims *claims, int64_t now_s, int64_t tolerance_s)
{
    double nbf, now = (double)now_s, tolerance = (double)tolerance_s;
    bool has_nbf;

    known_find(&claims->known, &claims->object);
    if (!time_claim(&claims->iat, &claims->has_iat, claims, USHER_KNOWN_IAT) ||
        !time_claim(&nbf, &has_nbf, claims, USHER_KNOWN_NBF) ||
        !time_claim(&claims->exp, &claims->has_exp, claims, USHER_KNOWN_EXP))
        return USHER_CAUSE_TOKEN_CLAIMS;
    if (has_nbf && nbf > now + tolerance) return USHER_CAUSE_TOKEN_NOT_YET;
    if (claims->has_exp && claims->exp <= now - tolerance) return USHER_CAUSE_TOKEN_EXPIRED;
    return USHER_CAUSE_NONE;
}

/* ---- stamping ------------------------------------------------------------------------------ */

typedef struct stamp {
    usher_str name;
    usher_str value; /* JSON */
    bool written;
} stamp;

/* In the order in which the originals assign them. */
#define STAMPS 3

#define STAMP_MAX 38
#define INT_TEXT  (1 + USHER_U64_DIGITS) /* with its sign */

typedef struct stamp_texts {
    char iat[INT_TEXT], exp[INT_TEXT], jti[STAMP_MAX];
} stamp_texts;

static usher_str int_text(char out[INT_TEXT], int64_t n)
{
    usher_str text = usher_str_digits(out + 1, n < 0 ? -(uint64_t)n : (uint64_t)n);

    if (n >= 0) return text;
    out[text.ptr - out - 1] = '-';
    return (usher_str){text.ptr - 1, text.len + 1};
}

static usher_status stamps_make(stamp out[STAMPS], stamp_texts *texts, int64_t iat, int64_t exp,
                                usher_entropy entropy, usher_error *err)
{
    texts->jti[0] = texts->jti[37] = '"';
    out[0] = (stamp){USHER_STR("iat"), int_text(texts->iat, iat), false};
    out[1] = (stamp){USHER_STR("exp"), int_text(texts->exp, exp), false};
    out[2] = (stamp){USHER_STR("jti"), {texts->jti, sizeof texts->jti}, false};
    return usher_uuid4(texts->jti + 1, entropy, err);
}

/* A member's name with the quotes that stand around it in the source. */
static usher_str quoted_name(const usher_json_member *m)
{
    return (usher_str){m->name.ptr - 1, m->name.len + 2};
}

static inline stamp *stamp_named(stamp stamps[STAMPS], usher_str name)
{
    if (name.len != 3) return NULL;
    if (usher_str_eq(name, USHER_STR("iat"))) return &stamps[0];
    if (usher_str_eq(name, USHER_STR("exp"))) return &stamps[1];
    return usher_str_eq(name, USHER_STR("jti")) ? &stamps[2] : NULL;
}

static inline stamp *stamp_for(stamp stamps[STAMPS], const usher_json_member *m)
{
    if (!m->name_escaped) return stamp_named(stamps, m->name); /* as all are that we wrote */
    usher_json name = {USHER_JSON_STRING, true, quoted_name(m)};
    for (size_t i = 0; i < STAMPS; i++)
        if (usher_json_string_is(name, stamps[i].name)) return &stamps[i];
    return NULL;
}

static void put_member(usher_buf *b, usher_str quoted, usher_str value)
{
    if (usher_buf_view(b).len > 1) usher_buf_put_char(b, ',');
    usher_buf_put(b, quoted);
    usher_buf_put_char(b, ':');
    usher_buf_put(b, value);
}

/* Whether the source is written as JSON.stringify does: nothing between the members but commas and
 * colons. Then whatever stands between two stamps is copied at once. */
static bool is_compact(const usher_json_object *claims, size_t source_len)
{
    size_t len = 2 + (claims->count ? claims->count - 1 : 0);

    if (claims->compact) return !claims->duplicates;
    for (size_t i = 0; i < claims->count; i++)
        len += claims->members[i].name.len + 3 + claims->members[i].value.text.len;
    return !claims->duplicates && len == source_len;
}

/* Most are a number, an identifier or what stands between two members, which a call takes longer
 * for than for the bytes. */
static inline char *put_text(char *at, const char *from, const char *end)
{
    size_t len = (size_t)(end - from);

    if (len >= 8 && len <= 16) {
        memcpy(at, from, 8);
        memcpy(at + len - 8, end - 8, 8);
    } else if (len >= 4 && len < 8) {
        memcpy(at, from, 4);
        memcpy(at + len - 4, end - 4, 4);
    } else if (len == STAMP_MAX)
        memcpy(at, from, STAMP_MAX);
    else if (len)
        memcpy(at, from, len);
    return at + len;
}

/* Where the stamps stand in a text, in its order; each once. */
typedef struct stamp_places {
    size_t count;
    struct stamp_place {
        stamp *stamp;
        const char *from, *end; /* of its value */
    } at[STAMPS];
} stamp_places;

static inline void place_add(stamp_places *p, stamp *s, const char *from, size_t len)
{
    if (!s || s->written) return;
    s->written = true;
    p->at[p->count++] = (struct stamp_place){s, from, from + len};
}

static void places_find(stamp_places *p, const usher_json_object *claims, stamp stamps[STAMPS])
{
    p->count = 0;
    for (size_t i = 0; i < claims->count; i++) {
        const usher_json_member *m = &claims->members[i];
        place_add(p, stamp_for(stamps, m), m->value.text.ptr, m->value.text.len);
    }
}

static void places_read_off(stamp_places *p, const usher_json_span *members, size_t count,
                            const char *text, stamp stamps[STAMPS])
{
    p->count = 0;
    for (size_t i = 0; i < count; i++) {
        usher_json_span m = members[i];
        usher_str name = {text + m.name, (size_t)m.name_end - m.name};
        place_add(p, stamp_named(stamps, name), text + m.value, (size_t)m.value_end - m.value);
    }
}

/* No stamp is longer than STAMP_MAX. */
static void put_places(usher_buf *b, const stamp_places *p, usher_str source)
{
    const char *from = source.ptr, *end = source.ptr + source.len - 1; /* its bracket is ours */
    char *begin = usher_buf_room(b, source.len + STAMPS * STAMP_MAX), *at = begin;

    if (!begin) return;
    for (size_t i = 0; i < p->count; i++) {
        usher_str value = p->at[i].stamp->value;

        at = put_text(at, from, p->at[i].from);
        at = put_text(at, value.ptr, value.ptr + value.len);
        from = p->at[i].end;
    }
    at = put_text(at, from, end);
    usher_buf_wrote(b, (size_t)(at - begin));
}

static void put_members(usher_buf *b, const usher_json_object *claims, stamp stamps[STAMPS])
{
    usher_buf_put_char(b, '{');
    for (size_t i = 0; i < claims->count; i++) {
        const usher_json_member *m = &claims->members[i];
        stamp *s = stamp_for(stamps, m);

        put_member(b, quoted_name(m), s ? s->value : m->value.text);
        if (s) s->written = true;
    }
}

/* Claims as a text, and what is known of where its members stand: their index, or where the text
 * was read off, their spans. */
typedef struct claims_source {
    usher_str text;
    const usher_json_object *index;
    const usher_json_span *spans;
    size_t count;
} claims_source;

/* Members keep their order and their bytes; only the three stamps are new. */
static usher_status claims_stamp(usher_str *out, usher_arena *a, const claims_source *from,
                                 stamp stamps[STAMPS], usher_error *err)
{
    static const usher_str quoted[STAMPS] = {USHER_STR_INIT("\"iat\""), USHER_STR_INIT("\"exp\""),
                                             USHER_STR_INIT("\"jti\"")};
    stamp_places places;
    usher_buf b;

    usher_buf_init(&b, a, from->text.len + 128);
    if (from->spans) {
        places_read_off(&places, from->spans, from->count, from->text.ptr, stamps);
        put_places(&b, &places, from->text);
    } else if (is_compact(from->index, from->text.len)) {
        places_find(&places, from->index, stamps);
        put_places(&b, &places, from->text);
    } else
        put_members(&b, from->index, stamps);
    for (size_t i = 0; i < STAMPS; i++)
        if (!stamps[i].written) put_member(&b, quoted[i], stamps[i].value);
    usher_buf_put_char(&b, '}');
    return usher_buf_take(out, &b, err);
}

static size_t members_after(size_t count, const stamp stamps[STAMPS])
{
    for (size_t i = 0; i < STAMPS; i++)
        count += !stamps[i].written;
    return count;
}

static usher_status source_stamp(usher_str *out, size_t *members, int64_t *exp_s, usher_arena *a,
                                 const claims_source *from, int64_t now_s, int64_t max_age_s,
                                 usher_entropy entropy, usher_error *err)
{
    usher_status rc;
    stamp_texts texts;
    stamp stamps[STAMPS];
    int64_t exp;

    *out = (usher_str){0};
    *exp_s = 0;
    if (members) *members = 0;
    if (__builtin_add_overflow(now_s, max_age_s, &exp))
        return usher_fail(err, USHER_E_USAGE, "stamp: the lifetime leaves the calendar", 0);
    if ((rc = stamps_make(stamps, &texts, now_s, exp, entropy, err)) ||
        (rc = claims_stamp(out, a, from, stamps, err)))
        return rc;
    *exp_s = exp;
    if (members) *members = members_after(from->count, stamps);
    return USHER_OK;
}

usher_status usher_stamp_again(usher_str *out, size_t *members, int64_t *exp_s, usher_arena *a,
                               const usher_json_object *claims, usher_str claims_json,
                               int64_t now_s, int64_t max_age_s, usher_entropy entropy,
                               usher_error *err)
{
    claims_source from = {claims_json, claims, NULL, claims->count};

    return source_stamp(out, members, exp_s, a, &from, now_s, max_age_s, entropy, err);
}

static usher_status read_and_stamp(usher_str *out, size_t *members, int64_t *exp_s, usher_arena *a,
                                   usher_str claims_json, int64_t now_s, int64_t max_age_s,
                                   usher_entropy entropy, usher_error *err)
{
    usher_json_object claims;
    usher_json_member few[USHER_JSON_FEW];
    usher_status rc =
        usher_json_read_few(&claims, few, a, claims_json, &usher_json_limits_claims, err);

    *out = (usher_str){0};
    *exp_s = 0;
    if (members) *members = 0;
    return rc ? rc
              : usher_stamp_again(out, members, exp_s, a, &claims, claims_json, now_s, max_age_s,
                                  entropy, err);
}

usher_status usher_stamp(usher_str *out, size_t *members, int64_t *exp_s, usher_arena *a,
                         usher_str claims_json, int64_t now_s, int64_t max_age_s,
                         usher_entropy entropy, usher_error *err)
{
    usher_json_span spans[USHER_JSON_FEW];
    claims_source from = {claims_json, NULL, spans, usher_json_spans(spans, claims_json)};

    if (!from.count)
        return read_and_stamp(out, members, exp_s, a, claims_json, now_s, max_age_s, entropy, err);
    return source_stamp(out, members, exp_s, a, &from, now_s, max_age_s, entropy, err);
}

usher_status usher_uuid4(char out[36], usher_entropy entropy, usher_error *err)
{
    uint8_t random[16];
    char hex[32];

    memset(out, '0', 36);
    if (!entropy.fill(entropy.ctx, random, sizeof random))
        return usher_fail(err, USHER_E_CRYPTO, "stamp: no entropy for an identifier", 0);
    random[6] = (uint8_t)((random[6] & 0x0f) | 0x40); /* version 4 */
    random[8] = (uint8_t)((random[8] & 0x3f) | 0x80); /* variant of RFC 9562 */
    usher_hex(hex, random, sizeof random);
    memcpy(out, hex, 8);
    memcpy(out + 9, hex + 8, 4);
    memcpy(out + 14, hex + 12, 4);
    memcpy(out + 19, hex + 16, 4);
    memcpy(out + 24, hex + 20, 12);
    out[8] = out[13] = out[18] = out[23] = '-';
    return USHER_OK;
}
