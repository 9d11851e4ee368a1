#include "session/rig.h"
#include "wire/base64url.h"

#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SANITIZED 1
#endif
#endif
#ifndef SANITIZED
#define SANITIZED 0
#endif

static const char *const one[] = {"secret", NULL};
static const char *const two[] = {"new", "old", NULL};

static void check_hex(const uint8_t *bytes, size_t len, const char *hex)
{
    char text[2 * USHER_JWE_KEY_MAX + 1] = "";

    for (size_t i = 0; i < len; i++)
        snprintf(text + 2 * i, 3, "%02x", bytes[i]);
    assert_string_equal(text, hex);
}

/* The keys of the specification's appendix A, which the originals derived. */
static void test_keys_of_the_originals(void **state)
{
    static const struct {
        const usher_profile *profile;
        usher_purpose purpose;
        const char *salt, *key;
    } cases[] = {
        {&usher_profile_nextauth_4, USHER_FOR_SESSION, "ignored",
         "9ab5058ebf5be88f82f4aee99d22cf8be7a34a4af1836299d0668f4d83020f5a"},
        {&usher_profile_nextauth_4, USHER_FOR_STATE, "next-auth.state",
         "c01f89640026c3c617ec6a68dc377509d2c405289c116743082c17c9874371a7"},
        {&usher_profile_nextauth_4, USHER_FOR_PKCE, "__Secure-next-auth.pkce.code_verifier",
         "92f0a08dbcd9a684cf1d9647c7d345ba5e35480312d5bdef38cc193345a5941b"},
        {&usher_profile_authjs_5, USHER_FOR_SESSION, "authjs.session-token",
         "b1ef6cdd915c44c0a71232574a6a70546a5e16d12bb38df4638e3b96bdd32025"
         "131e90695ff072a9d148f1511c7a4981a85b63a628311da1fa7ccfc49c47c2bb"},
        {&usher_profile_authjs_5, USHER_FOR_SESSION, "__Secure-authjs.session-token",
         "0d8bf2d720367891eda6b7cc8f1960cf3fac4c0e5972e05c0ea71f835d01d69a"
         "60b8d258a71a473d46b0eec5ed3dfe45a7bcfbe54ccfa14f50206f3af0f777f5"},
        {&usher_profile_authjs_5, USHER_FOR_STATE_PARAM, "ignored",
         "873919037dab91c0520af9b5dbaa5c3642b0ee31f816a0b08fc766b788879243"
         "af6b009a41598809c140510bd5f782dfe391ce3792140318fad4e4cd6b6d99a4"},
    };
    static uint8_t secret[] = "secret";
    const usher_secret secrets[] = {{secret, 6}};

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        usher_str salts[USHER_PURPOSES] = {{0}};
        usher_keyring keys;

        salts[cases[i].purpose] = kit_str(cases[i].salt);
        assert_ok(usher_keyring_init(&keys, usher_allocator_default(), cases[i].profile, secrets, 1,
                                     salts, NULL));
        assert_true(keys.has[cases[i].purpose]);
        const usher_jwe_key *key = &keys.keys[cases[i].purpose][0][0];
        check_hex(key->bytes, usher_jwe_key_size(key->enc), cases[i].key);
        usher_keyring_deinit(&keys, usher_allocator_default());
    }
}

