/* Every value that any of the systems puts into a cookie, under every name, at every site: only a
 * session of that site, under its name, is one. Every bit of a good one flipped: none opens. Every
 * kind of session at every distance from the clock: the verdict is what the rules say.
 *
 * All sites share one secret, which is as bad as it can get. */
#include "tests/kit/browser.h"

#include "base/str.h"
#include "flow/site.h"
#include "session/csrf.h"
#include "session/token.h"
#include "usher/usher.h"

#define NOW    INT64_C(1767225600)
#define DAY    INT64_C(86400)
#define YEAR   (365 * DAY)
#define SECRET "Zr8KvT3nQx5WmBd7LpYc2HsJf9GaUe4o"
#define HTTP   "\"base_url\":\"http://localhost:3000\",\"secret\":\"" SECRET "\""
#define HTTPS  "\"base_url\":\"https://app.example.com\",\"secret\":\"" SECRET "\""

/* --- sites ------------------------------------------------------------------------------------ */

/* Who can open a value: kinds of key, not of cookie. */
enum {
    NOBODY,
    V4 = 1 << 0,
    V5 = 1 << 1, /* salted with the plain name */
    V5_SECURE = 1 << 2,
    AUTH0 = 1 << 3,
    SIGNED = 1 << 4,
    SIGNED_ES = 1 << 5,
    SIGNED_ED = 1 << 6,
};

typedef struct place {
    const char *name;
    unsigned opens; /* what a session cookie of that name holds */
} place;

typedef struct site_row {
    const char *settings;
    place places[8]; /* the cookies that are read */
} site_row;

#define V4_NAME "next-auth.session-token"
#define V5_NAME "authjs.session-token"
#define A0_PLACES                                                                                  \
    {"__session", AUTH0}, {"__session__0", AUTH0}, {"appSession", AUTH0},                          \
    {                                                                                              \
        "appSession.0", AUTH0                                                                      \
    }

/* The samples of wire/jose, their lines ended as JSON writes it. */
#define ES256_KEY                                                                                  \
    "-----BEGIN PRIVATE KEY-----\\n"                                                               \
    "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgsfNAolNjVjM7rw8/\\n"                          \
    "pMtVOViiGGRZ2p7zcYnUVN6/Bm+hRANCAAQ+yzSaYXKVa+IhPgsijyfS9UZeBC3b\\n"                          \
    "pRzuvP+jqaUG//y7xHPaOUQv/Kh9nZRyWTNrOA2g+/1pHWMuFvyRzEV1\\n"                                  \
    "-----END PRIVATE KEY-----\\n"
#define EDDSA_KEY                                                                                  \
    "-----BEGIN PRIVATE KEY-----\\n"                                                               \
    "MC4CAQAwBQYDK2VwBCIEIFJaAbhDsgtxTvrtwDy74fG5Fo1Mohh8Tlp0IgH8FHqD\\n"                          \
    "-----END PRIVATE KEY-----\\n"
#define SIGNED_SITE(alg, key)                                                                      \
    "{\"profile\":\"authjs-5\"," HTTP ",\"session\":{\"token\":\"signed\",\"signing_alg\":"        \
    "\"" alg "\",\"signing_keys\":[\"" key "\"]}}"

