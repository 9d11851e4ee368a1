#include "site/weak.h"

#include "base/str.h"

/* Compared without case and surrounding white space. What is shorter than 32 bytes is refused
 * anyway; such a line is for development, where the length is only a warning. */
static const char *const samples[] = {
    /* what people type */
    "secret",
    "secrets",
    "mysecret",
    "my-secret",
    "my_secret",
    "supersecret",
    "super-secret",
    "super_secret",
    "super secret",
    "topsecret",
    "top-secret",
    "thisisasecret",
    "this-is-a-secret",
    "this is a secret",
    "shhh",
    "shhhhh",
    "keyboard cat",
    "correct horse battery staple",
    "correcthorsebatterystaple",
    "password",
    "passw0rd",
    "password123",
    "p@ssw0rd",
    "letmein",
    "qwerty",
    "qwertyuiop",
    "qwertyuiopasdfghjklzxcvbnm",
    "qwertyuiopasdfghjklzxcvbnm123456",
    "admin",
    "test",
    "testing",
    "test-secret",
    "testsecret",
    "dev",
    "dev-secret",
    "development",
    "development-secret",
    "local",
    "foo",
    "foobar",
    "hello",
    "hello world",
    "undefined",
    "null",
    "none",
    "default",
    "nextauth",
    "next-auth",
    "authjs",
    "auth-secret",
    "nextauth_secret",
    "nextauth-secret",
    "jwt-secret",
    "jwtsecret",
    "session-secret",
    /* counting */
    "0123456789",
    "1234567890",
    "12345678901234567890123456789012",
    "01234567890123456789012345678901",
    "0123456789abcdef0123456789abcdef",
    "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
    "00112233445566778899aabbccddeeff",
    "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f",
    "abcdefghijklmnopqrstuvwxyz",
    "abcdefghijklmnopqrstuvwxyz012345",
    "abcdefghijklmnopqrstuvwxyz123456",
    "abcdefghijklmnopqrstuvwxyz0123456789",
    "abcdefghijklmnopqrstuvwxyz1234567890",
    /* instructions that were copied instead of followed */
    "openssl rand -hex 32",
    "openssl rand -base64 32",
    "openssl rand -base64 33",
    "`openssl rand -hex 32`",
    "use [openssl rand -hex 32] to generate a 32 bytes value",
    "a long, randomly-generated string stored in env",
    "a-long-randomly-generated-string",
    "at-least-32-characters-long-secret",
    "at least 32 characters long",
    "complex_password_at_least_32_characters_long",
    "this-is-a-very-long-secret-key-of-32-characters",
    "a_very_long_secret_that_nobody_can_guess",
    "a-very-secret-key-that-is-32-bytes!!",
    "this is a super secret key that no one will ever guess",
    /* as documentation of the originals, of JOSE libraries and of RFC 7515 prints them */
    "this is an example",
    "long_random_value",
    "a-string-secret-at-least-256-bits-long",
    "cc7e0d44fd473002f1c42167459001140ec6389b7353f8088f4d9a95f2f596f2",
    "zh4nrp1hmalxxcfnrzabfa7gojtzu_gij02alfl1lvi",
    "aym1syspppbyfgzld3umj1qzkobwvmkoqq-estjqlr_t-1qs0gzh75aktmn3yj0ips4hcguutwjazzr1z9caow",
    /* digests of nothing, "secret", "password", "test", "changeme" and "admin" */
    "d41d8cd98f00b204e9800998ecf8427e",
    "5ebe2294ecd0e0f08eab7690d2a6ee69",
    "5f4dcc3b5aa765d61d8327deb882cf99",
    "098f6bcd4621d373cade4e832627b4f6",
    "4cb9c8a8048fd02294477fcb1a41191a",
    "21232f297a57a5a743894a0e4a801fc3",
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "2bb80d537b1da3e38bd30361aa855686bde0eacd7162fef6a25fe97bf527a25b",
    "5e884898da28047151d0e56f8dc6292773603d0d6aabbdd62a11ef721d1542d8",
    "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "057ba03d6c44104863dc7361fe4578965d1887360f90a0895882e58a6248fc86",
    "8c6976e5b5410415bde908bd4dee15dfb167a9c873fc4bb8a81f6f2ab448a918",
    "47deqpj8hbsa+/timw+5jceuqerkm5nmpjwzg3hsufu=",
    "k7gnu3sdo+ol0wnhqovwhr3g6s1xyv72ol/pe/unols=",
    "xohimnoobhfr0ovvjcypj3ngpq1qq73wkhhvch0vqtg=",
    "n4bqgyhmfwwal+qgxvrqfao/txsrc4is0v1sfbdwcgg=",
    "bxugpwxeeehj3hnh/kv4ll0yhzypkkcjwillimji/iy=",
    "jgl25bvbbbw96qi9te4v37fnqchz/eu4qb9vkrriqrg=",
    /* test vectors of this project and of the systems it works with */
    "public-test-secret-do-not-use-0123456789",
    "another-public-test-secret-9876543210",
    "the-secret-that-was-rotated-out-5555",
    "long-secret.long-secret.long-secret.long-secret.long-secret.long",
    "пароль-🔐-clé-秘密",
    /* our own documentation */
    "m4hn0cxrt7uzk2qe9wlbvy5sjd8pga1fri6octnxe3u",
    "tb9skf2lwyp7vhxj4nqzd1mrce6auo8gsiw3xtuj5km",
};