static void test_kids_and_headers(void **state)
{
    rig r;

    (void)state;
    rig_open(&r, &usher_profile_authjs_5, one);
    const usher_jwe_key *keys = r.keys.keys[USHER_FOR_SESSION][0];
    const usher_key_header *h = &r.keys.headers[USHER_FOR_SESSION][0];
    assert_str(((usher_str){keys[0].kid, keys[0].kid_len}),
               "7x9DUMVaEU6giab0l0OWDt4e4SsRH_cbwMof2EzEyy6onK5o8xSPPB799RVoqm2v6z674kQCv9jom2T8S-"
               "a1dQ");
    assert_int_equal(keys[1].enc, USHER_A256GCM);
    assert_memory_equal(keys[1].bytes, keys[0].bytes, 32); /* the first half */
    assert_str(((usher_str){keys[1].kid, keys[1].kid_len}),
               "tgdt-VLOTRviBTc4vwSS-WjOhg14Bq0M6tGDvSzfdgs");
    assert_str(((usher_str){h->json, h->json_len}),
               "{\"alg\":\"dir\",\"enc\":\"A256CBC-HS512\",\"kid\":\"7x9DUMVaEU6giab0l0OWDt4e4SsRH_"
               "cbwMof2EzEyy6onK5o8xSPPB799RVoqm2v6z674kQCv9jom2T8S-a1dQ\"}");
    assert_str(
        ((usher_str){h->b64, h->b64_len}),
        "eyJhbGciOiJkaXIiLCJlbmMiOiJBMjU2Q0JDLUhTNTEyIiwia2lkIjoiN3g5RFVNVmFFVTZnaWFiMGwwT1d"
        "EdDRlNFNzUkhfY2J3TW9mMkV6RXl5Nm9uSzVvOHhTUFBCNzk5UlZvcW0ydjZ6Njc0a1FDdjlqb20yVDhTLWE"
        "xZFEifQ");
    rig_close(&r);
    rig_open(&r, &usher_profile_nextauth_4, one);
    h = &r.keys.headers[USHER_FOR_STATE][0];
    assert_str(((usher_str){h->json, h->json_len}), "{\"alg\":\"dir\",\"enc\":\"A256GCM\"}");
    assert_str(((usher_str){h->b64, h->b64_len}), "eyJhbGciOiJkaXIiLCJlbmMiOiJBMjU2R0NNIn0");
    assert_int_equal(r.keys.keys[USHER_FOR_STATE][0][1].enc, 0); /* nothing else is read */
    rig_close(&r);
}

/* Auth.js v5 writes its brackets around an empty salt too (authjs5-tokens, "empty salt"). */
static void test_an_empty_salt(void **state)
{
    static uint8_t secret[] = "public-test-secret-do-not-use-0123456789";
    const usher_secret secrets[] = {{secret, sizeof secret - 1}};
    const usher_str salts[USHER_PURPOSES] = {[USHER_FOR_SESSION] = USHER_STR_INIT("")};
    usher_keyring keys;

    (void)state;
    assert_ok(usher_keyring_init(&keys, usher_allocator_default(), &usher_profile_authjs_5, secrets,
                                 1, salts, NULL));
    const usher_jwe_key *key = &keys.keys[USHER_FOR_SESSION][0][0];
    assert_str(((usher_str){key->kid, key->kid_len}),
               "mCRu0ztZhJmKQvhr9tRRKwLkct6ptNosOWF3DaQ6kdQOrVIlG1LtRTtUsuH3"
               "gkF9MNro0GQNaClfhs4qh_D1Fw");
    usher_keyring_deinit(&keys, usher_allocator_default());
}

static void test_purposes_without_salt_have_no_key(void **state)
{
    static uint8_t secret[] = "s";
    const usher_secret secrets[] = {{secret, 1}};
    const usher_str none[USHER_PURPOSES] = {{0}};
    usher_keyring keys;

    (void)state;
    assert_ok(usher_keyring_init(&keys, usher_allocator_default(), &usher_profile_nextauth_4,
                                 secrets, 1, none, NULL));
    assert_true(keys.has[USHER_FOR_SESSION]); /* its salt is the empty one */
    assert_false(keys.has[USHER_FOR_STATE]);  /* else it would be the session's key */
    assert_false(keys.has[USHER_FOR_STATE_PARAM]);
    usher_keyring_deinit(&keys, usher_allocator_default());
    assert_ok(usher_keyring_init(&keys, usher_allocator_default(), &usher_profile_authjs_5, secrets,
                                 1, none, NULL));
    assert_false(keys.has[USHER_FOR_SESSION]);
    assert_true(keys.has[USHER_FOR_STATE_PARAM]);
    usher_keyring_deinit(&keys, usher_allocator_default());
}