static const site_row sites[] = {
    {"{\"profile\":\"nextauth-4\"," HTTP "}", {{V4_NAME, V4}, {V4_NAME ".0", V4}}},
    {"{\"profile\":\"nextauth-4\"," HTTPS "}",
     {{"__Secure-" V4_NAME, V4}, {"__Secure-" V4_NAME ".0", V4}}},
    {"{\"profile\":\"authjs-5\"," HTTP "}", {{V5_NAME, V5}, {V5_NAME ".0", V5}}},
    {"{\"profile\":\"authjs-5\"," HTTPS "}",
     {{"__Secure-" V5_NAME, V5_SECURE}, {"__Secure-" V5_NAME ".0", V5_SECURE}}},
    {"{\"profile\":\"robojs\"," HTTPS "}", {{V5_NAME, V5}, {V5_NAME ".0", V5}}},
    {"{\"profile\":\"auth0-4\"," HTTP "}", {A0_PLACES}},
    {"{\"profile\":\"auth0-4\"," HTTPS "}", {A0_PLACES}},
    {"{\"profile\":\"authjs-5\"," HTTP ",\"session\":{\"token\":\"signed\"}}",
     {{V5_NAME, SIGNED}, {V5_NAME ".0", SIGNED}}},
    {SIGNED_SITE("ES256", ES256_KEY), {{V5_NAME, SIGNED_ES}, {V5_NAME ".0", SIGNED_ES}}},
    {SIGNED_SITE("EdDSA", EDDSA_KEY), {{V5_NAME, SIGNED_ED}, {V5_NAME ".0", SIGNED_ED}}},
    {"{\"profile\":\"authjs-5\"," HTTP ",\"accept\":[{\"profile\":\"nextauth-4\"},"
     "{\"profile\":\"auth0-4\"}]}",
     {{V5_NAME, V5}, {V5_NAME ".0", V5}, {V4_NAME, V4}, {V4_NAME ".0", V4}, A0_PLACES}},
};
#define SITES (sizeof sites / sizeof *sites)

static unsigned opened_at(const site_row *row, const char *name)
{
    for (size_t i = 0; i < 8 && row->places[i].name; i++)
        if (strcmp(row->places[i].name, name) == 0) return row->places[i].opens;
    return NOBODY;
}

static const char *const names[] = {
    V4_NAME,
    V4_NAME ".0",
    "__Secure-" V4_NAME,
    "__Secure-" V4_NAME ".0",
    "next-auth.state",
    "next-auth.pkce.code_verifier",
    "next-auth.nonce",
    "next-auth.csrf-token",
    "__Host-next-auth.csrf-token",
    "next-auth.callback-url",
    "__Secure-next-auth.state",
    V5_NAME,
    V5_NAME ".0",
    "__Secure-" V5_NAME,
    "__Secure-" V5_NAME ".0",
    "authjs.state",
    "authjs.pkce.code_verifier",
    "authjs.nonce",
    "authjs.csrf-token",
    "__Host-authjs.csrf-token",
    "authjs.callback-url",
    "__Secure-authjs.state",
    "__session",
    "__session__0",
    "__session__1",
    "appSession",
    "appSession.0",
    "appSession.1",
    "__FC_0",
    "__txn_ST",
    "__txn_",
    "other",
};
#define NAMES (sizeof names / sizeof *names)

/* --- values ----------------------------------------------------------------------------------- */

typedef struct value {
    const char *what;
    usher_str text;
    unsigned opens;
} value;

typedef struct stock {
    value list[96];
    size_t count;
    usher_arena arena;
    usher_jwe_cipher *cipher;
} stock;

static void add(stock *s, const char *what, usher_str text, unsigned opens)
{
    assert_true(s->count < sizeof s->list / sizeof *s->list);
    s->list[s->count++] = (value){what, text, opens};
}

#define PERSON "\"name\":\"Ada\",\"sub\":\"u1\""

static usher_str seal(stock *s, const usher_keyring *keys, usher_purpose purpose,
                      const char *claims)
{
    usher_str token;
    int64_t exp;

    assert_ok(usher_token_seal(&token, &exp, &s->arena, s->cipher, keys, purpose, kit_str(claims),
                               NOW, 3600, usher_entropy_default(), NULL));
    return token;
}

/* The check cookies' own claims, and those of a session under the check cookies' keys. */
static void add_checks(stock *s, const usher_site *site)
{
    static const usher_purpose purposes[] = {USHER_FOR_STATE, USHER_FOR_PKCE, USHER_FOR_NONCE,
                                             USHER_FOR_STATE_PARAM};

    for (size_t i = 0; i < 4; i++) {
        if (!site->keys->has[purposes[i]]) continue;
        add(s, "a check", seal(s, site->keys, purposes[i], "{\"value\":\"v\",\"provider\":\"p\"}"),
            NOBODY);
        add(s, "a session under a check's key", seal(s, site->keys, purposes[i], "{" PERSON "}"),
            NOBODY);
    }
}

