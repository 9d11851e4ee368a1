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
    /* test vectors of this project and of the systems it works with */
    "public-test-secret-do-not-use-0123456789",
    "another-public-test-secret-9876543210",
    "the-secret-that-was-rotated-out-5555",
    "long-secret.long-secret.long-secret.long-secret.long-secret.long",
    "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "пароль-🔐-clé-秘密",
    /* our own documentation */
    "m4hn0cxrt7uzk2qe9wlbvy5sjd8pga1fri6octnxe3u",
    "tb9skf2lwyp7vhxj4nqzd1mrce6auo8gsiw3xtuj5km",
};

/* Parts of what stands where a secret should be put. */
static const char *const placeholders[] = {
    "changeme",    "change-me",   "change_me",      "change this",   "changethis",   "change-this",
    "replaceme",   "replace-me",  "replace_me",     "replace-with",  "replace_with", "your-secret",
    "your_secret", "yoursecret",  "your-nextauth",  "insert-secret", "placeholder",  "do-not-use",
    "donotuse",    "example-key", "example-secret", "sample-secret", "not-a-secret", "notasecret",
    "<secret>",    "secret-here", "secret_here",
};

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
