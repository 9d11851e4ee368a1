/* usherd - the daemon: usher behind an HTTP server of its own.
 *
 * Exit status: 0 after a signal, 1 if it could not run, 2 if it was told something it cannot do. */
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "base/locked.h"
#include "base/str.h"
#include "hosts/daemon/listener.h"
#include "hosts/daemon/settings.h"
#include "hosts/daemon/upkeep.h"

#define VERSION    "0.1.0"
#define EXIT_USAGE 2

/* command line */

static const char help[] =
    "usage: usherd [--config FILE] [--listen ADDRESS:PORT] [--check]\n"
    "\n"
    "  --config FILE          settings (default " USHERD_DEFAULT_CONFIG ")\n"
    "  --listen ADDRESS:PORT  instead of the settings' daemon.listen; port 0 takes a free one\n"
    "  --check                look at the settings, say what is wrong, and exit\n"
    "  --version, --help\n"
    "\n"
    "Stops on SIGTERM or SIGINT once what is under way is answered, at once on the second.\n"
    "SIGUSR1 logs the counters.\n";

static void say(const char *text)
{
    fputs(text, stdout);
    fflush(stdout);
}

/* True if the program goes on; else *status is the one to exit with. */
static bool read_options(usherd_options *o, int argc, char **argv, int *status)
{
    static const struct option longs[] = {
        {"config", required_argument, NULL, 'c'}, {"listen", required_argument, NULL, 'l'},
        {"check", no_argument, NULL, 'k'},        {"version", no_argument, NULL, 'v'},
        {"help", no_argument, NULL, 'h'},         {NULL, 0, NULL, 0},
    };

    *status = EXIT_SUCCESS;
    for (int c; (c = getopt_long(argc, argv, "c:h", longs, NULL)) != -1;) {
        if (c == 'c') {
            o->config = optarg;
        } else if (c == 'l') {
            o->listen = optarg;
        } else if (c == 'k') {
            o->check = true;
        } else if (c == 'v') {
            say("usherd " VERSION "\n");
            return false;
        } else if (c == 'h') {
            say(help);
            return false;
        } else {
            *status = EXIT_USAGE; /* getopt has said why */
            return false;
        }
    }
    if (optind == argc) return true;
    fprintf(stderr, "usherd: unexpected argument '%s'; see usherd --help\n", argv[optind]);
    *status = EXIT_USAGE;
    return false;
}

static void print_problems(const usher_problems *problems)
{
    for (size_t i = 0; i < usher_problems_count(problems); i++) {
        const usher_problem *p = usher_problems_at(problems, i);
        fprintf(stderr, "%.*s:", (int)p->file.len, p->file.len ? p->file.ptr : "");
        if (p->line) fprintf(stderr, "%zu:%zu:", p->line, p->column);
        fprintf(stderr, " %s%.*s\n", p->warning ? "warning: " : "", (int)p->message.len,
                p->message.ptr);
    }
}

static int complain(const char *doing, const usher_error *err)
{
    fprintf(stderr, "usherd: %s: %s\n", doing,
            err->what ? err->what : usher_status_name(err->status));
    return EXIT_FAILURE;
}

/* process */

/* Keys are in this memory: no core file, and no reading by a debugger of the same user. */
static void harden(void)
{
    const struct rlimit none = {0, 0};

    setrlimit(RLIMIT_CORE, &none);
#ifndef USHERD_SANITIZED
    prctl(PR_SET_DUMPABLE, 0); /* the leak check of a sanitized build reads the process so */
#endif
    signal(SIGPIPE, SIG_IGN);
}

static void block_signals(sigset_t *set)
{
    sigemptyset(set);
    sigaddset(set, SIGTERM);
    sigaddset(set, SIGINT);
    sigaddset(set, SIGHUP);
    sigaddset(set, SIGUSR1);
    pthread_sigmask(SIG_BLOCK, set, NULL); /* inherited by every thread started after this */
}

static void log_event(usherd *d, const char *event, const char *name, const char *value)
{
    usherd_line l;

    usherd_line_begin(&l, &d->log, USHERD_INFO, event);
    if (name) usherd_line_z(&l, name, value);
    usherd_line_end(&l);
}

static void log_start(usherd *d)
{
    usherd_line l;

    usherd_line_begin(&l, &d->log, USHERD_INFO, "start");
    usherd_line_z(&l, "version", VERSION);
    usherd_line_str(&l, "profile", usher_site_profile(d->site));
    usherd_line_str(&l, "base_url", usher_site_base_url(d->site));
    usherd_line_str(&l, "listen", d->settings.listen);
    usherd_line_end(&l);
}

/* Once: a limit of the process is the same for every site it will have. */
static void warn_of_swap(usherd *d)
{
    usherd_line l;

    if (!usher_locked_refused()) return;
    usherd_line_begin(&l, &d->log, USHERD_WARNING, "keys_not_locked");
    usherd_line_z(&l, "why", "RLIMIT_MEMLOCK is too small: keys may be written to swap");
    usherd_line_end(&l);
}