static void add_csrf(stock *s, const usher_site *site)
{
    usher_str token, cookie;

    assert_ok(
        usher_csrf_new(&token, &cookie, &s->arena, site->keys, usher_entropy_default(), NULL));
    add(s, "a CSRF cookie", cookie, NOBODY);
    add(s, "a CSRF token", token, NOBODY);
}

/* Auth.js reads this too, and does not write it. */
static void add_gcm(stock *s, const usher_site *site, unsigned opens)
{
    usher_str token;

    if (!site->profile->also_gcm) return;
    assert_ok(usher_jwe_seal(
        &token, &s->arena, s->cipher, &site->keys->keys[USHER_FOR_SESSION][0][1],
        USHER_STR("{\"alg\":\"dir\",\"enc\":\"A256GCM\"}"),
        USHER_STR("{" PERSON ",\"exp\":1767229200}"), usher_entropy_default(), NULL));
    add(s, "a session under A256GCM", token, opens);
}

static void add_authjs(stock *s, const char *settings, unsigned opens)
{
    usher_site *site = kit_site(settings);

    add(s, "a session", seal(s, site->keys, USHER_FOR_SESSION, "{" PERSON "}"), opens);
    /* A check's claims under a session's key: shape decides. */
    add(s, "a check under a session's key",
        seal(s, site->keys, USHER_FOR_SESSION, "{\"value\":\"v\",\"provider\":\"p\"}"), NOBODY);
    add_gcm(s, site, opens);
    add_checks(s, site);
    add_csrf(s, site);
    usher_site_unref(site);
}

static usher_str auth0_seal(stock *s, const usher_site *site, const char *header, const char *plain)
{
    usher_str token;

    assert_ok(usher_jwe_seal(&token, &s->arena, s->cipher,
                             &site->keys->keys[USHER_FOR_SESSION][0][0], kit_str(header),
                             kit_str(plain), usher_entropy_default(), NULL));
    return token;
}

#define A0_HEAD "{\"enc\":\"A256GCM\",\"alg\":\"dir\"}"
#define A0_EXP  "\"exp\":1767229200"
#define V3_HEAD                                                                                    \
    "{\"alg\":\"dir\",\"enc\":\"A256GCM\",\"uat\":1767225540,\"iat\":1767225540,\"exp\":"          \
    "1767830340}"

