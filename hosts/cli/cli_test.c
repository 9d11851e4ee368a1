/* The commands, run in this process with streams, clock and environment of the test's own. */
#include <sys/mman.h>
#include <unistd.h>

#include "base/str.h"
#include "hosts/cli/commands.h"
#include "tests/kit/kit.h"

#define SECRET "a secret for tests, thirty-two bytes long"
#define NOW    INT64_C(1767225600)

typedef struct ran {
    cli_exit code;
    char *out, *err;
    size_t out_len, err_len;
} ran;

static const char *test_env(void *ctx, const char *name)
{
    return strcmp(name, "AUTH_SECRET") == 0 ? ctx : NULL;
}

/* `words` is a list with NULL at its end. */
static ran run_in(const usher_allocator *alloc, const char *secret, const char *input,
                  const char *const *words)
{
    union {
        const char *const *in;
        char *const *argv;
    } u = {.in = words};
    union {
        const char *in;
        char *text;
        void *out;
    } text = {.in = input}, env = {.in = secret};
    kit_random random = {.seed = 5, .fail_at = SIZE_MAX};
    ran r = {0};
    int argc = 0;

    while (words[argc])
        argc++;
    cli c = {
        .in = *input ? fmemopen(text.text, strlen(input), "r") : fopen("/dev/null", "r"),
        .out = open_memstream(&r.out, &r.out_len),
        .err = open_memstream(&r.err, &r.err_len),
        .getenv = test_env,
        .env_ctx = env.out,
        .now_s = NOW,
        .entropy = kit_entropy(&random),
        .alloc = alloc,
    };
    assert_true(c.in && c.out && c.err);
    r.code = cli_run(&c, argc, u.argv);
    fclose(c.in);
    fclose(c.out);
    fclose(c.err);
    return r;
}

static ran run_with(const char *secret, const char *input, const char *const *words)
{
    return run_in(usher_allocator_default(), secret, input, words);
}

#define RUN(input, ...) run_with(SECRET, (input), (const char *const[]){"usher", __VA_ARGS__, NULL})

static void done(ran *r)
{
    free(r->out);
    free(r->err);
    *r = (ran){0};
}

static void expect(ran r, cli_exit code, const char *out, const char *err)
{
    if (r.code != code || (out && !strstr(r.out, out)) || (err && !strstr(r.err, err)))
        fail_msg("exit %d, output:\n%s\nerrors:\n%s", (int)r.code, r.out, r.err);
    if (!err && r.err_len) fail_msg("unexpected: %s", r.err);
    done(&r);
}

static void test_words(void **state)
{
    (void)state;
    expect(run_with(SECRET, "", (const char *const[]){"usher", NULL}), CLI_USAGE, NULL, "usage:");
    expect(RUN("", "--help"), CLI_OK, "inspect   open a session", NULL);
    expect(RUN("", "-h"), CLI_OK, "usage:", NULL);
    expect(RUN("", "--version"), CLI_OK, "usher 0.", NULL);
    expect(RUN("", "version"), CLI_OK, "usher 0.", NULL);
    expect(RUN("", "version", "extra"), CLI_USAGE, NULL, "one word too many: extra");
    expect(RUN("", "what"), CLI_USAGE, NULL, "no such command: what");
    expect(RUN("", "wh\x1b[31mat"), CLI_USAGE, NULL, "no such command: wh?[31mat");
    expect(RUN("", "inspect", "--wat"), CLI_USAGE, NULL, "no such option: --wat");
    expect(RUN("", "inspect", "--profile"), CLI_USAGE, NULL, "an option wants a value: --profile");
    expect(RUN("", "secret", "--profile", "x"), CLI_USAGE, NULL, "no such option");
    expect(RUN("", "check"), CLI_USAGE, NULL, "check wants a settings file");
    expect(RUN("", "vectors"), CLI_USAGE, NULL, "vectors wants files");
}

static void test_doctor(void **state)
{
    (void)state;
    static const char weak[] = "short";
    ran r = RUN("", "doctor");

    assert_int_equal(r.code, CLI_OK);
    assert_non_null(strstr(r.out, "libcrypto      OpenSSL 3"));
    assert_non_null(strstr(r.out, "locked memory"));
    assert_null(strstr(r.out, SECRET)); /* named, not shown */
    done(&r);
    expect(run_with(weak, "", (const char *const[]){"usher", "doctor", NULL}), CLI_NEGATIVE,
           "BAD  AUTH_SECRET    is shorter than 32 bytes", NULL);
    expect(run_with(NULL, "", (const char *const[]){"usher", "doctor", NULL}), CLI_OK,
           "no secret is set", NULL);
    expect(RUN("", "doctor", "/nonexistent/usher.yaml"), CLI_USAGE, "libcrypto", "");
    expect(RUN("", "doctor", "a", "b"), CLI_USAGE, NULL, "one word too many");
}

/* Every command explains itself, and the manual page has them all, with every option. */
static void test_help_and_manual(void **state)
{
    ran man = RUN("", "help", "--man");

    (void)state;
    assert_int_equal(man.code, CLI_OK);
    assert_true(usher_str_starts(usher_str_z(man.out), USHER_STR(".TH USHER 1")));
    for (size_t i = 0; cli_command_at(i); i++) {
        const cli_command *cmd = cli_command_at(i);
        char heading[64];

        snprintf(heading, sizeof heading, ".SS usher %s", cmd->name);
        assert_non_null(strstr(man.out, heading));
        expect(RUN("", cmd->name, "--help"), CLI_OK, cmd->summary, NULL);
        expect(RUN("", "help", cmd->name), CLI_OK, cmd->summary, NULL);
        for (const cli_option_id *o = cmd->options; *o != OPT_COUNT; o++)
            expect(RUN("", "help", cmd->name), CLI_OK, cli_options[*o].name, NULL);
    }
    for (const char *line = man.out; line; line = strchr(line + 1, '\n')) {
        assert_true(line[0] != '\n' || line[1] != '\''); /* no text taken for a request */
        assert_null(strstr(line, "\n\n"));
    }
    done(&man);
    expect(RUN("", "help", "nothing"), CLI_USAGE, NULL, "no such command: nothing");
}