/* running */

/* Milliseconds to wait for a signal; 0 if none came. */
static int wait_signal(const sigset_t *set, long ms)
{
    const struct timespec time = {ms / 1000, ms % 1000 * 1000000};
    int got = sigtimedwait(set, NULL, &time);

    return got > 0 ? got : 0;
}

/* Until told to stop. Returns the signal. */
static int serve(usherd *d, const sigset_t *set)
{
    for (;;) {
        int got = 0;
        if (sigwait(set, &got) != 0) continue;
        if (got == SIGUSR1)
            usherd_counters_log(&d->counters, d->site, &d->log);
        else if (got == SIGHUP)
            log_event(d, "reload_ignored", "why", "settings are read at the start only");
        else
            return got;
    }
}

/* What is under way is answered; a second signal or the end of patience ends that. */
static bool drain(usherd *d, usherd_listener *l, const sigset_t *set)
{
    int64_t until_ms = usherd_mono_ms() + (int64_t)d->settings.drain_timeout_s * 1000;

    atomic_store(&d->draining, true);
    usherd_listener_quiesce(l);
    while (atomic_load(&d->in_flight) && usherd_mono_ms() < until_ms) {
        int got = wait_signal(set, 20);
        if (got == SIGTERM || got == SIGINT) return false;
    }
    return atomic_load(&d->in_flight) == 0;
}

static void log_stop(usherd *d, const char *why)
{
    usherd_line l;

    usherd_log_sum_up(&d->log, INT64_MAX);
    usherd_counters_log(&d->counters, d->site, &d->log);
    usherd_line_begin(&l, &d->log, USHERD_INFO, "stop");
    usherd_line_z(&l, "why", why);
    usherd_line_int(&l, "unfinished", (int64_t)atomic_load(&d->in_flight));
    usherd_line_end(&l);
}

static int run_listener(usherd *d, const sigset_t *set)
{
    usherd_listener listener;
    usher_error err = {0};

    if (usherd_listener_start(&listener, d, &err)) {
        fprintf(stderr, "usherd: %.*s: %s\n", (int)d->settings.listen.len, d->settings.listen.ptr,
                err.what);
        return EXIT_FAILURE;
    }
    log_event(d, "ready", "url", listener.url);
    printf("usherd: ready on %s\n", listener.url);
    fflush(stdout);
    int got = serve(d, set);
    if (!drain(d, &listener, set)) {
        /* Threads are still at work on what they hold: there is nothing to take from under them. */
        log_stop(d, "unfinished requests were given up");
        _exit(EXIT_SUCCESS);
    }
    usherd_listener_stop(&listener);
    log_stop(d, got == SIGINT ? "SIGINT" : "SIGTERM");
    return EXIT_SUCCESS;
}

static int run(usherd *d, const sigset_t *set)
{
    usher_error err = {0};
    int status;

    log_start(d);
    warn_of_swap(d);
    if (usher_host_new(&d->host, NULL, &err)) return complain("cannot start", &err);
    if (usherd_workers_init(&d->workers, d->settings.workers, USHERD_WAITING_MAX, &err)) {
        usher_host_free(d->host);
        return complain("cannot start", &err);
    }
    usherd_exchanges_init(&d->exchanges);
    if (usherd_upkeep_start(d, &err)) {
        status = complain("cannot start", &err);
    } else {
        status = run_listener(d, set);
        usherd_watch_deinit(&d->watch);
    }
    usherd_workers_deinit(&d->workers);
    usherd_exchanges_deinit(&d->exchanges);
    usher_host_free(d->host);
    return status;
}

static int load_and_run(usherd *d, usher_arena *a, const usherd_options *options,
                        usher_problems *problems, const sigset_t *set)
{
    usher_error err = {0};
    usher_status rc = usherd_settings_load(d, a, options, problems, &err);
    int status = EXIT_SUCCESS;

    print_problems(problems);
    if (rc == USHER_E_SETTING) return EXIT_USAGE;
    if (rc) return complain("cannot read the settings", &err);
    if (options->check)
        say("usherd: the settings are good\n");
    else
        status = run(d, set);
    usherd_settings_free(d);
    return status;
}

int main(int argc, char **argv)
{
    static usherd d;
    usherd_options options = {.config = USHERD_DEFAULT_CONFIG};
    usher_problems *problems;
    usher_arena arena;
    sigset_t set;
    int status;

    if (!read_options(&options, argc, argv, &status)) return status;
    harden();
    block_signals(&set);
    usherd_log_init(&d.log, STDERR_FILENO);
    if (!(problems = usher_problems_new())) {
        fprintf(stderr, "usherd: no memory\n");
        return EXIT_FAILURE;
    }
    usher_arena_init(&arena, usher_allocator_default(), 16384, (size_t)1 << 20);
    status = load_and_run(&d, &arena, &options, problems, &set);
    usher_arena_deinit(&arena);
    usher_problems_free(problems);
    usherd_log_deinit(&d.log);
    return status;
}