static void add_auth0(stock *s)
{
    static const struct {
        const char *what, *header, *plain;
        unsigned opens;
    } kinds[] = {
        {"a session of Auth0's", A0_HEAD,
         "{\"user\":{\"sub\":\"u1\"},\"tokenSet\":{\"accessToken\":\"t\"},\"internal\":{\"sid\":"
         "\"S\","
         "\"createdAt\":1767225540}," A0_EXP "}",
         AUTH0},
        {"a session of version 3", V3_HEAD,
         "{\"user\":{\"sub\":\"u\",\"sid\":\"S\"},\"accessToken\":\"a\"}", AUTH0},
        {"a transaction", A0_HEAD,
         "{\"nonce\":\"N\",\"codeVerifier\":\"V\",\"responseType\":\"code\",\"state\":\"ST\","
         "\"returnTo\":\"/x\"," A0_EXP "}",
         NOBODY},
        {"a connection token", A0_HEAD,
         "{\"connection\":\"c\",\"accessToken\":\"a\",\"expiresAt\":1," A0_EXP "}", NOBODY},
        {"an id of a stored session", A0_HEAD,
         "{\"id\":\"00112233445566778899aabbccddeeff\"," A0_EXP "}", NOBODY},
        {"an MFA context", A0_HEAD,
         "{\"mfaToken\":\"m\",\"audience\":\"\",\"scope\":\"\"," A0_EXP "}", NOBODY},
        {"a session without tokens", A0_HEAD,
         "{\"user\":{\"sub\":\"u\"},\"internal\":{\"createdAt\":1767225540}," A0_EXP "}", NOBODY},
        {"a session without a user", A0_HEAD,
         "{\"tokenSet\":{},\"internal\":{\"createdAt\":1767225540}," A0_EXP "}", NOBODY},
        {"a session that was never created", A0_HEAD,
         "{\"user\":{\"sub\":\"u\"},\"tokenSet\":{},\"internal\":{}," A0_EXP "}", NOBODY},
        {"claims under Auth0's key", A0_HEAD, "{" PERSON "," A0_EXP "}", NOBODY},
        {"version 3 without a user", V3_HEAD, "{\"accessToken\":\"a\"}", NOBODY},
    };
    usher_site *site = kit_site("{\"profile\":\"auth0-4\"," HTTP "}");

    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        add(s, kinds[i].what, auth0_seal(s, site, kinds[i].header, kinds[i].plain), kinds[i].opens);
    usher_buf b;
    usher_str stamped;
    usher_buf_init(&b, &s->arena, 4096);
    usher_buf_put_z(&b, "1767225600:");
    usher_buf_put(&b, s->list[s->count - 9].text); /* the transaction, as newer versions write it */
    assert_ok(usher_buf_take(&stamped, &b, NULL));
    add(s, "a transaction with its time", stamped, NOBODY);
    add(s, "a signed id", USHER_STR("00112233445566778899aabbccddeeff.c2lnbmF0dXJl"), NOBODY);
    usher_site_unref(site);
}

static void add_signed(stock *s, const char *settings, unsigned opens)
{
    usher_site *site = kit_site(settings);
    usher_str token;
    int64_t exp;

    assert_ok(usher_signed_seal(&token, &exp, &s->arena, site->formats[0].signing,
                                USHER_STR("{" PERSON "}"), NOW, 3600, usher_entropy_default(),
                                NULL));
    add(s, "a signed session", token, opens);
    usher_site_unref(site);
}

static void stock_open(stock *s)
{
    memset(s, 0, sizeof *s);
    usher_arena_init(&s->arena, usher_allocator_default(), 1 << 16, (size_t)64 << 20);
    s->cipher = usher_jwe_cipher_new(usher_allocator_default());
    assert_non_null(s->cipher);
    add_authjs(s, sites[0].settings, V4);
    add_authjs(s, sites[1].settings, V4);
    add_authjs(s, sites[2].settings, V5);
    add_authjs(s, sites[3].settings, V5_SECURE);
    add_authjs(s, sites[4].settings, V5);
    add_auth0(s);
    add_signed(s, sites[7].settings, SIGNED);
    add_signed(s, sites[8].settings, SIGNED_ES);
    add_signed(s, sites[9].settings, SIGNED_ED);
    add(s, "a callback URL", USHER_STR("https%3A%2F%2Fapp.example.com%2F"), NOBODY);
    add(s, "nothing", USHER_STR(""), NOBODY);
    add(s, "an unsigned token", USHER_STR("eyJhbGciOiJub25lIn0.eyJzdWIiOiIxIn0."), NOBODY);
}

static void stock_close(stock *s)
{
    usher_jwe_cipher_free(s->cipher);
    usher_arena_deinit(&s->arena);
}

/* --- asking ----------------------------------------------------------------------------------- */

typedef struct visitor {
    usher_exchange *ex;
    usher_site *site;
    char header[16384];
} visitor;

static void visitor_open(visitor *v, const char *settings)
{
    v->site = kit_site(settings);
    assert_ok(usher_exchange_new(&v->ex, NULL, NULL));
}

static void visitor_close(visitor *v)
{
    usher_exchange_free(v->ex);
    usher_site_unref(v->site);
}

