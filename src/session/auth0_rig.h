/* auth0_rig - what the tests of Auth0's cookies share: a rig of that profile, cookies sealed as any
 * holder of the secret can seal them, and a browser that obeys Set-Cookie. Test code only. */
#ifndef USHER_SESSION_AUTH0_RIG_H
#define USHER_SESSION_AUTH0_RIG_H

#include "session/auth0_transaction.h"
#include "session/auth0_write.h"
#include "session/rig.h"

#define A0_SECRET  "c4ba3e1f2d5968778695a4b3c2d1e0ff00112233445566778899aabbccddeeff"
#define A0_USER    "\"user\":{\"sub\":\"auth0|1\",\"name\":\"Ann\"}"
#define A0_TOKENS  "\"tokenSet\":{\"accessToken\":\"at\",\"expiresAt\":1767229200}"
#define A0_MADE    "\"internal\":{\"sid\":\"S\",\"createdAt\":1767225540}" /* a minute ago */
#define A0_EXP     "\"exp\":1767229200"                                    /* in an hour */
#define A0_SESSION "{" A0_USER "," A0_TOKENS "," A0_MADE "," A0_EXP "}"
#define A0_SET     "{\"connection\":\"c\",\"accessToken\":\"a\"," A0_EXP "}"
#define A0_ID      "{\"id\":\"00112233445566778899aabbccddeeff\"," A0_EXP "}"
#define A0_TRANSACTION                                                                             \
    "{\"nonce\":\"N\",\"codeVerifier\":\"V\",\"responseType\":\"code\",\"state\":\"ST\","          \
    "\"returnTo\":\"/x\",\"scope\":\"openid\"," A0_EXP "}"
#define A0_MFA    "{\"mfaToken\":\"m\",\"audience\":\"\",\"scope\":\"\"," A0_EXP "}"
#define A0_HEADER "{\"enc\":\"A256GCM\",\"alg\":\"dir\"}"
#define A0_V3_HEADER                                                                               \
    "{\"alg\":\"dir\",\"enc\":\"A256GCM\",\"uat\":1767225540,\"iat\":1767225540,\"exp\":"          \
    "1767830340}"
#define A0_V3                                                                                      \
    "{\"user\":{\"sub\":\"u\",\"sid\":\"S3\"},\"idToken\":\"i\",\"accessToken\":\"a\","            \
    "\"accessTokenScope\":\"openid\",\"accessTokenExpiresAt\":5,\"refreshToken\":\"r\"}"

static const char *const a0_secrets[] = {A0_SECRET, NULL};

typedef struct a0 {
    rig r;
    usher_auth0_options options;
    usher_auth0_context c;
    usher_auth0_jar jar;
} a0;

static inline void a0_open_with(a0 *t, const char *const *secrets)
{
    rig_open(&t->r, &usher_profile_auth0_4, secrets);
    usher_auth0_options_init(&t->options);
    t->c = (usher_auth0_context){.arena = &t->r.arena,
                                 .cipher = t->r.cipher,
                                 .keys = &t->r.keys,
                                 .options = &t->options,
                                 .now_s = RIG_NOW};
    t->jar.count = 0;
    t->jar.too_many = false;
}

static inline void a0_open(a0 *t)
{
    a0_open_with(t, a0_secrets);
}

static inline void a0_close(a0 *t)
{
    rig_close(&t->r);
}

static inline usher_str a0_seal_under(a0 *t, const char *header, const char *plain)
{
    return rig_seal_raw(&t->r, &t->r.keys.keys[USHER_FOR_SESSION][0][0], kit_str(header),
                        kit_str(plain));
}

static inline usher_str a0_seal(a0 *t, const char *plain)
{
    return a0_seal_under(t, A0_HEADER, plain);
}

