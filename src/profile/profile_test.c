#include "profile/profile.h"
#include "tests/kit/kit.h"

/* A profile is another system's wire format: nothing in it may change by accident. Every value is
 * written here a second time, as the specification has it. */
typedef struct cookie_row {
    usher_cookie_kind kind;
    const char *name, *secure_name;
    int64_t max_age_s;
} cookie_row;

typedef struct failure_row {
    usher_failure failure;
    usher_page page;
    const char *code;
} failure_row;

static void check_cookies(const usher_profile *p, const cookie_row rows[USHER_COOKIE_KINDS])
{
    bool readable = p == &usher_profile_robojs;

    for (size_t i = 0; i < USHER_COOKIE_KINDS; i++) {
        assert_int_equal(rows[i].kind, i);
        assert_int_equal(p->cookies[i].script_readable, readable && i == USHER_COOKIE_CALLBACK_URL);
        assert_str(p->cookies[i].name, rows[i].name);
        assert_str(p->cookies[i].secure_name, rows[i].secure_name);
        assert_int_equal(p->cookies[i].max_age_s, rows[i].max_age_s);
    }
}

static void check_failures(const usher_profile *p, const failure_row rows[USHER_FAILURES])
{
    for (size_t i = 0; i < USHER_FAILURES; i++) {
        assert_int_equal(rows[i].failure, i);
        assert_int_equal(p->failures[i].page, rows[i].page);
        assert_str(p->failures[i].code, rows[i].code);
    }
}

static void check_authjs(const usher_profile *p)
{
    assert_str(p->base_path, "/api/auth");
    assert_str(p->sign_in_path, "/signin");
    assert_str(p->return_param, "callbackUrl");
    assert_false(p->return_path_only || p->keeps_bad_cookies || p->one_key || p->auth0);
}

static void check_lifetimes(const usher_profile *p)
{
    check_authjs(p);
    assert_int_equal(p->session_max_age_s, 30 * 24 * 3600);
    assert_int_equal(p->check_max_age_s, 15 * 60);
    assert_int_equal(p->update_age_s, 24 * 3600);
    assert_int_equal(p->tolerance_s, 15);
}

static void test_nextauth_4(void **state)
{
    static const cookie_row cookies[USHER_COOKIE_KINDS] = {
        {USHER_COOKIE_SESSION, "next-auth.session-token", "__Secure-next-auth.session-token", 0},
        {USHER_COOKIE_CALLBACK_URL, "next-auth.callback-url", "__Secure-next-auth.callback-url", 0},
        {USHER_COOKIE_CSRF, "next-auth.csrf-token", "__Host-next-auth.csrf-token", 0},
        {USHER_COOKIE_PKCE, "next-auth.pkce.code_verifier", "__Secure-next-auth.pkce.code_verifier",
         900},
        {USHER_COOKIE_STATE, "next-auth.state", "__Secure-next-auth.state", 900},
        {USHER_COOKIE_NONCE, "next-auth.nonce", "__Secure-next-auth.nonce", 0},
    };
    static const failure_row failures[USHER_FAILURES] = {
        {USHER_FAIL_CONFIGURATION, USHER_PAGE_ERROR, "Configuration"},
        {USHER_FAIL_CSRF_SIGN_IN, USHER_PAGE_SIGN_IN, ""},
        {USHER_FAIL_CSRF_SIGN_OUT, USHER_PAGE_SIGN_OUT, ""},
        {USHER_FAIL_START, USHER_PAGE_ERROR, "OAuthSignin"},
        {USHER_FAIL_CHECK, USHER_PAGE_ERROR, "OAuthCallback"},
        {USHER_FAIL_PROVIDER, USHER_PAGE_ERROR, "Callback"},
        {USHER_FAIL_CALLBACK, USHER_PAGE_ERROR, "OAuthCallback"},
        {USHER_FAIL_DENIED, USHER_PAGE_ERROR, "AccessDenied"},
        {USHER_FAIL_CREDENTIALS, USHER_PAGE_ERROR, "CredentialsSignin"},
        {USHER_FAIL_NOT_LINKED, USHER_PAGE_ERROR, "OAuthAccountNotLinked"},
    };
    const usher_profile *p = &usher_profile_nextauth_4;

    assert_true(p->linked_is_new && !p->row_in_session);
    (void)state;
    assert_str(p->name, "nextauth-4");
    assert_int_equal(p->enc, USHER_A256GCM);
    assert_false(p->also_gcm);
    assert_false(p->kid);
    assert_false(p->session_salted);
    assert_str(p->info, "NextAuth.js Generated Encryption Key");
    assert_str(p->state_param_salt, "");
    check_cookies(p, cookies);
    assert_int_equal(p->dialect, USHER_COOKIE_PACKAGE);
    assert_int_equal(p->chunk_max, 3933);
    assert_false(p->nonce_has_max_age);
    assert_false(p->chunks_ignore_empty);
    assert_false(p->chunk_dot_is_zero);
    check_lifetimes(p);
    assert_false(p->secret_list);
    assert_int_equal(p->json_redirect, USHER_JSON_BY_FIELD);
    assert_str(p->no_session, "{}");
    assert_false(p->strict_paths);
    assert_true(p->json_status);
    check_failures(p, failures);
    assert_true(p->checks_state_default);
    assert_false(p->checks_nonce_default);
    assert_true(p->provider_error_first);
    assert_false(p->custom_pages_direct);
    assert_true(p->error_case_free);
    assert_true(p->error_to_sign_in);
    assert_true(p->failure_keeps_cookies);
    assert_true(p->log_endpoint);
    assert_false(p->user_id_uuid);
    assert_str(p->oidc_type, "oauth");
}