static void start(visitor *v, int64_t now_s)
{
    static usher_header cookie;
    static usher_request request;

    cookie = (usher_header){USHER_STR("Cookie"), kit_str(v->header)};
    request = (usher_request){.size = sizeof request,
                              .method = USHER_STR("GET"),
                              .target = USHER_STR("/private"),
                              .headers = &cookie,
                              .header_count = 1};
    assert_ok(usher_exchange_start(v->ex, v->site, &request, now_s * 1000, NULL));
}

static void bring(visitor *v, const char *name, usher_str text)
{
    int n = snprintf(v->header, sizeof v->header, "%s=%.*s", name, (int)text.len, text.ptr);

    assert_true(n > 0 && (size_t)n < sizeof v->header);
}

static usher_verdict judge(visitor *v, int64_t now_s)
{
    usher_want want;

    start(v, now_s);
    assert_ok(usher_get_token(v->ex, &want, NULL));
    assert_int_equal(want.kind, USHER_WANT_NOTHING);
    bool valid = usher_exchange_verdict(v->ex) == USHER_SESSION_VALID;
    assert_int_equal(usher_exchange_session(v->ex) != NULL, valid);
    return usher_exchange_verdict(v->ex);
}

/* --- the matrix ------------------------------------------------------------------------------- */

static void test_only_the_diagonal_opens(void **state)
{
    size_t opened = 0, asked = 0;
    stock s;

    (void)state;
    stock_open(&s);
    for (size_t i = 0; i < SITES; i++) {
        visitor v;

        visitor_open(&v, sites[i].settings);
        for (size_t n = 0; n < NAMES; n++)
            for (size_t k = 0; k < s.count; k++) {
                bool expected = (opened_at(&sites[i], names[n]) & s.list[k].opens) != 0;

                bring(&v, names[n], s.list[k].text);
                bool valid = judge(&v, NOW + 1) == USHER_SESSION_VALID;
                if (valid != expected)
                    fail_msg("%s: %s under %s: %s", sites[i].settings, s.list[k].what, names[n],
                             valid ? "opened" : "did not open");
                opened += valid;
                asked++;
            }
        visitor_close(&v);
    }
    assert_true(opened >= 2 * SITES && asked == SITES * NAMES * s.count);
    print_message("# %zu of %zu open\n", opened, asked);
    stock_close(&s);
}

/* --- flipped bits ----------------------------------------------------------------------------- */

/* One site and one session for each form that a session token can have. */
static void test_no_flipped_bit_is_accepted(void **state)
{
    size_t flips = 0;
    stock s;

    (void)state;
    stock_open(&s);
    for (size_t i = 0; i < SITES; i++)
        for (size_t k = 0; k < s.count; k++) {
            const char *name = sites[i].places[0].name;
            visitor v;

            if (!(sites[i].places[0].opens & s.list[k].opens)) continue;
            visitor_open(&v, sites[i].settings);
            bring(&v, name, s.list[k].text);
            assert_int_equal(judge(&v, NOW + 1), USHER_SESSION_VALID); /* control */
            for (size_t bit = 0; bit < s.list[k].text.len * 8; bit++) {
                char *at = &v.header[strlen(name) + 1 + bit / 8];

                *at = (char)(*at ^ (1 << bit % 8));
                if (judge(&v, NOW + 1) == USHER_SESSION_VALID)
                    fail_msg("%s: %s opened with bit %zu flipped", sites[i].settings,
                             s.list[k].what, bit);
                *at = (char)(*at ^ (1 << bit % 8));
                flips++;
            }
            assert_int_equal(judge(&v, NOW + 1), USHER_SESSION_VALID);
            visitor_close(&v);
        }
    print_message("# %zu flips, none accepted\n", flips);
    stock_close(&s);
}

/* --- the clock -------------------------------------------------------------------------------- */

typedef struct clock_row {
    const char *what, *settings;
    const char *claims; /* sealed at NOW; a header of version 3 before it: auth0 */
    int64_t max_age_s;
    /* What the rules say: valid while `from` <= now < `until`, both as distances from NOW. */
    int64_t from, until;
    usher_verdict before;
} clock_row;