/* Parts of what stands where a secret should be put. */
static const char *const placeholders[] = {
    "changeme",         "change-me",        "change_me",      "change this",    "changethis",
    "change-this",      "change_this",      "replaceme",      "replace-me",     "replace_me",
    "replace-with",     "replace_with",     "replace this",   "replace-this",   "your-secret",
    "your_secret",      "yoursecret",       "your-nextauth",  "your-auth",      "your_auth",
    "insert-secret",    "insert_secret",    "placeholder",    "do-not-use",     "donotuse",
    "example-key",      "example_key",      "example-secret", "example_secret", "sample-secret",
    "sample_secret",    "not-a-secret",     "notasecret",     "<secret>",       "secret-here",
    "secret_here",      "super-secret",     "super_secret",   "supersecret",    "random-secret",
    "random_secret",    "random-string",    "random_string",  "random_value",   "random-value",
    "generated-secret", "generated_secret", "generate-a-",    "generate_a_",    "generate-with",
    "at-least-32",      "at_least_32",      "at least 32",    "minimum-32",     "minimum_32",
    "32-char",          "32_char",          "32 char",        "32-byte",        "32_byte",
    "32 byte",          "256-bit",          "256_bit",        "256 bit",        "openssl rand",
    "openssl-rand",     "openssl_rand",     "auth_secret",    "auth-secret",    "auth0_secret",
    "jwt_secret",       "jwt-secret",       "session_secret", "session-secret", "process.env",
};

/* What stands before a name that somebody else was to fill in, or that a shell did not. */
static const char *const openings[] = {"your-", "your_", "your ", "<your", "${", "$(", "{{"};

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
}

static bool contains_without_case(usher_str text, usher_str part)
{
    for (size_t i = 0; part.len <= text.len && i <= text.len - part.len; i++) {
        size_t same = 0;
        while (same < part.len && lower(text.ptr[i + same]) == part.ptr[same])
            same++;
        if (same == part.len) return true;
    }
    return false;
}

static bool is_sample(usher_str secret)
{
    for (size_t i = 0; i < sizeof samples / sizeof *samples; i++)
        if (usher_str_eq_case(secret, usher_str_z(samples[i]))) return true;
    return false;
}

static bool is_placeholder(usher_str secret)
{
    for (size_t i = 0; i < sizeof placeholders / sizeof *placeholders; i++)
        if (contains_without_case(secret, usher_str_z(placeholders[i]))) return true;
    for (size_t i = 0; i < sizeof openings / sizeof *openings; i++) {
        usher_str opening = usher_str_z(openings[i]);

        if (contains_without_case(
                usher_str_of(secret.ptr, opening.len < secret.len ? opening.len : secret.len),
                opening))
            return true;
    }
    return false;
}

/* "abcabcabc…": the text is its own beginning, shifted by at most half of it. A random text of 32
 * bytes or more never is. */
static bool is_repeated(usher_str s)
{
    for (size_t period = 1; period <= s.len / 2; period++)
        if (usher_str_eq(usher_str_of(s.ptr, s.len - period), usher_str_from(s, period)))
            return true;
    return false;
}

/* 32 random decimal digits have fewer than 7 different ones once in 60000 secrets, hexadecimal ones
 * once in 5·10^9. */
static bool has_few_characters(usher_str s)
{
    bool seen[256] = {false};
    size_t different = 0;

    for (size_t i = 0; i < s.len; i++) {
        different += !seen[(unsigned char)s.ptr[i]];
        seen[(unsigned char)s.ptr[i]] = true;
    }
    return different < 7;
}

const char *usher_secret_weakness(usher_str secret)
{
    usher_str s = usher_str_trim(secret);

    if (is_sample(s)) return "is a known sample";
    if (is_placeholder(s)) return "is a placeholder";
    if (secret.len < USHER_SECRET_MIN) return "is shorter than 32 bytes";
    if (is_repeated(s) || has_few_characters(s)) return "repeats a few characters";
    return NULL;
}

const char *usher_secret_sample(size_t index)
{
    return index < sizeof samples / sizeof *samples ? samples[index] : NULL;
}