static void test_secret(void **state)
{
    ran r = RUN("", "secret");

    (void)state;
    assert_int_equal(r.code, CLI_OK);
    assert_int_equal(r.out_len, 43 + 1); /* 32 bytes in base64url, and a line end */
    done(&r);
    r = RUN("", "secret", "--bytes", "64");
    assert_int_equal(r.out_len, 86 + 1);
    done(&r);
    expect(RUN("", "secret", "--bytes", "31"), CLI_USAGE, NULL, "from 32 to 1024");
    expect(RUN("", "secret", "--bytes", "1025"), CLI_USAGE, NULL, "from 32 to 1024");
    expect(RUN("", "secret", "--bytes", "x"), CLI_USAGE, NULL, "whole number");
    expect(RUN("", "secret", "--bytes", "-64"), CLI_USAGE, NULL, "from 32 to 1024");
}

/* A terminal that shows what somebody pasted does as it likes: no control reaches it, whatever its
 * spelling, and JSON still says the same. */
static void test_controls_in_claims(void **state)
{
    (void)state;
    ran token = RUN("", "mint", "--profile", "nextauth-4", "--sub", "7", "--claim",
                    "x=\"a\x7f\xc2\x9b"
                    "31m\"",
                    "--claim", "y=[1,\t\r2]");
    assert_int_equal(token.code, CLI_OK);
    ran people = RUN(token.out, "inspect");
    assert_non_null(strstr(people.out, "x: \"a??31m\""));
    ran json = RUN(token.out, "inspect", "--json");
    assert_non_null(strstr(json.out, "\"x\":\"a\\u007f\\u009b31m\""));
    for (size_t i = 0; i < json.out_len; i++)
        assert_true(((unsigned char)json.out[i] >= ' ' && (unsigned char)json.out[i] < 0x7f) ||
                    i + 1 == json.out_len);
    done(&token);
    done(&people);
    done(&json);
}

/* mint, then inspect in every spelling that a person may paste. */
static void test_round(void **state)
{
    static const char *const profiles[] = {"nextauth-4", "authjs-5"};
    static const char *const names[] = {"next-auth.session-token", "authjs.session-token"};

    (void)state;
    for (size_t p = 0; p < 2; p++) {
        char cookie[128];

        ran token = RUN("", "mint", "--profile", profiles[p], "--sub", "7", "--name", "Ada",
                        "--claim", "role=\"admin\"", "--claim", "access_token=\"gho_1\"");
        assert_int_equal(token.code, CLI_OK);
        expect(RUN(token.out, "inspect"), CLI_OK, "verdict   valid", NULL);
        expect(RUN(token.out, "inspect", "-"), CLI_OK, "          sub: \"7\"", NULL);
        expect(RUN(token.out, "inspect", "--json"), CLI_OK, "\"role\":\"admin\"", NULL);
        expect(RUN(token.out, "inspect"), CLI_OK, "access_token: \"(hidden, 7 characters)\"", NULL);
        expect(RUN(token.out, "inspect", "--show-secrets"), CLI_OK, "gho_1", NULL);
        expect(RUN(token.out, "inspect", "--profile", profiles[1 - p]), CLI_NEGATIVE, "rejected",
               NULL);
        expect(
            run_with("another secret", token.out, (const char *const[]){"usher", "inspect", NULL}),
            CLI_NEGATIVE, "does not authenticate", NULL);
        expect(RUN(token.out, "inspect", "--now", "1769817614"), CLI_OK, "valid", NULL);
        expect(RUN(token.out, "inspect", "--now", "1769817615"), CLI_NEGATIVE, "expired", NULL);
        done(&token);

        ran header = RUN("", "mint", "--profile", profiles[p], "--sub", "7", "--cookie");
        snprintf(cookie, sizeof cookie, "%s=ey", names[p]);
        assert_true(usher_str_starts(usher_str_z(header.out), usher_str_z(cookie)));
        expect(RUN(header.out, "inspect"), CLI_OK, profiles[p], NULL);
        done(&header);

        ran set = RUN("", "mint", "--profile", profiles[p], "--sub", "7", "--set-cookie",
                      "--secure", "--max-age", "60");
        snprintf(cookie, sizeof cookie, "Set-Cookie: __Secure-%s=ey", names[p]);
        assert_true(usher_str_starts(usher_str_z(set.out), usher_str_z(cookie)));
        assert_non_null(strstr(set.out,
                               "; Path=/; Expires=Thu, 01 Jan 2026 00:01:00 GMT; HttpOnly; "
                               "Secure; SameSite=Lax\n"));
        expect(RUN(set.out, "inspect"), CLI_OK, "__Secure-", NULL);
        expect(RUN(set.out, "inspect", "--insecure"), CLI_NEGATIVE, "none", NULL);
        done(&set);
    }
}