#define ALWAYS  (-20 * YEAR)
#define A0_SITE "{\"profile\":\"auth0-4\"," HTTP

static const clock_row clocks[] = {
    {"v4", "{\"profile\":\"nextauth-4\"," HTTP "}", "{" PERSON "}", 30 * DAY, ALWAYS, 30 * DAY + 15,
     USHER_NO_SESSION},
    {"v5", "{\"profile\":\"authjs-5\"," HTTP "}", "{" PERSON "}", 30 * DAY, ALWAYS, 30 * DAY + 15,
     USHER_NO_SESSION},
    {"robojs", "{\"profile\":\"robojs\"," HTTP "}", "{" PERSON "}", 3600, ALWAYS, 3600 + 15,
     USHER_NO_SESSION},
    {"a lifetime of years", "{\"profile\":\"authjs-5\"," HTTP "}", "{" PERSON "}", 9 * YEAR, ALWAYS,
     9 * YEAR + 15, USHER_NO_SESSION},
    {"over when it was made", "{\"profile\":\"authjs-5\"," HTTP "}", "{" PERSON "}", -3600, ALWAYS,
     -3600 + 15, USHER_NO_SESSION},
    {"not before", "{\"profile\":\"nextauth-4\"," HTTP "}", "{" PERSON ",\"nbf\":1767229200}",
     30 * DAY, 3600 - 15, 30 * DAY + 15, USHER_SESSION_REJECTED},
    {"absolute, without a creation",
     "{\"profile\":\"authjs-5\"," HTTP ",\"session\":{"
     "\"absolute_duration\":\"10d\"}}",
     "{" PERSON "}", 30 * DAY, ALWAYS, 10 * DAY + 15, USHER_NO_SESSION},
    {"absolute, created two days before",
     "{\"profile\":\"authjs-5\"," HTTP ",\"session\":{"
     "\"absolute_duration\":\"10d\"}}",
     "{" PERSON ",\"ucat\":1767052800}", 30 * DAY, ALWAYS, 8 * DAY + 15, USHER_NO_SESSION},
    {"idle", "{\"profile\":\"nextauth-4\"," HTTP ",\"session\":{\"inactivity_duration\":\"5d\"}}",
     "{" PERSON "}", 30 * DAY, ALWAYS, 5 * DAY + 15, USHER_NO_SESSION},
    {"an end of somebody else's", "{\"profile\":\"robojs\"," HTTP "}",
     "{" PERSON ",\"uend\":1767312000}", 30 * DAY, ALWAYS, DAY + 15, USHER_NO_SESSION},
    {"signed", "{\"profile\":\"authjs-5\"," HTTP ",\"session\":{\"token\":\"signed\"}}",
     "{" PERSON "}", 7 * DAY, ALWAYS, 7 * DAY + 15, USHER_NO_SESSION},
    {"auth0", A0_SITE "}",
     "{\"user\":{\"sub\":\"u\"},\"tokenSet\":{},\"internal\":{\"createdAt\":1767225600},\"exp\":"
     "1767312000}",
     0, ALWAYS, DAY + 15, USHER_NO_SESSION},
    {"auth0, without an end", A0_SITE "}",
     "{\"user\":{\"sub\":\"u\"},\"tokenSet\":{},\"internal\":{\"createdAt\":1767225600}}", 0,
     ALWAYS, 3 * DAY + 15, USHER_NO_SESSION},
    {"auth0, created two days before", A0_SITE "}",
     "{\"user\":{\"sub\":\"u\"},\"tokenSet\":{},\"internal\":{\"createdAt\":1767052800},\"exp\":"
     "1777312000}",
     0, ALWAYS, DAY + 15, USHER_NO_SESSION},
    {"auth0, renewed two days after", A0_SITE "}",
     "{\"user\":{\"sub\":\"u\"},\"tokenSet\":{},\"internal\":{\"createdAt\":1767052800},\"exp\":"
     "1767312000}",
     0, ALWAYS, DAY + 15, USHER_NO_SESSION},
    {"auth0, with a ceiling", A0_SITE "}",
     "{\"user\":{\"sub\":\"u\"},\"tokenSet\":{},\"internal\":{\"createdAt\":1767225600,"
     "\"sessionExpiresAt\":1767229200},\"exp\":1767312000}",
     0, ALWAYS, 3600 - 30, USHER_NO_SESSION},
    {"auth0, ten years",
     A0_SITE ",\"session\":{\"absolute_duration\":\"3650d\","
             "\"inactivity_duration\":\"3650d\"}}",
     "{\"user\":{\"sub\":\"u\"},\"tokenSet\":{},\"internal\":{\"createdAt\":1767225600},\"exp\":"
     "2051222400}",
     0, ALWAYS, 2051222400 - NOW + 15, USHER_NO_SESSION},
};