static void test_authjs_5(void **state)
{
    static const cookie_row cookies[USHER_COOKIE_KINDS] = {
        {USHER_COOKIE_SESSION, "authjs.session-token", "__Secure-authjs.session-token", 0},
        {USHER_COOKIE_CALLBACK_URL, "authjs.callback-url", "__Secure-authjs.callback-url", 0},
        {USHER_COOKIE_CSRF, "authjs.csrf-token", "__Host-authjs.csrf-token", 0},
        {USHER_COOKIE_PKCE, "authjs.pkce.code_verifier", "__Secure-authjs.pkce.code_verifier", 900},
        {USHER_COOKIE_STATE, "authjs.state", "__Secure-authjs.state", 900},
        {USHER_COOKIE_NONCE, "authjs.nonce", "__Secure-authjs.nonce", 0},
    };
    static const failure_row failures[USHER_FAILURES] = {
        {USHER_FAIL_CONFIGURATION, USHER_PAGE_ERROR, "Configuration"},
        {USHER_FAIL_CSRF_SIGN_IN, USHER_PAGE_SIGN_IN, "MissingCSRF"},
        {USHER_FAIL_CSRF_SIGN_OUT, USHER_PAGE_SIGN_IN, "MissingCSRF"},
        {USHER_FAIL_START, USHER_PAGE_ERROR, "Configuration"},
        {USHER_FAIL_CHECK, USHER_PAGE_ERROR, "Configuration"},
        {USHER_FAIL_PROVIDER, USHER_PAGE_SIGN_IN, "OAuthCallbackError"},
        {USHER_FAIL_CALLBACK, USHER_PAGE_ERROR, "Configuration"},
        {USHER_FAIL_DENIED, USHER_PAGE_ERROR, "AccessDenied"},
        {USHER_FAIL_CREDENTIALS, USHER_PAGE_SIGN_IN, "CredentialsSignin"},
        {USHER_FAIL_NOT_LINKED, USHER_PAGE_SIGN_IN, "OAuthAccountNotLinked"},
    };
    const usher_profile *p = &usher_profile_authjs_5;

    assert_true(!p->linked_is_new && p->row_in_session);
    (void)state;
    assert_str(p->name, "authjs-5");
    assert_int_equal(p->enc, USHER_A256CBC_HS512);
    assert_true(p->also_gcm);
    assert_true(p->kid);
    assert_true(p->session_salted);
    assert_str(p->info, "Auth.js Generated Encryption Key");
    assert_str(p->state_param_salt, "encodedState");
    check_cookies(p, cookies);
    assert_int_equal(p->dialect, USHER_COOKIE_AUTHJS);
    assert_int_equal(p->chunk_max, 3936);
    assert_false(p->nonce_has_max_age);
    assert_true(p->chunks_ignore_empty);
    assert_true(p->chunk_dot_is_zero);
    check_lifetimes(p);
    assert_true(p->secret_list);
    assert_int_equal(p->json_redirect, USHER_JSON_BY_HEADER);
    assert_str(p->no_session, "null");
    assert_true(p->strict_paths);
    assert_false(p->json_status);
    check_failures(p, failures);
    assert_false(p->checks_state_default);
    assert_false(p->checks_nonce_default);
    assert_false(p->provider_error_first);
    assert_true(p->custom_pages_direct);
    assert_false(p->error_case_free);
    assert_false(p->error_to_sign_in);
    assert_false(p->failure_keeps_cookies);
    assert_false(p->log_endpoint);
    assert_true(p->user_id_uuid);
    assert_str(p->oidc_type, "oidc");
}