static void test_every_key_differs(void **state)
{
    static const char *const secrets[] = {"a", "b", "c", NULL};
    const uint8_t *seen[USHER_PURPOSES * 3];

    (void)state;
    for (size_t i = 0; usher_profile_at(i); i++) {
        size_t count = 0;
        rig r;

        rig_open(&r, usher_profile_at(i), secrets);
        bool one_key = usher_profile_at(i)->one_key; /* of all purposes: then secrets differ */
        for (unsigned p = 0; p < (one_key ? 1 : USHER_PURPOSES); p++)
            for (size_t s = 0; s < 3 && r.keys.has[p]; s++)
                seen[count++] = r.keys.keys[p][s][0].bytes;
        assert_true(count >= (one_key ? 3 : 12));
        for (unsigned p = 1; one_key && p < USHER_PURPOSES; p++) {
            assert_true(r.keys.has[p]);
            assert_memory_equal(r.keys.keys[p], r.keys.keys[0], sizeof r.keys.keys[0]);
            assert_memory_equal(r.keys.headers[p], r.keys.headers[0], sizeof r.keys.headers[0]);
        }
        for (size_t a = 0; a < count; a++)
            for (size_t b = 0; b < a; b++)
                assert_memory_not_equal(seen[a], seen[b], 32);
        rig_close(&r);
    }
}

static void test_csrf_secret(void **state)
{
    static const struct {
        const usher_profile *profile;
        const char *const *secrets;
        const char *csrf;
    } cases[] = {
        {&usher_profile_authjs_5, one, "secret"},
        {&usher_profile_authjs_5, two, "new,old"},
        {&usher_profile_nextauth_4, one, "secret"},
        {&usher_profile_nextauth_4, two, "new"}, /* the original beside us knows one only */
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        rig r;

        rig_open(&r, cases[i].profile, cases[i].secrets);
        assert_int_equal(r.keys.csrf.len, strlen(cases[i].csrf));
        assert_memory_equal(r.keys.csrf.ptr, cases[i].csrf, r.keys.csrf.len);
        rig_close(&r);
    }
}

static void test_settings_that_are_refused(void **state)
{
    static uint8_t text[] = "secret";
    usher_secret secrets[USHER_SECRETS_MAX + 1];
    usher_str salts[USHER_PURPOSES];
    usher_keyring keys;
    usher_error err;
    const usher_allocator *heap = usher_allocator_default();
    const usher_profile *v5 = &usher_profile_authjs_5;

    (void)state;
    for (size_t i = 0; i < USHER_SECRETS_MAX + 1; i++)
        secrets[i] = (usher_secret){text, 6};
    rig_salts(salts, v5);
    assert_int_equal(usher_keyring_init(&keys, heap, v5, secrets, 0, salts, &err), USHER_E_SETTING);
    assert_string_equal(err.what, "keyring: no secret");
    assert_int_equal(usher_keyring_init(&keys, heap, v5, secrets, 17, salts, NULL),
                     USHER_E_SETTING);
    assert_ok(usher_keyring_init(&keys, heap, v5, secrets, 16, salts, NULL)); /* control */
    usher_keyring_deinit(&keys, heap);
    secrets[1].len = 0;
    assert_int_equal(usher_keyring_init(&keys, heap, v5, secrets, 2, salts, NULL), USHER_E_SETTING);
    secrets[1].len = 6;
    salts[USHER_FOR_NONCE] = salts[USHER_FOR_SESSION]; /* one name for two cookies */
    assert_int_equal(usher_keyring_init(&keys, heap, v5, secrets, 1, salts, NULL), USHER_E_SETTING);
    salts[USHER_FOR_NONCE] = USHER_STR("encodedState"); /* the state parameter's */
    assert_int_equal(usher_keyring_init(&keys, heap, v5, secrets, 1, salts, NULL), USHER_E_SETTING);
    char name[2000];
    memset(name, 'x', sizeof name);
    salts[USHER_FOR_NONCE] = (usher_str){name, sizeof name};
    assert_int_equal(usher_keyring_init(&keys, heap, v5, secrets, 1, salts, NULL), USHER_E_SETTING);
    assert_null(keys.csrf.ptr);
    assert_false(keys.has[USHER_FOR_SESSION]);
}