static void test_a_chunked_cookie(void **state)
{
    char claim[6000] = "blob=\"";
    (void)state;

    memset(claim + 6, 'x', 5000);
    memcpy(claim + 5006, "\"", 2);
    ran r = RUN("", "mint", "--profile", "authjs-5", "--sub", "7", "--claim", claim, "--cookie");
    assert_non_null(strstr(r.out, "; authjs.session-token.1="));
    expect(RUN(r.out, "inspect"), CLI_OK, "in 2 pieces", NULL);
    done(&r);
}

/* Authentic, but not a session: the claims are shown, the answer is no. */
static void test_no_session(void **state)
{
    (void)state;
    expect(RUN("", "inspect"), CLI_NEGATIVE, "verdict   none", NULL);
    expect(RUN("", "inspect", "garbage"), CLI_NEGATIVE, "verdict   rejected", NULL);
    expect(RUN("", "inspect", "a=b; c=d"), CLI_NEGATIVE, "verdict   none", NULL);
    ran r =
        RUN("{\"value\":\"v\",\"provider\":\"p\"}\n", "mint", "--lines", "--profile", "authjs-5");
    expect(RUN(r.out, "inspect", "--json"), CLI_NEGATIVE,
           "\"verdict\":\"rejected\",\"cause\":\"token_claims\",\"token\":\"valid\"", NULL);
    done(&r);
}

static void test_lines(void **state)
{
    ran r =
        RUN("{\"sub\":\"a\"}\n[]\n{\"sub\":\"b\"}", "mint", "--lines", "--profile", "nextauth-4");
    char *middle;

    (void)state;
    assert_int_equal(r.code, CLI_NEGATIVE);
    assert_non_null(strstr(r.err, "line 2: "));
    assert_non_null(middle = strstr(r.out, "\n\n")); /* an empty line keeps the count */
    ran lines = RUN(r.out, "inspect", "--lines", "--json");
    assert_int_equal(lines.code, CLI_NEGATIVE);
    size_t count = 0;
    for (const char *p = lines.out; (p = strchr(p, '\n')); p++)
        count++;
    assert_int_equal(count, 3);
    assert_non_null(strstr(lines.out, "\"sub\":\"a\""));
    assert_non_null(strstr(lines.out, "\"sub\":\"b\""));
    assert_non_null(strstr(lines.out, "\n{\"verdict\":\"none\""));
    done(&lines);
    middle[1] = 0;
    expect(RUN(r.out, "inspect", "--lines"), CLI_OK, "valid", NULL);
    done(&r);
    expect(RUN("", "inspect", "--lines", "token"), CLI_USAGE, NULL, "standard input only");
}

/* A file of the test's own, in memory; closing `fd` removes it. */
static int file_with(char path[64], const char *text)
{
    int fd = memfd_create("usher-cli-test", 0);

    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
    snprintf(path, 64, "/proc/self/fd/%d", fd);
    return fd;
}

/* Auth0's: a session object instead of claims, pieces and connection tokens in their cookies. */
static void test_auth0(void **state)
{
    static const char *const session =
        "{\"user\":{\"sub\":\"a|1\"},\"tokenSet\":{\"accessToken\":\"t\"},\"x\":[1],"
        "\"connectionTokenSets\":[{\"connection\":\"c\",\"accessToken\":\"u\"}],"
        "\"internal\":{\"sid\":\"s\",\"createdAt\":1767225600}}\n";

    (void)state;
    ran token = RUN("", "mint", "--profile", "auth0-4", "--sub", "a|1", "--name", "Ann", "--claim",
                    "access_token=\"t\"", "--claim", "role=\"r\"");
    expect(RUN(token.out, "inspect", "--json", "--show-secrets"), CLI_OK,
           "\"claims\":{\"user\":{\"sub\":\"a|1\",\"name\":\"Ann\"},"
           "\"tokenSet\":{\"accessToken\":\"t\"},\"internal\":{\"sid\":\"",
           NULL);
    expect(RUN(token.out, "inspect"), CLI_OK, "profile   auth0-4 (a guess", NULL);
    expect(RUN(token.out, "inspect", "--profile", "robojs"), CLI_NEGATIVE, "rejected", NULL);
    expect(RUN(token.out, "inspect", "--now", "1767484814"), CLI_OK, "valid", NULL);
    expect(RUN(token.out, "inspect", "--now", "1767484815"), CLI_NEGATIVE, "expired", NULL);
    done(&token);
    ran lines = RUN(session, "mint", "--profile", "auth0-4", "--lines", "--cookie");
    assert_true(usher_str_starts(usher_str_z(lines.out), USHER_STR("__session=ey")));
    assert_non_null(strstr(lines.out, "; __FC_0=ey"));
    assert_null(strstr(lines.out, "=;"));
    expect(RUN(lines.out, "inspect", "--json", "--show-secrets"), CLI_OK,
           "\"connectionTokenSets\":[{\"connection\":\"c\",\"accessToken\":\"u\"", NULL);
    done(&lines);
    ran set = RUN(session, "mint", "--profile", "auth0-4", "--lines", "--set-cookie", "--secure",
                  "--cookie-name", "mine", "--max-age", "60");
    assert_true(usher_str_starts(usher_str_z(set.out), USHER_STR("Set-Cookie: mine=ey")));
    assert_non_null(strstr(set.out, "Max-Age=60; Secure; HttpOnly; SameSite=lax\n"));
    expect(RUN(set.out, "inspect", "--cookie-name", "mine"), CLI_OK, "auth0-4", NULL);
    expect(RUN(set.out, "inspect"), CLI_NEGATIVE, "none", NULL);
    done(&set);
    expect(RUN("{\"user\":{}}\n", "mint", "--profile", "auth0-4", "--lines", "--cookie"), CLI_USAGE,
           "\n", "no site would take this");
    ran bare = RUN("{\"user\":{}}\n", "mint", "--profile", "auth0-4", "--lines");
    expect(RUN(bare.out, "inspect", "--json"), CLI_NEGATIVE,
           "\"verdict\":\"rejected\",\"cause\":\"token_claims\",\"token\":\"valid\"", NULL);
    done(&bare);
}

