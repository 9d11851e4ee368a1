#include "hosts/daemon/daemon_rig.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define PATH_ROOM 4096
#define ARGS_MAX  16

long long rig_now_ms(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (long long)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static void nap_ms(long ms)
{
    nanosleep(&(struct timespec){ms / 1000, ms % 1000 * 1000000}, NULL);
}

/* process */

bool rig_make(rig_daemon *d)
{
    const char *tmp = getenv("TMPDIR");

    *d = (rig_daemon){.out = -1};
    snprintf(d->dir, sizeof d->dir, "%s/usherd-test-XXXXXX", tmp ? tmp : P_tmpdir);
    return mkdtemp(d->dir) != NULL;
}

bool rig_put(const rig_daemon *d, const char *name, const void *bytes, size_t len)
{
    char path[PATH_ROOM];

    snprintf(path, sizeof path, "%s/%s", d->dir, name);
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    bool ok = fd >= 0 && write(fd, bytes, len) == (ssize_t)len;
    if (fd >= 0) close(fd);
    return ok;
}

/* $USHERD, or the one of the build folder this test is in. */
static bool find_usherd(char path[PATH_ROOM])
{
    const char *named = getenv("USHERD");

    if (named) return snprintf(path, PATH_ROOM, "%s", named) < PATH_ROOM;
    ssize_t n = readlink("/proc/self/exe", path, PATH_ROOM - 64);
    if (n <= 0) return false;
    path[n] = 0;
    char *slash = strrchr(path, '/');
    snprintf(slash, 64, "/../hosts/daemon/usherd");
    return access(path, X_OK) == 0;
}

static void run_child(const rig_daemon *d, const char *usherd, const char *const *args, int out)
{
    char config[PATH_ROOM], log[PATH_ROOM];
    char *argv[ARGS_MAX] = {(char *)(size_t)usherd, (char *)(size_t) "--config", config};
    sigset_t none;
    int n = 3;

    snprintf(config, sizeof config, "%s/usherd.yaml", d->dir);
    snprintf(log, sizeof log, "%s/log", d->dir);
    for (; args && *args && n < ARGS_MAX - 1; args++)
        argv[n++] = (char *)(size_t)*args;
    int err = open(log, O_WRONLY | O_CREAT | O_APPEND, 0600);
    dup2(out, 1);
    dup2(err, 2);
    close(out);
    close(err);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    unsetenv("AUTH_SECRET");
    unsetenv("NEXTAUTH_SECRET");
    execv(usherd, argv);
    _exit(127);
}

bool rig_spawn(rig_daemon *d, const char *settings, const char *const *args)
{
    char usherd[PATH_ROOM];
    int ends[2];

    if (!find_usherd(usherd) || pipe2(ends, O_CLOEXEC)) return false;
    if (settings && !rig_put(d, "usherd.yaml", settings, strlen(settings))) return false;
    d->pid = fork();
    if (d->pid == 0) run_child(d, usherd, args, ends[1]);
    close(ends[1]);
    if (d->out >= 0) close(d->out);
    d->out = ends[0];
    return d->pid > 0;
}

bool rig_ready(rig_daemon *d)
{
    char text[512];
    size_t len = 0;
    long long until = rig_now_ms() + 30000;

    while (len < sizeof text - 1 && rig_now_ms() < until) {
        struct pollfd p = {.fd = d->out, .events = POLLIN};
        if (poll(&p, 1, 1000) <= 0) continue;
        ssize_t n = read(d->out, text + len, sizeof text - 1 - len);
        if (n <= 0) return false;
        len += (size_t)n;
        text[len] = 0;
        const char *colon = strchr(text, '\n') ? strrchr(text, ':') : NULL;
        if (colon && !strncmp(text, "usherd: ready on http://", 24)) {
            d->port = (unsigned)strtoul(colon + 1, NULL, 10);
            return d->port != 0;
        }
    }
    return false;
}

bool rig_start(rig_daemon *d, const char *settings)
{
    return rig_make(d) && rig_spawn(d, settings, NULL) && rig_ready(d);
}

int rig_wait(rig_daemon *d, int timeout_ms)
{
    long long until = rig_now_ms() + timeout_ms;
    int status;

    for (;;) {
        if (waitpid(d->pid, &status, WNOHANG) == d->pid)
            return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
        if (rig_now_ms() >= until) return -2;
        nap_ms(5);
    }
}

static int drop(const char *path, const struct stat *st, int kind, struct FTW *ftw)
{
    (void)st, (void)kind, (void)ftw;
    return remove(path);
}

void rig_remove(rig_daemon *d)
{
    if (d->out >= 0) close(d->out);
    d->out = -1;
    if (d->dir[0]) nftw(d->dir, drop, 16, FTW_DEPTH | FTW_PHYS);
}

int rig_stop(rig_daemon *d)
{
    kill(d->pid, SIGTERM);
    int status = rig_wait(d, 30000);
    if (status == -2) kill(d->pid, SIGKILL);
    rig_remove(d);
    return status;
}

/* log */

char *rig_log(const rig_daemon *d)
{
    char path[PATH_ROOM];
    struct stat st;
    char *text = NULL;

    snprintf(path, sizeof path, "%s/log", d->dir);
    int fd = open(path, O_RDONLY);
    if (fd >= 0 && fstat(fd, &st) == 0 && (text = malloc((size_t)st.st_size + 1))) {
        ssize_t n = read(fd, text, (size_t)st.st_size);
        text[n > 0 ? n : 0] = 0;
    }
    if (fd >= 0) close(fd);
    return text;
}

bool rig_logged(const rig_daemon *d, const char *text)
{
    for (int i = 0; i < 200; i++) {
        char *log = rig_log(d);
        bool there = log && strstr(log, text);
        free(log);
        if (there) return true;
        nap_ms(10);
    }
    return false;
}

static unsigned count_of(const char *text, const char *what)
{
    unsigned n = 0;

    for (const char *p = text; p && (p = strstr(p, what)); p++)
        n++;
    return n;
}

long rig_counter(const rig_daemon *d, const char *name)
{
    static const char event[] = "\"event\":\"counters\"";
    char *log = rig_log(d), key[80];
    unsigned before = count_of(log, event);
    long n = -1;

    free(log);
    kill(d->pid, SIGUSR1);
    for (int i = 0; i < 500; i++, nap_ms(10)) {
        log = rig_log(d);
        if (log && count_of(log, event) > before && log[strlen(log) - 1] == '\n') break;
        free(log);
        log = NULL;
    }
    if (!log) return -1;
    const char *line = log;
    for (const char *p = log; (p = strstr(p, event)); p++)
        line = p;
    snprintf(key, sizeof key, "\"%s\":", name);
    const char *hit = strstr(line, key);
    if (hit) n = strtol(hit + strlen(key), NULL, 10);
    free(log);
    return n;
}

int rig_descriptors(const rig_daemon *d)
{
    char path[PATH_ROOM];
    int n = 0;

    snprintf(path, sizeof path, "/proc/%d/fd", (int)d->pid);
    DIR *dir = opendir(path);
    if (!dir) return -1;
    while (readdir(dir))
        n++;
    closedir(dir);
    return n;
}

/* sockets */

int rig_connect(const rig_daemon *d)
{
    struct sockaddr_in to = {.sin_family = AF_INET,
                             .sin_port = htons((uint16_t)d->port),
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (fd >= 0 && connect(fd, (struct sockaddr *)&to, sizeof to) == 0) return fd;
    if (fd >= 0) close(fd);
    return -1;
}

bool rig_send(int fd, const void *bytes, size_t len)
{
    const char *p = bytes;

    while (len) {
        ssize_t n = send(fd, p, len, MSG_NOSIGNAL);
        if (n <= 0) return false;
        p += n;
        len -= (size_t)n;
    }
    return true;
}

/* One more read; false at the end, on an error, or when time is up. */
static bool receive_some(int fd, rig_answer *a, int timeout_ms)
{
    struct pollfd p = {.fd = fd, .events = POLLIN};

    if (a->len + 1 >= sizeof a->bytes || poll(&p, 1, timeout_ms) != 1) return false;
    ssize_t n = recv(fd, a->bytes + a->len, sizeof a->bytes - 1 - a->len, 0);
    if (n <= 0) {
        a->closed = true;
        return false;
    }
    a->len += (size_t)n;
    a->bytes[a->len] = 0;
    return true;
}

static void reset(rig_answer *a)
{
    a->status = 0;
    a->closed = false;
    a->len = 0;
    a->body = NULL;
    a->bytes[0] = 0;
}

static void read_status(rig_answer *a)
{
    if (!strncmp(a->bytes, "HTTP/1.1 ", 9)) a->status = (int)strtol(a->bytes + 9, NULL, 10);
}

const char *rig_header(const rig_answer *a, const char *name)
{
    char key[80];

    snprintf(key, sizeof key, "\r\n%s: ", name);
    const char *hit = strcasestr(a->bytes, key);
    return hit && (!a->body || hit < a->body) ? hit + strlen(key) : NULL;
}

bool rig_receive(int fd, rig_answer *a, bool head)
{
    const char *end = NULL, *length;
    size_t want = 0;

    reset(a);
    while (!(end = strstr(a->bytes, "\r\n\r\n")))
        if (!receive_some(fd, a, 20000)) return false;
    a->body = end + 4;
    read_status(a);
    length = rig_header(a, "Content-Length");
    if (length && !head) want = (size_t)strtoul(length, NULL, 10);
    while (a->len < (size_t)(a->body - a->bytes) + want)
        if (!receive_some(fd, a, 20000)) return false;
    return true;
}

void rig_drain(int fd, rig_answer *a, int timeout_ms)
{
    reset(a);
    while (receive_some(fd, a, timeout_ms))
        ;
    read_status(a);
}

bool rig_ask(const rig_daemon *d, const char *request, rig_answer *a)
{
    int fd = rig_connect(d);
    bool ok = fd >= 0 && rig_send(fd, request, strlen(request)) &&
              rig_receive(fd, a, !strncmp(request, "HEAD", 4));

    if (fd >= 0) close(fd);
    return ok;
}