static void test_deinit_wipes(void **state)
{
    static const uint8_t zero[sizeof(usher_keyring)];
    usher_keyring keys;

    (void)state;
    assert_ok(rig_ring(&keys, usher_allocator_default(), &usher_profile_authjs_5, two));
    usher_keyring_deinit(&keys, usher_allocator_default());
    assert_memory_equal(&keys, zero, sizeof keys);
    usher_keyring_deinit(&keys, usher_allocator_default());
    usher_keyring_deinit(NULL, usher_allocator_default());
}

/* ---- rings in pages of their own ----------------------------------------------------------- */

static usher_status new_ring(usher_keyring **out, const usher_allocator *alloc,
                             const usher_profile *profile, const char *const *texts)
{
    usher_secret list[USHER_SECRETS_MAX];
    usher_str salts[USHER_PURPOSES];
    size_t count = 0;

    for (; texts[count]; count++) {
        union {
            const char *text;
            uint8_t *bytes;
        } u = {.text = texts[count]};
        list[count] = (usher_secret){u.bytes, strlen(texts[count])};
    }
    rig_salts(salts, profile);
    return usher_keyring_new(out, alloc, profile, list, count, salts, NULL);
}

static void check_same_key(const usher_jwe_key *a, const usher_jwe_key *b)
{
    assert_int_equal(a->enc, b->enc);
    assert_memory_equal(a->bytes, b->bytes, sizeof a->bytes);
    assert_memory_equal(a->kid, b->kid, sizeof a->kid);
}

static void test_a_new_ring_is_the_same_ring(void **state)
{
    (void)state;
    for (size_t i = 0; usher_profile_at(i); i++) {
        usher_keyring *k;
        rig r;

        rig_open(&r, usher_profile_at(i), two);
        assert_ok(new_ring(&k, &r.alloc, usher_profile_at(i), two));
        assert_ptr_equal(k->profile, r.keys.profile);
        assert_int_equal(k->secret_count, 2);
        assert_memory_equal(k->has, r.keys.has, sizeof k->has);
        assert_memory_equal(k->headers, r.keys.headers, sizeof k->headers);
        assert_memory_equal(k->signing, r.keys.signing, sizeof k->signing);
        for (unsigned p = 0; p < USHER_PURPOSES; p++)
            for (size_t s = 0; s < 2; s++)
                for (size_t e = 0; e < 2; e++)
                    check_same_key(&k->keys[p][s][e], &r.keys.keys[p][s][e]);
        assert_int_equal(k->csrf.len, r.keys.csrf.len);
        assert_memory_equal(k->csrf.ptr, r.keys.csrf.ptr, k->csrf.len);
        usher_keyring_free(k);
        rig_close(&r);
    }
    usher_keyring_free(NULL);
}

/* No secret is in memory of the allocator: it gave the counters and nothing else. */
static void test_keys_and_secrets_are_in_the_pages(void **state)
{
    kit_alloc memory = {.fail_at = SIZE_MAX};
    usher_allocator alloc = kit_allocator(&memory);
    usher_keyring *k;

    (void)state;
    assert_ok(new_ring(&k, &alloc, &usher_profile_authjs_5, two));
    const uint8_t *from = k->pages.map, *to = from + k->pages.map_size;
    assert_true((uint8_t *)k >= from && (uint8_t *)(k + 1) <= to);
    assert_true(k->csrf.ptr >= from && k->csrf.ptr + k->csrf.len <= to);
    assert_int_equal(memory.calls, 1);
    assert_true((uint8_t *)k->shards < from || (uint8_t *)k->shards >= to);
    assert_int_equal((uintptr_t)k->shards % 64, 0);
    usher_keyring_free(k);
    assert_int_equal(memory.live, 0);
}