static void test_robojs(void **state)
{
    static const cookie_row cookies[USHER_COOKIE_KINDS] = {
        {USHER_COOKIE_SESSION, "authjs.session-token", "authjs.session-token", 0},
        {USHER_COOKIE_CALLBACK_URL, "authjs.callback-url", "authjs.callback-url", 0},
        {USHER_COOKIE_CSRF, "authjs.csrf-token", "authjs.csrf-token", 0},
        {USHER_COOKIE_PKCE, "authjs.pkce.code_verifier", "authjs.pkce.code_verifier", 900},
        {USHER_COOKIE_STATE, "authjs.state", "authjs.state", 900},
        {USHER_COOKIE_NONCE, "authjs.nonce", "authjs.nonce", 0},
    };
    static const failure_row failures[USHER_FAILURES] = {
        {USHER_FAIL_CONFIGURATION, USHER_PAGE_ERROR, "Configuration"},
        {USHER_FAIL_CSRF_SIGN_IN, USHER_PAGE_SIGN_IN, "MissingCSRF"},
        {USHER_FAIL_CSRF_SIGN_OUT, USHER_PAGE_SIGN_IN, "MissingCSRF"},
        {USHER_FAIL_START, USHER_PAGE_ERROR, "Configuration"},
        {USHER_FAIL_CHECK, USHER_PAGE_ERROR, "Configuration"},
        {USHER_FAIL_PROVIDER, USHER_PAGE_SIGN_IN, "OAuthCallbackError"},
        {USHER_FAIL_CALLBACK, USHER_PAGE_ERROR, "Configuration"},
        {USHER_FAIL_DENIED, USHER_PAGE_ERROR, "AccessDenied"},
        {USHER_FAIL_CREDENTIALS, USHER_PAGE_SIGN_IN, "CredentialsSignin"},
        {USHER_FAIL_NOT_LINKED, USHER_PAGE_SIGN_IN, "OAuthAccountNotLinked"},
    };
    const usher_profile *p = &usher_profile_robojs;

    assert_true(!p->linked_is_new && p->row_in_session);
    (void)state;
    assert_str(p->name, "robojs");
    assert_int_equal(p->enc, USHER_A256CBC_HS512);
    assert_true(p->also_gcm);
    assert_true(p->kid);
    assert_true(p->session_salted);
    assert_str(p->info, "Auth.js Generated Encryption Key");
    assert_str(p->state_param_salt, "encodedState");
    check_cookies(p, cookies);
    assert_int_equal(p->dialect, USHER_COOKIE_AUTHJS);
    assert_int_equal(p->chunk_max, 3936);
    assert_false(p->nonce_has_max_age);
    assert_true(p->chunks_ignore_empty);
    assert_true(p->chunk_dot_is_zero);
    check_lifetimes(p);
    assert_false(p->secret_list);
    assert_int_equal(p->json_redirect, USHER_JSON_BY_HEADER);
    assert_str(p->no_session, "null");
    assert_true(p->strict_paths);
    assert_false(p->json_status);
    check_failures(p, failures);
    assert_false(p->checks_state_default);
    assert_false(p->checks_nonce_default);
    assert_false(p->provider_error_first);
    assert_true(p->custom_pages_direct);
    assert_false(p->error_case_free);
    assert_false(p->error_to_sign_in);
    assert_false(p->failure_keeps_cookies);
    assert_false(p->log_endpoint);
    assert_true(p->user_id_uuid);
    assert_str(p->oidc_type, "oidc");
}