static usher_str make(visitor *v, stock *s, const clock_row *row)
{
    const usher_format *f = &v->site->formats[0];
    usher_str token;
    int64_t exp;

    if (f->profile->auth0) return auth0_seal(s, v->site, A0_HEAD, row->claims);
    if (f->form == USHER_TOKEN_SIGNED)
        assert_ok(usher_signed_seal(&token, &exp, &s->arena, f->signing, kit_str(row->claims), NOW,
                                    row->max_age_s, usher_entropy_default(), NULL));
    else
        assert_ok(usher_token_seal(&token, &exp, &s->arena, s->cipher, f->keys, USHER_FOR_SESSION,
                                   kit_str(row->claims), NOW, row->max_age_s,
                                   usher_entropy_default(), NULL));
    return token;
}

static void check_verdict(visitor *v, const clock_row *row, int64_t offset)
{
    usher_verdict expected = offset < row->from    ? row->before
                             : offset < row->until ? USHER_SESSION_VALID
                                                   : USHER_SESSION_EXPIRED;
    usher_verdict got = judge(v, NOW + offset);

    if (got != expected)
        fail_msg("%s, %lld s from now: %s, not %s", row->what, (long long)offset,
                 usher_verdict_word(got), usher_verdict_word(expected));
}

/* Brings back what a request at that time set, and says when it ends. */
static int64_t renewed_end_ms(visitor *v, const char *name, int64_t offset)
{
    usher_want want;
    char kept[sizeof v->header];

    memcpy(kept, v->header, sizeof kept);
    start(v, NOW + offset);
    assert_ok(usher_get_session(v->ex, &want, NULL));
    assert_int_equal(usher_exchange_verdict(v->ex), USHER_SESSION_VALID);
    const usher_response *r = usher_exchange_response(v->ex);
    for (size_t i = 0; i < r->header_count; i++) {
        usher_str rest, pair = usher_str_cut(r->headers[i].value, ';', &rest), text;
        usher_str set = usher_str_cut(pair, '=', &text);

        if (usher_str_eq(set, kit_str(name)) && text.len) bring(v, name, text);
    }
    usher_verdict verdict = judge(v, NOW + offset);
    assert_int_equal(verdict, USHER_SESSION_VALID);
    int64_t end = usher_session_expires_ms(usher_exchange_session(v->ex));
    memcpy(v->header, kept, sizeof kept);
    return end;
}

/* Whoever is valid is still valid after the renewal, and for no less long than before. */
static void check_renewal(visitor *v, const clock_row *row, const char *name, int64_t offset)
{
    if (judge(v, NOW + offset) != USHER_SESSION_VALID) return;
    int64_t before = usher_session_expires_ms(usher_exchange_session(v->ex));
    int64_t after = renewed_end_ms(v, name, offset);

    /* What this site would never have promised at NOW may be cut. */
    const usher_format *f = &v->site->formats[0];
    int64_t most = f->profile->auth0 ? f->auth0.inactivity_s : v->site->lifetime.max_age_s;
    if (before > (NOW + (offset > 0 ? offset : 0) + most) * 1000) return;
    /* A session of Auth0's does not say when it was sealed: under a clock that was set back within
     * its life, it is renewed as of that clock, and by no more than the step. */
    if (f->profile->auth0 && offset < 0) before += offset * 1000;
    if (after < before / 1000 * 1000)
        fail_msg("%s, %lld s from now: renewed to %lld from %lld", row->what, (long long)offset,
                 (long long)after, (long long)before);
}