static void test_nobody_writes_to_a_new_ring(void **state)
{
    usher_keyring *k;
    int status = 0;

    (void)state;
    assert_ok(new_ring(&k, usher_allocator_default(), &usher_profile_authjs_5, two));
    pid_t child = fork();
    if (child == 0) {
        signal(SIGSEGV, SIG_DFL);
        *(volatile size_t *)&k->secret_count = 1;
        _exit(0);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV);
    usher_keyring_free(k);
}

/* ---- core files ---------------------------------------------------------------------------- */

#define SEEN 40

/* Made at run time, so that no file of the program has it. */
static void seen_text(uint8_t out[SEEN], uint64_t seed)
{
    for (size_t i = 0; i < SEEN; i++)
        out[i] = (uint8_t)(kit_next(&seed) | 0x80);
}

static usher_status seen_ring(usher_keyring **out)
{
    uint8_t text[SEEN];
    const usher_secret secrets[] = {{text, SEEN}};
    usher_str salts[USHER_PURPOSES];

    rig_salts(salts, &usher_profile_authjs_5);
    seen_text(text, 11);
    usher_status rc = usher_keyring_new(out, usher_allocator_default(), &usher_profile_authjs_5,
                                        secrets, 1, salts, NULL);
    usher_wipe(text, sizeof text);
    return rc;
}

/* With a ring, and with a text that is to be found, or the search would prove nothing. */
static void die_with_a_core(const char *folder)
{
    const struct rlimit all = {RLIM_INFINITY, RLIM_INFINITY};
    static uint8_t control[SEEN];
    usher_keyring *k;

    if (chdir(folder) || setrlimit(RLIMIT_CORE, &all)) _exit(1);
    seen_text(control, 12);
    if (seen_ring(&k)) _exit(2);
    signal(SIGABRT, SIG_DFL);
    abort();
}

/* The core file of a child, or NULL where the system keeps none or puts it elsewhere. */
static char *core_of_a_child(const char *folder, size_t *len)
{
    char path[256];
    int status = 0;
    pid_t child = fork();

    if (child == 0) die_with_a_core(folder);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
    for (int with_pid = 0; with_pid < 2; with_pid++) {
        if (with_pid)
            snprintf(path, sizeof path, "%s/core.%d", folder, (int)child);
        else
            snprintf(path, sizeof path, "%s/core", folder);
        if (access(path, R_OK) != 0) continue;
        char *bytes = kit_read_file(path, len);
        unlink(path);
        return bytes;
    }
    return NULL;
}

static bool found(const char *core, size_t len, const void *bytes, size_t size)
{
    return memmem(core, len, bytes, size) != NULL;
}

/* T86. A sanitizer's own memory makes cores of terabytes: there nothing is tried. */
static void test_no_key_is_in_a_core_file(void **state)
{
    const char *tmp = getenv("TMPDIR");
    char folder[200];
    uint8_t text[SEEN];
    usher_keyring *k;
    size_t len;

    (void)state;
    if (SANITIZED) return;
    snprintf(folder, sizeof folder, "%s/usher-core-XXXXXX", tmp ? tmp : "/tmp");
    assert_non_null(mkdtemp(folder));
    char *core = core_of_a_child(folder, &len);
    rmdir(folder);
    if (!core) return;
    seen_text(text, 12);
    assert_true(found(core, len, text, SEEN));
    seen_text(text, 11);
    assert_false(found(core, len, text, SEEN));
    assert_false(found(core, len, text, SEEN / 2));
    assert_ok(seen_ring(&k));
    for (unsigned p = 0; p < USHER_PURPOSES; p++) {
        const uint8_t *key = k->keys[p][0][0].bytes;
        char encoded[32]; /* its name is the digest of this */

        usher_base64url_encode(encoded, key, 24);
        assert_false(found(core, len, encoded, sizeof encoded));
        for (size_t part = 0; part < 64; part += 16)
            assert_false(found(core, len, key + part, 16));
    }
    usher_keyring_free(k);
    free(core);
}