static void test_auth0_in_pieces(void **state)
{
    char claim[6000] = "blob=\"";

    (void)state;
    memset(claim + 6, 'x', 5000);
    memcpy(claim + 5006, "\"", 2);
    ran r = RUN("", "mint", "--profile", "auth0-4", "--sub", "7", "--claim", claim, "--cookie");
    char *second = strstr(r.out, "; __session__1=");
    assert_non_null(second);
    expect(RUN(r.out, "inspect"), CLI_OK, "in 2 pieces", NULL);
    expect(RUN(r.out, "inspect", "--cookie-name", "__session"), CLI_OK, "in 2 pieces", NULL);
    expect(RUN(second + 2, "inspect"), CLI_NEGATIVE, "rejected", NULL); /* the first is missing */
    done(&r);
}

static void test_robojs(void **state)
{
    (void)state;
    ran r = RUN("", "mint", "--profile", "robojs", "--sub", "7", "--set-cookie", "--secure");
    assert_true(
        usher_str_starts(usher_str_z(r.out), USHER_STR("Set-Cookie: authjs.session-token=ey")));
    expect(RUN(r.out, "inspect", "--profile", "robojs"), CLI_OK, "profile   robojs\n", NULL);
    done(&r);
}

#define SITE                                                                                       \
    "site:\n  base_url: http://localhost:3000\n  development: true\n  profile: authjs-5\n"         \
    "  secret: m4Hn0cXrT7uZk2Qe9wLbVy5sJd8pGa1fRi6oCtNxE3U\n"                                      \
    "  accept: [{profile: nextauth-4, secret: \"" SECRET "\"}]\n"

/* What a request would get, without a server. */
static void test_session(void **state)
{
    char path[64];
    int fd = file_with(path, SITE);
    ran old = RUN("", "mint", "--profile", "nextauth-4", "--sub", "7", "--name", "Ada", "--cookie");

    (void)state;
    expect(RUN(old.out, "session", "--settings", path), CLI_OK, "verdict   valid\nprofile   ",
           NULL);
    expect(RUN(old.out, "session", "--settings", path), CLI_OK,
           "Set-Cookie: next-auth.session-token=; ", NULL);
    expect(RUN(old.out, "session", "--settings", path, "-"), CLI_OK,
           "Set-Cookie: authjs.session-token=ey", NULL);
    expect(RUN(old.out, "session", "--settings", path, "--json"), CLI_OK,
           "\"session\":{\"user\":{\"name\":\"Ada\"},\"expires\":\"2026-01-31T00:00:00.000Z\"}",
           NULL);
    expect(RUN(old.out, "session", "--settings", path, "--json", "--update", "{\"role\":\"r\"}"),
           CLI_OK, "\"role\":\"r\"", NULL);
    expect(RUN(old.out, "session", "--settings", path, "--update", "[]"), CLI_USAGE, NULL,
           "no JSON object");
    expect(RUN(old.out, "session", "--settings", path, "--now", "1800000000"), CLI_NEGATIVE,
           "verdict   expired\ncause     token_expired\n", NULL);
    expect(RUN("Cookie: a=b\n\n", "session", "--settings", path, "--lines"), CLI_NEGATIVE,
           "{\"verdict\":\"none\",\"cause\":\"none\",\"written\":false,\"set_cookie\":[", NULL);
    expect(RUN("", "session", "--settings", path, "a=b"), CLI_NEGATIVE, "verdict   none", NULL);
    expect(RUN("", "session"), CLI_USAGE, NULL, "--settings is missing");
    expect(RUN("", "session", "--settings", "no such file"), CLI_USAGE, NULL, "make no site");
    close(fd);
    fd = file_with(path, "site:\n  base_url: nonsense\n");
    expect(RUN(old.out, "session", "--settings", path), CLI_USAGE, NULL, ":2:13: ");
    close(fd);
    done(&old);
}

static void test_where_secrets_come_from(void **state)
{
    ran token = RUN("", "mint", "--profile", "authjs-5", "--sub", "1");
    char path[64], same[64];
    int fd = file_with(path, "another\n"), fd2 = file_with(same, SECRET "\r\n");

    (void)state;
    expect(RUN(token.out, "inspect", "--secret-file", path), CLI_NEGATIVE, "rejected", NULL);
    expect(run_with(NULL, token.out,
                    (const char *const[]){"usher", "inspect", "--secret-file", same, NULL}),
           CLI_OK, "valid", NULL); /* one line end does not count */
    expect(RUN(token.out, "inspect", "--secret-file", path, "--secret", SECRET), CLI_OK, "valid",
           "list of processes"); /* a list of two, and a warning */
    expect(RUN(token.out, "inspect", "--secret", SECRET), CLI_OK, "valid", "list of processes");
    expect(RUN(token.out, "inspect", "--secret", ""), CLI_USAGE, NULL, "the secret is empty");
    expect(RUN(token.out, "inspect", "--secret-file", "no such file"), CLI_USAGE, NULL,
           "cannot be opened: no such file");
    expect(run_with(NULL, token.out, (const char *const[]){"usher", "inspect", NULL}), CLI_USAGE,
           NULL, "no secret");
    close(fd);
    close(fd2);
    done(&token);
}