static void sweep(const clock_row *row, stock *s)
{
    visitor v;

    visitor_open(&v, row->settings);
    const char *name = v.site->formats[0].profile->auth0              ? "__session"
                       : v.site->profile == &usher_profile_nextauth_4 ? V4_NAME
                                                                      : V5_NAME;
    const int64_t edges[] = {0, row->from, row->until, -2 * DAY, -DAY, DAY, row->until - 15};
    bring(&v, name, make(&v, s, row));
    for (int64_t offset = -10 * YEAR; offset <= 10 * YEAR; offset += DAY + 12347)
        check_verdict(&v, row, offset);
    for (size_t i = 0; i < sizeof edges / sizeof *edges; i++)
        for (int64_t d = -90; d <= 90; d++) {
            if (edges[i] == ALWAYS) continue;
            check_verdict(&v, row, edges[i] + d);
            check_renewal(&v, row, name, edges[i] + d);
        }
    for (int64_t offset = -10 * YEAR; offset <= 10 * YEAR; offset += 41 * DAY + 12347)
        check_renewal(&v, row, name, offset);
    visitor_close(&v);
}

static void test_every_time(void **state)
{
    stock s;

    (void)state;
    stock_open(&s);
    for (size_t i = 0; i < sizeof clocks / sizeof *clocks; i++)
        sweep(&clocks[i], &s);
    stock_close(&s);
}

/* --- carried over and changed in one -----------------------------------------------------------
 */

/* A change is no new beginning: the session is as old as it was, and loses nothing else. */
static void test_a_change_makes_nobody_younger(void **state)
{
    usher_want want;
    visitor v;
    stock s;

    (void)state;
    stock_open(&s);
    visitor_open(&v, "{\"profile\":\"authjs-5\"," HTTP
                     ",\"session\":{\"absolute_duration\":\"10d\"},\"accept\":[{\"profile\":"
                     "\"auth0-4\"}]}");
    usher_site *old = kit_site("{\"profile\":\"auth0-4\"," HTTP "}");
    bring(&v, "__session",
          auth0_seal(&s, old, A0_HEAD,
                     "{\"user\":{\"sub\":\"u\"},\"tokenSet\":{},\"internal\":{\"createdAt\":"
                     "1767052800},\"exp\":1767312000}"));
    size_t n = strlen(v.header);
    usher_str set =
        auth0_seal(&s, old, A0_HEAD, "{\"connection\":\"c\",\"accessToken\":\"a\"," A0_EXP "}");
    snprintf(v.header + n, sizeof v.header - n, "; __FC_0=%.*s", (int)set.len, set.ptr);
    start(&v, NOW);
    assert_ok(usher_update_session(v.ex, USHER_STR("{\"role\":\"r\"}"), &want, NULL));
    usher_str claims = usher_session_claims(usher_exchange_session(v.ex));
    assert_true(usher_str_find(claims, USHER_STR("\"ucat\":1767052800")) != SIZE_MAX);
    assert_true(usher_str_find(claims, USHER_STR("\"role\":\"r\"")) != SIZE_MAX);
    assert_true(usher_str_find(claims, USHER_STR("\"connection\":\"c\"")) != SIZE_MAX);
    usher_site_unref(old);
    visitor_close(&v);
    stock_close(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_only_the_diagonal_opens),
        cmocka_unit_test(test_no_flipped_bit_is_accepted),
        cmocka_unit_test(test_every_time),
        cmocka_unit_test(test_a_change_makes_nobody_younger),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