static void test_a_new_ring_that_is_refused(void **state)
{
    static const char *const none[] = {NULL};
    static uint8_t text[] = "secret";
    const usher_secret huge[] = {{text, (size_t)1 << 50}}; /* no machine has pages for it */
    kit_alloc memory = {.fail_at = SIZE_MAX};
    usher_allocator alloc = kit_allocator(&memory);
    usher_str salts[USHER_PURPOSES];
    usher_keyring *k = (usher_keyring *)(void *)&memory;

    (void)state;
    assert_int_equal(new_ring(&k, &alloc, &usher_profile_authjs_5, none), USHER_E_SETTING);
    assert_null(k);
    rig_salts(salts, &usher_profile_authjs_5);
    assert_int_equal(usher_keyring_new(&k, &alloc, &usher_profile_authjs_5, huge, 1, salts, NULL),
                     USHER_E_NOMEM);
    assert_null(k);
    assert_int_equal(memory.live, 0);
}

static void check_counts(const usher_keyring *k, size_t secret, uint64_t opened, uint64_t sealed,
                         uint64_t failed)
{
    usher_key_counts counts;

    assert_true(usher_keyring_counts(k, secret, &counts));
    assert_int_equal(counts.secret, secret);
    assert_int_equal(counts.opened, opened);
    assert_int_equal(counts.sealed, sealed);
    assert_int_equal(counts.failed, failed);
}

static void test_counting(void **state)
{
    usher_keyring *k;
    usher_key_counts counts = {1, 1, 1, 1, 1};

    (void)state;
    assert_ok(new_ring(&k, usher_allocator_default(), &usher_profile_authjs_5, two));
    for (unsigned p = 0; p < USHER_PURPOSES; p++)
        for (size_t e = 0; e < 2; e++) {
            const usher_jwe_key *tried[] = {&k->keys[p][0][e], &k->keys[p][1][e]};
            /* every address is somebody else, and all are counted */
            usher_keyring_count_open(k, &tried[e], tried, 2, USHER_OK); /* with the second */
            usher_keyring_count_open(k, k + p, tried, 1, USHER_OK);     /* with the first */
            usher_keyring_count_open(k, &p, tried, 2, USHER_E_FORGED);
            usher_keyring_count_open(k, &p, tried + 1, 1, USHER_E_FORGED);
            usher_keyring_count_open(k, &p, tried, 0, USHER_E_FORGED); /* there was none to try */
            usher_keyring_count_open(k, &p, tried, 2, USHER_E_NOMEM);
            usher_keyring_count_seal(k, tried);
        }
    check_counts(k, 0, 2 * USHER_PURPOSES, 2 * USHER_PURPOSES, 2 * USHER_PURPOSES);
    check_counts(k, 1, 2 * USHER_PURPOSES, 0, 4 * USHER_PURPOSES);
    assert_false(usher_keyring_counts(k, 2, &counts));
    assert_int_equal(counts.opened + counts.sealed + counts.failed, 0);
    usher_keyring_free(k);
}

/* Nearby and page-wise addresses spread: else threads would write to one line. */
static void test_shards_are_used_evenly(void **state)
{
    static const size_t steps[] = {16, 368, 4096, (size_t)64 << 20};
    usher_keyring *k;

    (void)state;
    for (size_t s = 0; s < sizeof steps / sizeof *steps; s++) {
        size_t most = 0;

        assert_ok(new_ring(&k, usher_allocator_default(), &usher_profile_authjs_5, two));
        for (uintptr_t i = 0; i < 64; i++)
            usher_keyring_count_seal(k, (const void *)(0x7f0000001000 + i * steps[s]));
        for (size_t i = 0; i < USHER_KEY_SHARDS; i++) {
            size_t here = (size_t)atomic_load(&k->shards[i].used[0][USHER_KEY_SEALED]);
            most = here > most ? here : most;
        }
        assert_true(most <= 12); /* of 64 in 16 */
        usher_keyring_free(k);
    }
}