static void test_check(void **state)
{
    static const struct {
        const char *text, *place, *word; /* the place with its colons; NULL: none */
    } cases[] = {
        {"site:\n  base_url: https://app.example.com\n  colour: red\nmore: 1\n",
         ":3:3: ", "colour"},
        {"site:\n  base_url: https://app.example.com\n  colour: red\nmore: 1\n", ":4:1: ", "more"},
        {"site: {base_url: http://localhost:3000, development: true}\n"
         "daemon:\n  listen: 0.0.0.0:3000\n",
         ":3:11: ", "loopback"},
        {"site:\n  base_url: https://app.example.com\n"
         "daemon:\n  trusted_peers: [10.0.0.0/8, ten]\n",
         ":4:31: ", "'ten' is neither"},
        {"site:\n  base_url: https://app.example.com\n"
         "daemon:\n  files: not-there\n",
         ":4:10: ", "not-there"},
        {"daemon:\n  listen: localhost\n", ":2:11: ", "daemon.listen"},
        {"- a\n", NULL, NULL},
        {"", NULL, NULL},
    };
    char path[64], want[128];

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int fd = file_with(path, cases[i].text);

        snprintf(want, sizeof want, "%s%s", path, cases[i].place ? cases[i].place : "");
        expect(RUN("", "check", path), CLI_USAGE, want, NULL);
        if (cases[i].word) expect(RUN("", "check", path), CLI_USAGE, cases[i].word, NULL);
        ran r = RUN("", "check", path);
        assert_null(strstr(r.out, SECRET));
        done(&r);
        close(fd);
    }
    expect(RUN("", "check", "examples/quickstart/usherd.yaml"), CLI_OK, "fine", NULL);
    int fd = file_with(path, "site:\n  base_url: https://app.example.com\n"
                             "daemon:\n  trusted_peers: [10.0.0.0/8]\n");
    expect(RUN("", "check", path), CLI_OK, "fine", NULL); /* control */
    close(fd);
    expect(RUN("", "check", "no such file"), CLI_USAGE, "1 error", NULL);
}

/* Signed tokens: minted line by line, inspected line by line, with a key from a file. */
static void test_signed(void **state)
{
    int fd = memfd_create("key", 0);
    char path[40];

    (void)state;
    assert_true(fd >= 0 && write(fd, "0123456789abcdef0123456789abcdef\n", 33) == 33);
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    ran token = RUN("{\"sub\":\"7\"}\n", "mint", "--lines", "--signed", "HS256", "--key-file", path,
                    "--max-age", "60");
    assert_int_equal(token.code, CLI_OK);
    assert_true(strncmp(token.out, "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.", 37) == 0);
    expect(RUN(token.out, "inspect", "--lines", "--signed", "HS256", "--key-file", path), CLI_OK,
           "{\"token\":\"valid\",\"cause\":\"none\",\"claims\":{\"sub\":\"7\",", NULL);
    expect(RUN(token.out, "inspect", "--lines", "--signed", "HS256", "--key-file", path, "--now",
               "1767225700"),
           CLI_NEGATIVE, "{\"token\":\"expired\"", NULL);
    expect(RUN("x.y.z\n", "inspect", "--lines", "--signed", "HS256", "--key-file", path),
           CLI_NEGATIVE, "{\"token\":\"rejected\"", NULL);
    expect(RUN("[]\n", "mint", "--lines", "--signed", "HS256", "--key-file", path), CLI_NEGATIVE,
           "\n", "line 1");
    expect(RUN("", "mint", "--lines", "--signed", "HS256"), CLI_USAGE, NULL, "wants a --key-file");
    expect(RUN("", "mint", "--lines", "--signed", "none", "--key-file", path), CLI_USAGE, NULL,
           "not an algorithm of sessions");
    expect(RUN("", "mint", "--lines", "--signed", "ES256", "--key-file", path), CLI_USAGE, NULL,
           "no key that is read");
    expect(RUN("", "mint", "--signed", "HS256", "--key-file", path), CLI_USAGE, NULL,
           "add --lines");
    done(&token);
    close(fd);
}

static void test_mint_refuses(void **state)
{
    (void)state;
    expect(RUN("", "mint", "--sub", "1"), CLI_USAGE, NULL, "--profile is missing");
    expect(RUN("", "mint", "--profile", "next-auth"), CLI_USAGE, NULL, "no such profile");
    expect(RUN("", "mint", "--profile", "authjs-5", "--claim", "role"), CLI_USAGE, NULL,
           "NAME=JSON");
    expect(RUN("", "mint", "--profile", "authjs-5", "--claim", "role=admin"), CLI_USAGE, NULL,
           "not JSON");
    expect(RUN("", "mint", "--profile", "authjs-5", "--secure", "--insecure"), CLI_USAGE, NULL,
           "exclude each other");
    expect(RUN("", "mint", "--profile", "authjs-5", "--max-age", "long"), CLI_USAGE, NULL,
           "whole number");
}

static void test_vectors(void **state)
{
    (void)state;
    expect(RUN("", "vectors", "tests/vectors/jwk-thumbprints.json"), CLI_OK,
           "\n20 passed, 0 failed\n", NULL);
    expect(RUN("", "vectors", "tests/vectors/iron.json"), CLI_NEGATIVE,
           "operation not built yet: iron.unseal", NULL);
    expect(RUN("", "vectors", "tests/vectors/manifest.json"), CLI_USAGE, "0 passed",
           "not a file of");
    expect(RUN("", "vectors", "no such file"), CLI_USAGE, "0 passed", "cannot be opened");
    expect(RUN("{\"schema\":\"interop-vectors/1\",\"vectors\":[]}", "vectors", "-"), CLI_USAGE,
           "0 passed", "no cases in the file: -");
}