/* What a browser sends: the cookies it has, as they stand. */
static inline usher_str a0_header(a0 *t, const char *const *names, const usher_str *values,
                                  size_t count)
{
    usher_buf b;
    usher_str header;

    usher_buf_init(&b, &t->r.arena, (size_t)1 << 24);
    for (size_t i = 0; i < count; i++) {
        if (i) usher_buf_put_z(&b, "; ");
        usher_buf_put_z(&b, names[i]);
        usher_buf_put_char(&b, '=');
        usher_buf_put(&b, values[i]);
    }
    assert_ok(usher_buf_take(&header, &b, NULL));
    return header;
}

static inline void a0_cookie(a0 *t, const char *name, usher_str value)
{
    assert_ok(usher_auth0_jar_read(&t->jar, &t->r.arena, &t->options,
                                   a0_header(t, &name, &value, 1), NULL));
}

static inline usher_verdict a0_judge(a0 *t, usher_auth0_session *s, usher_cause *cause)
{
    usher_verdict verdict;

    assert_ok(usher_auth0_session_open(s, &verdict, cause, &t->c, &t->jar, NULL));
    if (verdict != USHER_SESSION_VALID) assert_null(s->json.ptr);
    return verdict;
}

static inline usher_verdict a0_judge_plain(a0 *t, const char *name, const char *plain,
                                           usher_cause *cause)
{
    usher_auth0_session s;

    a0_cookie(t, name, a0_seal(t, plain));
    return a0_judge(t, &s, cause);
}

static inline bool a0_is_deletion(usher_str line)
{
    return usher_str_find(line, USHER_STR("=; ")) != SIZE_MAX &&
           usher_str_find(line, USHER_STR("; Max-Age=0")) != SIZE_MAX;
}

/* The jar of a browser that had `t->jar` and obeyed the lines. */
static inline void a0_browse(a0 *t, const usher_auth0_lines *lines)
{
    const char *names[2 * USHER_AUTH0_LINES_MAX];
    usher_str values[2 * USHER_AUTH0_LINES_MAX];
    size_t count = 0;

    for (size_t i = 0; i < t->jar.count + lines->count; i++) {
        bool line = i >= t->jar.count;
        usher_str rest, value, name;

        if (line) {
            usher_str pair = usher_str_cut(lines->items[i - t->jar.count], ';', &rest);
            name = usher_str_cut(pair, '=', &value);
        } else {
            name = t->jar.items[i].name;
            value = t->jar.items[i].value;
        }
        size_t at = 0;
        while (at < count && !usher_str_eq(kit_str(names[at]), name))
            at++;
        if (line && a0_is_deletion(lines->items[i - t->jar.count])) {
            if (at == count) continue;
            names[at] = names[--count];
            values[at] = values[count];
            continue;
        }
        char *z = usher_arena_get(&t->r.arena, name.len + 1);
        memcpy(z, name.ptr, name.len);
        z[name.len] = 0;
        names[at] = z;
        values[at] = value;
        if (at == count) count++;
    }
    assert_ok(usher_auth0_jar_read(&t->jar, &t->r.arena, &t->options,
                                   a0_header(t, names, values, count), NULL));
}

/* --- for fuzz targets: made once, for all inputs -----------------------------------------------
 */

static inline const usher_keyring *a0_ring(void)
{
    static usher_keyring keys;

    if (!keys.profile &&
        rig_ring(&keys, usher_allocator_default(), &usher_profile_auth0_4, a0_secrets))
        abort();
    return &keys;
}

static inline usher_jwe_cipher *a0_cipher(void)
{
    static usher_jwe_cipher *c;

    if (!c) c = usher_jwe_cipher_new(usher_allocator_default());
    if (!c) abort();
    return c;
}

/* Behind the seal nothing random would ever arrive. Absent if it does not fit. */
static inline usher_str a0_sealed(usher_arena *a, usher_purpose purpose, usher_str plain)
{
    kit_random random = {.seed = 1, .fail_at = SIZE_MAX};
    usher_str token;

    return usher_jwe_seal(&token, a, a0_cipher(), &a0_ring()->keys[purpose][0][0],
                          USHER_STR(A0_HEADER), plain, kit_entropy(&random), NULL)
               ? (usher_str){0}
               : token;
}

#endif
