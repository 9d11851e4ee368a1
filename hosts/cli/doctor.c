/* doctor - what this build works with here: libcrypto, the processor, locked memory, secrets of the
 * environment, and a settings file. No secret is shown. */
#include <string.h>
#include <sys/resource.h>

#include <openssl/crypto.h>

#include "base/str.h"
#include "hosts/cli/commands.h"
#include "site/weak.h"

#define LOCKED_MIN ((rlim_t)1 << 20)

/* ok, note: it works, but slower or weaker; BAD: it does not. */
typedef enum finding { FINE, NOTE, BAD } finding;

static finding say(cli *c, finding f, const char *name, const char *text, const char *hint)
{
    static const char *const words[] = {"  ok  ", " note ", "  BAD "};

    fprintf(c->out, "%s %-14s ", words[f], name);
    cli_put_text(c->out, usher_str_z(text));
    fputc('\n', c->out);
    if (hint) fprintf(c->out, "%22s%s\n", "", hint);
    return f;
}

static finding libcrypto(cli *c)
{
    char text[200];
    const char *linked = OpenSSL_version(OPENSSL_VERSION);
    bool fine = OPENSSL_version_major() == OPENSSL_VERSION_MAJOR;

    snprintf(text, sizeof text, "%s; built with %s", linked, OPENSSL_VERSION_TEXT);
    return say(c, fine ? FINE : BAD, "libcrypto", text,
               fine ? NULL : "another major version than it was built with");
}

static finding processor(cli *c)
{
#if defined(__x86_64__) || defined(__i386__)
    bool wide = __builtin_cpu_supports("avx2"), aes = __builtin_cpu_supports("aes");
    char text[60];

    snprintf(text, sizeof text, "AVX2 %s, AES-NI %s", wide ? "yes" : "no", aes ? "yes" : "no");
    return say(c, wide && aes ? FINE : NOTE, "processor", text,
               wide && aes ? NULL : "sessions are read several times slower without them");
#else
    return say(c, NOTE, "processor", "not an x86: base64url goes by tables", NULL);
#endif
}

static finding locked_memory(cli *c)
{
    struct rlimit limit = {0};
    char text[60];

    if (getrlimit(RLIMIT_MEMLOCK, &limit)) return say(c, NOTE, "locked memory", "unknown", NULL);
    if (limit.rlim_cur == RLIM_INFINITY) return say(c, FINE, "locked memory", "unlimited", NULL);
    snprintf(text, sizeof text, "up to %llu KiB", (unsigned long long)limit.rlim_cur >> 10);
    bool fine = limit.rlim_cur >= LOCKED_MIN;
    return say(c, fine ? FINE : NOTE, "locked memory", text,
               fine ? NULL : "keys may be written to swap: raise RLIMIT_MEMLOCK");
}

static finding secrets(cli *c)
{
    static const char *const names[] = {"AUTH_SECRET", "NEXTAUTH_SECRET", "AUTH0_SECRET"};
    finding worst = FINE;
    bool any = false;

    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const char *value = c->getenv(c->env_ctx, names[i]);
        if (!value || !*value) continue;
        const char *weak = usher_secret_weakness(usher_str_z(value));
        finding f = say(c, weak ? BAD : FINE, names[i], weak ? weak : "is set",
                        weak ? "`usher secret` makes one" : NULL);
        if (f > worst) worst = f;
        any = true;
    }
    if (any) return worst;
    return say(c, NOTE, "environment", "no secret is set",
               "AUTH_SECRET, NEXTAUTH_SECRET or AUTH0_SECRET, or site.secret_file of the settings");
}

cli_exit cli_doctor_command(cli *c, const cli_args *args)
{
    const finding found[] = {say(c, FINE, "usher", USHER_VERSION, NULL), libcrypto(c), processor(c),
                             locked_memory(c), secrets(c)};
    cli_exit settings = CLI_OK;
    bool works = true;

    for (size_t i = 0; i < sizeof found / sizeof *found; i++)
        works &= found[i] != BAD;
    if (args->operand_count) settings = cli_check_command(c, args);
    if (settings != CLI_OK) return settings;
    return works ? CLI_OK : CLI_NEGATIVE;
}