/* A runner that lets everything pass would be worth nothing: recorded outcomes that are wrong. */
static void test_vectors_can_fail(void **state)
{
#define CASE(op, input, expected, conformance)                                                     \
    "{\"schema\":\"interop-vectors/1\",\"vectors\":[{\"id\":\"x\",\"tests\":\"t\",\"op\":\"" op    \
    "\",\"input\":" input ",\"expected\":" expected ",\"conformance\":\"" conformance "\"}]}"
#define OPENS                                                                                      \
    "{\"now\":1767225600,\"secret\":\"public-test-secret-do-not-use-0123456789\",\"token\":"       \
    "\"eyJhbGciOiJkaXIiLCJlbmMiOiJBMjU2R0NNIn0..9RSoIV_PRspeshCB.tAgHURgS1_"                       \
    "xHQa2j7EDgSoQu5r1E8YaA-"                                                                      \
    "1EBr_u6O2Lme3VsJjl99FxbGm-VXPSxwqo3sP8kB7fu40j62hnPGX-"                                       \
    "fUuydCmpUBb36yovIHCjuwnRvaf13IjyiuyVk282"                                                     \
    "fcQ9qoyOHVlA13xVBx0QtjYjOed_hpOmyJS95trtWfErWk_DZEIfCfNKQXtt-"                                \
    "fghcSIZS3J7oQNtSWnKE4hBSwpApgeDx7"                                                            \
    "hasPlsTPaJ4X8cc23GP0wqZpa8.na1GnOgpIKgnCrqGo-O3ZQ\"}"
#define FAILS "{\"now\":1,\"secret\":\"s\",\"token\":\"garbage\"}"
#define PAYLOAD                                                                                    \
    "{\"result\":\"valid\",\"payload_json\":\"{\\\"name\\\":\\\"Ada Lovelace\\\",\\\"email\\\":"   \
    "\\\"ada@example.com\\\",\\\"picture\\\":\\\"https://img.example.com/ada.png\\\",\\\"sub\\\":" \
    "\\\"1001\\\",\\\"iat\\\":1767225600,\\\"exp\\\":1769817600,\\\"jti\\\":"                      \
    "\\\"91d013da-c27e-4d52-b3f6-ed8869ce0ca9\\\"}\"}"
#define ANYBODY "{\"now\":1767225600,\"base_url\":\"http://a\",\"secret\":\"s\"}"
#define MAIL(address)                                                                              \
    "{\"now\":1767225600,\"base_url\":\"http://"                                                   \
    "a\",\"secret\":\"s\",\"token\":\"t\",\"email\":\"" address "\"}"
#define PROVIDER                                                                                   \
    "{\"now\":1767225600,\"base_url\":\"http://"                                                   \
    "a\",\"secret\":\"s\",\"provider\":\"p\",\"checks\":[\"none\"],"                               \
    "\"query\":{\"code\":\"c\"}}"
#define REDIRECT(url) "{\"url\":\"" url "\",\"base_url\":\"http://a\",\"secret\":\"s\"}"
#define RULE(callback, result, url)                                                                \
    "{\"callback\":" callback ",\"handler\":{\"result\":\"" result "\",\"callback_url\":\"" url    \
    "\"}}"
    static const struct {
        const char *text;
        cli_exit code;
        const char *out;
    } cases[] = {
        {CASE("authjs4.decode", OPENS, PAYLOAD, "exact"), CLI_OK, "1 passed"},
        {CASE("authjs4.decode", OPENS, "{\"result\":\"valid\",\"payload_json\":\"{}\"}", "exact"),
         CLI_NEGATIVE, "payload_json: expected {}, got {\"name\":"},
        {CASE("authjs4.decode", OPENS, "{\"result\":\"valid\",\"payload_json\":\"{}\"}",
              "stricter-allowed"),
         CLI_NEGATIVE, "payload_json"},
        {CASE("authjs4.decode", OPENS, "{\"result\":\"invalid\"}", "exact"), CLI_NEGATIVE,
         "result: expected invalid, got valid"},
        {CASE("authjs4.decode", OPENS, "{\"result\":\"invalid\"}", "stricter-allowed"),
         CLI_NEGATIVE, "result"},
        {CASE("authjs4.decode", OPENS, "{\"result\":\"invalid\"}", "looser-allowed"), CLI_OK, NULL},
        {CASE("authjs4.decode", OPENS, "{\"result\":\"invalid\"}", "either"), CLI_OK, NULL},
        {CASE("authjs4.decode", FAILS, PAYLOAD, "exact"), CLI_NEGATIVE,
         "expected valid, got invalid (token_malformed)"},
        {CASE("authjs4.decode", FAILS, PAYLOAD, "stricter-allowed"), CLI_OK, NULL},
        {CASE("authjs4.decode", FAILS, "{\"result\":\"none\"}", "exact"), CLI_NEGATIVE, "none"},
        {CASE("authjs4.decode", FAILS, "{\"result\":\"invalid\",\"assembled_length\":8}", "exact"),
         CLI_NEGATIVE, "assembled_length: expected 8, got 7"},
        {CASE("authjs4.decode", FAILS, "{\"result\":\"invalid\",\"assembled_sha256\":\"00\"}",
              "exact"),
         CLI_NEGATIVE, "assembled_sha256"},
        {CASE("cookie.parse", "{\"header\":\"a=1; b=2\"}", "{\"authjs\":[[\"a\",\"1\"]]}", "exact"),
         CLI_NEGATIVE, "authjs: expected [[\"a\",\"1\"]], got [[\"a\",\"1\"],[\"b\",\"2\"]]"},
        {CASE("cookie.parse", "{\"header\":\"a=1\"}", "{\"edge\":[[\"a\",\"1\"],[\"b\",\"\"]]}",
              "exact"),
         CLI_NEGATIVE, "edge"},
        {CASE("jwk.thumbprint", "{\"jwk\":{\"kty\":\"oct\",\"k\":\"0g\"}}", "{\"sha256\":\"x\"}",
              "exact"),
         CLI_NEGATIVE, "sha256: expected \"x\", got _zIF2"},
        {CASE("authjs4.csrf", "{\"base_url\":\"http://a\",\"secret\":\"s\",\"cookie_header\":\"\"}",
              "{\"cookie_accepted\":true,\"csrf_token\":null,\"post_accepted\":false}", "exact"),
         CLI_NEGATIVE, "cookie_accepted: expected true, got false"},
        {CASE("authjs4.decode", "{\"token\":\"x\"}", "{\"result\":\"invalid\"}", "exact"),
         CLI_NEGATIVE, "could not tell"},
        {CASE("authjs5.redirect", REDIRECT("/x"),
              RULE("{\"result\":\"http://a/x\"}", "ok", "http://a/x"), "exact"),
         CLI_OK, "1 passed"},
        {CASE("authjs5.redirect", REDIRECT("/x"),
              RULE("{\"result\":\"http://a\"}", "ok", "http://a/x"), "stricter-allowed"),
         CLI_NEGATIVE, "callback: expected \"http://a\", got http://a/x"},
        {CASE("authjs5.redirect", REDIRECT("/x"),
              RULE("{\"result\":\"http://a/x\"}", "ok", "http://a"), "exact"),
         CLI_NEGATIVE, "handler: expected \"http://a\", got http://a/x"},
        {CASE("authjs5.redirect", REDIRECT("x"),
              RULE("{\"result\":\"http://a\"}", "ok", "http://a"), "exact"),
         CLI_NEGATIVE, "callback: expected \"http://a\", got an error"},
        {CASE("authjs4.redirect", REDIRECT("x"), RULE("{\"throws\":\"\"}", "ok", "http://a"),
              "exact"),
         CLI_NEGATIVE, "handler: expected \"http://a\", got config-error"},
        {CASE("authjs5.session", ANYBODY,
              "{\"status\":200,\"session_json\":\"null\",\"set_cookies\":[]}", "exact"),
         CLI_NEGATIVE, "cookies: expected (absent), got authjs.csrf-token"},
        {CASE("authjs5.session", ANYBODY,
              "{\"status\":201,\"session_json\":\"null\",\"set_cookies\":[]}", "exact"),
         CLI_NEGATIVE, "status: expected 201"},
        {CASE("authjs4.server-session", ANYBODY,
              "{\"session_json\":\"{ "
              "}\",\"set_cookies\":[{\"name\":\"n\"},{\"name\":\"n\"},{\"name\":\"n\"}]}",
              "exact"),
         CLI_NEGATIVE, "session_json: expected { }, got {}"},
        {CASE("authjs4.server-session", ANYBODY,
              "{\"session_json\":null,\"set_cookies\":[{\"name\":\"n\"},{\"name\":\"n\"},{\"name\":"
              "\"n\"}]}",
              "exact"),
         CLI_NEGATIVE, "cookies: expected {\"name\":\"n\"}, got (absent)"},
        {CASE("authjs4.verification-token", MAIL("a@localhost"), "{\"result\":\"sent\"}", "exact"),
         CLI_NEGATIVE, "result: expected \"sent\", got rejected"},
        {CASE("authjs4.verification-token", MAIL("a@localhost"), "{\"result\":\"sent\"}",
              "stricter-allowed"),
         CLI_OK, NULL},
        {CASE("authjs5.verification-token", MAIL("a@localhost"), "{\"result\":\"rejected\"}",
              "exact"),
         CLI_NEGATIVE, "result: expected \"rejected\", got a@localhost"},
        {CASE("authjs5.verification-token", MAIL("a@localhost"),
              "{\"result\":\"sent\",\"identifier\":\"b@localhost\"}", "exact"),
         CLI_NEGATIVE, "identifier: expected \"b@localhost\", got a@localhost"},
        {CASE("authjs5.verification-token", MAIL("a@localhost"), "{\"result\":\"sent\"}", "exact"),
         CLI_NEGATIVE, "stored_token: expected (absent), got "},
        {CASE("authjs5.oauth-callback", PROVIDER, "{\"result\":\"rejected\"}", "exact"),
         CLI_NEGATIVE, "result: expected \"rejected\", got accepted"},
        {CASE("authjs4.oauth-callback", PROVIDER,
              "{\"result\":\"accepted\",\"location\":\"http://"
              "a\",\"code_verifier\":null,\"cleared\":[]}",
              "exact"),
         CLI_OK, "1 passed"},
        {CASE("authjs4.oauth-callback", PROVIDER, "{\"result\":\"accepted\",\"cleared\":[\"x\"]}",
              "exact"),
         CLI_NEGATIVE, "cleared: expected \"x\", got (absent)"},
        {CASE("authjs4.oauth-callback", PROVIDER,
              "{\"result\":\"accepted\",\"code_verifier\":\"x\"}", "exact"),
         CLI_NEGATIVE, "code_verifier: expected \"x\", got (absent)"},
        {CASE("authjs5.oauth-signin", PROVIDER,
              "{\"authorization_endpoint\":\"x\",\"parameters\":{},\"set_cookies\":[]}", "exact"),
         CLI_NEGATIVE,
         "authorization_endpoint: expected \"x\", got https://idp.example.com/authorize"},
        {CASE("authjs5.oauth-signin", PROVIDER,
              "{\"parameters\":{\"client_id\":\"<43 characters>\"},\"set_cookies\":[]}", "exact"),
         CLI_NEGATIVE, "parameters: expected <43 characters>, got cid"},
        {CASE("oidc.id-token",
              "{\"id_token\":\"\",\"jwks\":{\"keys\":[]},\"allowed_algs\":[\"RS256\"]}",
              "{\"verdict\":\"accept\",\"strength\":\"MUST\"}", "exact"),
         CLI_NEGATIVE, "verdict: expected \"accept\", got "},
        {CASE("oidc.id-token",
              "{\"id_token\":\"\",\"jwks\":{\"keys\":[]},\"allowed_algs\":[\"RS256\"]}",
              "{\"verdict\":\"accept\",\"strength\":\"MAY\"}", "exact"),
         CLI_OK, "1 passed"},
        {CASE("oidc.id-token",
              "{\"id_token\":\"\",\"jwks\":{\"keys\":[]},\"allowed_algs\":[\"RS256\"]}",
              "{\"verdict\":\"accept\",\"strength\":\"MUST\"}", "stricter-allowed"),
         CLI_OK, "1 passed"},
        {CASE("oidc.id-token",
              "{\"id_token\":\"\",\"jwks\":{\"keys\":[]},\"allowed_algs\":[\"RS256\"]}",
              "{\"verdict\":\"accept\",\"strength\":\"MUST\"}", "looser-allowed"),
         CLI_NEGATIVE, "verdict: expected \"accept\", got "},
        {CASE("nothing.known", "{}", "{}", "exact"), CLI_NEGATIVE, "not built yet: nothing.known"},
        {"{\"schema\":\"interop-vectors/1\",\"vectors\":[7]}", CLI_NEGATIVE, "not a case"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        expect(RUN(cases[i].text, "vectors", "-"), cases[i].code, cases[i].out, NULL);
}

/* Short memory is exit 2 and a word about it, never a verdict. */
static void test_every_allocation_may_fail(void **state)
{
    ran token = RUN("", "mint", "--profile", "authjs-5", "--sub", "1", "--cookie");
    ran other = RUN("", "mint", "--profile", "auth0-4", "--sub", "1", "--cookie");
    char path[64];
    int fd = file_with(path, "site:\n  base_url: http://localhost:3000\n  development: true\n"
                             "  profile: authjs-5\n  secret: \"" SECRET "\"\n");
    const char *const mint[] = {"usher", "mint",    "--profile", "authjs-5",     "--sub",
                                "1",     "--claim", "a=[1]",     "--set-cookie", NULL};
    const char *const inspect[] = {"usher", "inspect", "--json", NULL};
    const char *const bare[] = {"usher", "inspect", strchr(token.out, '=') + 1, NULL};
    const char *const lines[] = {"usher", "inspect", "--lines", NULL};
    const char *const auth0[] = {"usher", "mint", "--profile", "auth0-4",
                                 "--sub", "1",    "--cookie",  NULL};
    const char *const session[] = {"usher", "session", "--settings", path, "--json", NULL};
    const struct {
        const char *const *words;
        const char *input;
    } cases[] = {{mint, ""},  {inspect, token.out}, {bare, ""},          {lines, token.out},
                 {auth0, ""}, {inspect, other.out}, {session, token.out}};

    (void)state;
    token.out[token.out_len - 1] = 0; /* the line end */
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        kit_alloc memory = {.failed = true};
        usher_allocator alloc = kit_allocator(&memory);
        size_t n = 0;

        for (; memory.failed; n++) {
            memory = (kit_alloc){.fail_at = n};
            ran r = run_in(&alloc, SECRET, cases[i].input, cases[i].words);
            assert_int_equal(r.code, memory.failed ? CLI_USAGE : CLI_OK);
            assert_int_equal(!!r.err_len, memory.failed);
            assert_int_equal(memory.live, 0);
            done(&r);
        }
        assert_true(n > 3); /* a plain arena asks its allocator a few times only */
    }
    close(fd);
    done(&token);
    done(&other);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_words),
        cmocka_unit_test(test_doctor),
        cmocka_unit_test(test_help_and_manual),
        cmocka_unit_test(test_secret),
        cmocka_unit_test(test_controls_in_claims),
        cmocka_unit_test(test_round),
        cmocka_unit_test(test_a_chunked_cookie),
        cmocka_unit_test(test_no_session),
        cmocka_unit_test(test_lines),
        cmocka_unit_test(test_auth0),
        cmocka_unit_test(test_auth0_in_pieces),
        cmocka_unit_test(test_robojs),
        cmocka_unit_test(test_session),
        cmocka_unit_test(test_where_secrets_come_from),
        cmocka_unit_test(test_check),
        cmocka_unit_test(test_signed),
        cmocka_unit_test(test_mint_refuses),
        cmocka_unit_test(test_vectors),
        cmocka_unit_test(test_vectors_can_fail),
        cmocka_unit_test(test_every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