static void test_a_ring_in_our_memory_counts_nothing(void **state)
{
    usher_key_counts counts = {1, 1, 1, 1, 1};
    rig r;

    (void)state;
    rig_open(&r, &usher_profile_authjs_5, one);
    usher_keyring_count_seal(&r.keys, &r);
    assert_true(usher_keyring_counts(&r.keys, 0, &counts));
    assert_int_equal(counts.opened + counts.sealed + counts.failed, 0);
    rig_close(&r);
}

static void test_every_allocation_of_a_new_ring_may_fail(void **state)
{
    kit_alloc memory = {.fail_at = SIZE_MAX}, *const sources[] = {&memory, &kit_crypto};
    usher_allocator alloc = kit_allocator(&memory);
    size_t refused = 0;

    (void)state;
    for (size_t s = 0; s < 2; s++)
        for (size_t n = 0;; n++) {
            usher_keyring *k;

            *sources[s] = (kit_alloc){.fail_at = n, .live = sources[s]->live};
            usher_status rc = new_ring(&k, &alloc, &usher_profile_authjs_5, two);
            bool failed = sources[s]->failed;
            sources[s]->fail_at = SIZE_MAX;
            assert_true(rc == USHER_OK || rc == USHER_E_NOMEM || (s == 1 && rc == USHER_E_CRYPTO));
            assert_true((k == NULL) == (rc != USHER_OK));
            refused += rc != USHER_OK;
            usher_keyring_free(k);
            assert_int_equal(memory.live, 0);
            if (!failed) {
                assert_ok(rc);
                break;
            }
        }
    assert_true(refused > 10);
}

/* Ours and libcrypto's, each refused in turn. */
static void test_every_allocation_may_fail(void **state)
{
    kit_alloc memory = {.fail_at = SIZE_MAX}, *const sources[] = {&memory, &kit_crypto};
    usher_allocator alloc = kit_allocator(&memory);
    size_t refused = 0;

    (void)state;
    for (size_t s = 0; s < 2; s++)
        for (size_t n = 0;; n++) {
            usher_keyring keys;

            *sources[s] = (kit_alloc){.fail_at = n, .live = sources[s]->live};
            usher_status rc = rig_ring(&keys, &alloc, &usher_profile_authjs_5, two);
            bool failed = sources[s]->failed;
            sources[s]->fail_at = SIZE_MAX;
            if (!failed) {
                assert_ok(rc);
                usher_keyring_deinit(&keys, &alloc);
                break;
            }
            if (rc) {
                /* libcrypto does not always say that it was memory */
                assert_true(rc == USHER_E_NOMEM || (s == 1 && rc == USHER_E_CRYPTO));
                refused++;
            } else {
                usher_keyring_deinit(&keys, &alloc); /* libcrypto did without */
            }
            assert_int_equal(memory.live, 0);
        }
    assert_true(refused > 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_keys_of_the_originals),
        cmocka_unit_test(test_kids_and_headers),
        cmocka_unit_test(test_an_empty_salt),
        cmocka_unit_test(test_purposes_without_salt_have_no_key),
        cmocka_unit_test(test_every_key_differs),
        cmocka_unit_test(test_csrf_secret),
        cmocka_unit_test(test_settings_that_are_refused),
        cmocka_unit_test(test_deinit_wipes),
        cmocka_unit_test(test_a_new_ring_is_the_same_ring),
        cmocka_unit_test(test_keys_and_secrets_are_in_the_pages),
        cmocka_unit_test(test_nobody_writes_to_a_new_ring),
        cmocka_unit_test(test_no_key_is_in_a_core_file),
        cmocka_unit_test(test_a_new_ring_that_is_refused),
        cmocka_unit_test(test_counting),
        cmocka_unit_test(test_shards_are_used_evenly),
        cmocka_unit_test(test_a_ring_in_our_memory_counts_nothing),
        cmocka_unit_test(test_every_allocation_of_a_new_ring_may_fail),
        cmocka_unit_test(test_every_allocation_may_fail),
    };

    kit_crypto_install();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