static void test_auth0_4(void **state)
{
    const usher_profile *p = &usher_profile_auth0_4;
    const usher_auth0_names *n = p->auth0;

    (void)state;
    assert_str(p->name, "auth0-4");
    assert_int_equal(p->enc, USHER_A256GCM);
    assert_false(p->also_gcm);
    assert_false(p->kid);
    assert_false(p->session_salted);
    assert_str(p->info, "JWE CEK");
    assert_true(p->one_key);
    assert_true(p->header_enc_first);
    assert_str(p->cookies[USHER_COOKIE_SESSION].name, "__session");
    assert_str(p->cookies[USHER_COOKIE_SESSION].secure_name, "__session");
    assert_int_equal(p->dialect, USHER_COOKIE_NEXT_EDGE);
    assert_int_equal(p->chunk_max, 3500);
    assert_int_equal(p->session_max_age_s, 3 * 24 * 3600);
    assert_int_equal(p->check_max_age_s, 3600);
    assert_int_equal(p->tolerance_s, 15);
    assert_false(p->secret_list);
    assert_str(n->signing_info, "JWS Cookie Signing");
    assert_str(n->chunk, "__");
    assert_str(n->legacy_chunk, ".");
    assert_str(n->legacy_session, "appSession");
    assert_str(n->connection_prefix, "__FC_");
    assert_str(n->transaction_prefix, "__txn_");
    assert_int_equal(n->absolute_s, 3 * 24 * 3600);
    assert_int_equal(n->inactivity_s, 24 * 3600);
    assert_int_equal(n->transaction_max_age_s, 3600);
    assert_int_equal(n->ceiling_margin_s, 30);
    assert_int_equal(n->transactions_max, 3500);
    assert_int_equal(n->return_to_max, 2048);
    assert_int_equal(n->swept_chunks, 5);
    assert_int_equal(n->id_token_skew_s, 30);
    assert_str(n->provider, "auth0");
    assert_str(n->scope, "openid profile email offline_access");
    assert_str(n->cache_control, "private, no-cache, no-store, must-revalidate, max-age=0");
    assert_int_equal(p->routes, USHER_ROUTES_AUTH0);
    assert_int_equal(usher_profile_authjs_5.routes, USHER_ROUTES_AUTHJS);
    assert_int_equal(usher_profile_nextauth_4.routes, USHER_ROUTES_AUTHJS);
    assert_int_equal(usher_profile_robojs.routes, USHER_ROUTES_AUTHJS);
    assert_true(p->base_path_below && p->checks_state_default && p->checks_nonce_default);
    assert_null(usher_profile_nextauth_4.auth0);
    assert_null(usher_profile_authjs_5.auth0);
    assert_false(usher_profile_nextauth_4.one_key || usher_profile_authjs_5.one_key);
    assert_str(p->base_path, "/auth");
    assert_str(p->sign_in_path, "/login");
    assert_str(p->return_param, "returnTo");
    assert_true(p->return_path_only);
    assert_true(p->keeps_bad_cookies);
    assert_null(usher_profile_robojs.auth0);
    assert_int_equal(p->update_age_s, 300);
}

static void test_lookup(void **state)
{
    (void)state;
    assert_ptr_equal(usher_profile_by_name(USHER_STR("nextauth-4")), &usher_profile_nextauth_4);
    assert_ptr_equal(usher_profile_by_name(USHER_STR("authjs-5")), &usher_profile_authjs_5);
    assert_null(usher_profile_by_name(USHER_STR("authjs-55")));
    assert_null(usher_profile_by_name(USHER_STR("authjs")));
    assert_null(usher_profile_by_name((usher_str){0}));
    for (size_t i = 0; usher_profile_at(i); i++)
        assert_ptr_equal(usher_profile_by_name(usher_profile_at(i)->name), usher_profile_at(i));
    assert_ptr_equal(usher_profile_by_name(USHER_STR("auth0-4")), &usher_profile_auth0_4);
    assert_ptr_equal(usher_profile_by_name(USHER_STR("robojs")), &usher_profile_robojs);
    assert_non_null(usher_profile_at(3));
    assert_null(usher_profile_at(4));
    assert_null(usher_profile_at(SIZE_MAX));
}

static void test_cookie_of_a_purpose(void **state)
{
    (void)state;
    assert_int_equal(usher_profile_cookie_of(USHER_FOR_SESSION), USHER_COOKIE_SESSION);
    assert_int_equal(usher_profile_cookie_of(USHER_FOR_STATE), USHER_COOKIE_STATE);
    assert_int_equal(usher_profile_cookie_of(USHER_FOR_PKCE), USHER_COOKIE_PKCE);
    assert_int_equal(usher_profile_cookie_of(USHER_FOR_NONCE), USHER_COOKIE_NONCE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nextauth_4), cmocka_unit_test(test_authjs_5),
        cmocka_unit_test(test_robojs),     cmocka_unit_test(test_auth0_4),
        cmocka_unit_test(test_lookup),     cmocka_unit_test(test_cookie_of_a_purpose),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
