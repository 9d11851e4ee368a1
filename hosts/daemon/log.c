#include "hosts/daemon/log.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/str.h"
#include "base/utc.h"
#include "wire/utf8.h"

#define ENDING 8 /* room that is kept for closing brackets and the line end */

void usherd_log_init(usherd_log *log, int fd)
{
    *log = (usherd_log){.fd = fd};
    pthread_mutex_init(&log->lock, NULL);
}

void usherd_log_deinit(usherd_log *log)
{
    pthread_mutex_destroy(&log->lock);
}

/* building a line */

static bool put(usherd_line *l, const char *bytes, size_t len)
{
    if (l->muted || l->len + len > sizeof l->text - ENDING) return false;
    memcpy(l->text + l->len, bytes, len);
    l->len += len;
    return true;
}

static bool put_z(usherd_line *l, const char *z)
{
    return put(l, z, strlen(z));
}

static bool put_escaped(usherd_line *l, unsigned char c)
{
    static const char hex[] = "0123456789abcdef";
    const char u[6] = {'\\', 'u', '0', '0', hex[c >> 4], hex[c & 15]};

    return put(l, u, sizeof u);
}

/* One character of a text, as JSON. Bytes that are no UTF-8 become U+FFFD, so that every line
 * parses whatever a client sent. Returns how many bytes it took, 0 if there was no room. */
static size_t put_char(usherd_line *l, usher_str s)
{
    unsigned char c = (unsigned char)s.ptr[0];

    if (c == '"' || c == '\\') return put(l, (const char[]){'\\', (char)c}, 2);
    if (c < 0x20 || c == 0x7f) return put_escaped(l, c);
    size_t step = usher_utf8_step(s);
    if (step == 0) return put_z(l, "\\ufffd");
    return put(l, s.ptr, step) ? step : 0;
}

static bool put_text(usherd_line *l, usher_str s)
{
    bool cut = s.len > USHERD_LOG_VALUE_MAX, ok = put(l, "\"", 1);

    if (cut) s.len = USHERD_LOG_VALUE_MAX;
    while (ok && s.len) {
        size_t took = put_char(l, s);
        ok = took != 0;
        s = usher_str_from(s, took);
    }
    if (cut) ok = ok && put_z(l, "\\u2026");
    return ok && put(l, "\"", 1);
}

static bool put_name(usherd_line *l, const char *name)
{
    if (l->some && !put(l, ",", 1)) return false;
    if (!name) return true; /* an item of an array */
    return put(l, "\"", 1) && put_z(l, name) && put(l, "\":", 2);
}

static bool put_int(usherd_line *l, int64_t value)
{
    char digits[20];
    size_t n = sizeof digits;
    uint64_t left = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;

    do
        digits[--n] = (char)('0' + left % 10);
    while (left /= 10);
    return (value >= 0 || put(l, "-", 1)) && put(l, digits + n, sizeof digits - n);
}

/* All of a member or nothing of it. */
static void settle(usherd_line *l, size_t before, bool ok)
{
    if (ok)
        l->some = true;
    else
        l->len = before;
}

void usherd_line_str(usherd_line *l, const char *name, usher_str value)
{
    size_t before = l->len;

    if (value.ptr) settle(l, before, put_name(l, name) && put_text(l, value));
}

void usherd_line_z(usherd_line *l, const char *name, const char *value)
{
    usherd_line_str(l, name, usher_str_z(value));
}

void usherd_line_int(usherd_line *l, const char *name, int64_t value)
{
    size_t before = l->len;

    settle(l, before, put_name(l, name) && put_int(l, value));
}

void usherd_line_item(usherd_line *l, const char *word)
{
    usherd_line_str(l, NULL, usher_str_z(word));
}

void usherd_line_open(usherd_line *l, const char *name, char bracket)
{
    size_t before = l->len;

    if (!put_name(l, name) || !put(l, &bracket, 1)) {
        l->len = before;
        l->muted++;
        return;
    }
    l->some = false;
}

void usherd_line_close(usherd_line *l, char bracket)
{
    if (l->muted) {
        l->muted--;
        return;
    }
    l->text[l->len++] = bracket; /* into the room that ENDING keeps */
    l->some = true;
}

/* "2026-01-01T00:00:00.123456Z" */
static void put_now(usherd_line *l)
{
    struct timespec t;
    char text[28];

    clock_gettime(CLOCK_REALTIME, &t);
    usher_iso_from_ms(text, (int64_t)t.tv_sec * 1000);
    long us = t.tv_nsec / 1000;
    for (int i = 6; i > 0; i--, us /= 10)
        text[19 + i] = (char)('0' + us % 10);
    text[26] = 'Z';
    usherd_line_str(l, "ts", (usher_str){text, 27});
}

void usherd_line_begin(usherd_line *l, usherd_log *log, usherd_level level, const char *event)
{
    static const char *const levels[] = {"info", "warning", "error"};

    l->log = log;
    l->len = 0;
    l->some = false;
    l->muted = 0;
    put(l, "{", 1);
    put_now(l);
    usherd_line_z(l, "level", levels[level]);
    usherd_line_z(l, "event", event);
}

/* writing it */

/* A reader that stalls must not stall whoever answers requests: the line is dropped and counted. A
 * pipe that polls as writable takes 4096 bytes at once, and all lines but the counters' are
 * shorter. */
static bool write_line(int fd, const char *text, size_t len)
{
    struct pollfd p = {.fd = fd, .events = POLLOUT};

    if (poll(&p, 1, 0) != 1 || !(p.revents & POLLOUT)) return false;
    while (len) {
        ssize_t n = write(fd, text, len);
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) return false;
        text += n;
        len -= (size_t)n;
    }
    return true;
}

void usherd_line_end(usherd_line *l)
{
    l->text[l->len++] = '}';
    l->text[l->len++] = '\n';
    pthread_mutex_lock(&l->log->lock);
    if (!write_line(l->log->fd, l->text, l->len)) atomic_fetch_add(&l->log->lost, 1);
    pthread_mutex_unlock(&l->log->lock);
}

/* repetition */

static void say_withheld(usherd_log *log, unsigned cause, unsigned withheld)
{
    usherd_line l;

    usherd_line_begin(&l, log, USHERD_WARNING, "repeated");
    usherd_line_z(&l, "cause", usherd_cause_word(cause));
    usherd_line_int(&l, "withheld", withheld);
    usherd_line_end(&l);
}

bool usherd_log_may(usherd_log *log, unsigned cause, int64_t now_s)
{
    unsigned withheld = 0;
    bool may;

    if (cause >= USHERD_CAUSE_COUNT) return true;
    pthread_mutex_lock(&log->lock);
    if (log->repeats[cause].second != now_s) {
        withheld = log->repeats[cause].withheld;
        log->repeats[cause].second = now_s;
        log->repeats[cause].lines = log->repeats[cause].withheld = 0;
    }
    may = log->repeats[cause].lines < USHERD_LOG_REPEATS;
    if (may)
        log->repeats[cause].lines++;
    else
        log->repeats[cause].withheld++;
    pthread_mutex_unlock(&log->lock);
    if (withheld) say_withheld(log, cause, withheld);
    return may;
}

void usherd_log_sum_up(usherd_log *log, int64_t now_s)
{
    for (unsigned cause = 0; cause < USHERD_CAUSE_COUNT; cause++) {
        pthread_mutex_lock(&log->lock);
        unsigned withheld = 0;
        if (log->repeats[cause].second != now_s) {
            withheld = log->repeats[cause].withheld;
            log->repeats[cause].withheld = 0;
        }
        pthread_mutex_unlock(&log->lock);
        if (withheld) say_withheld(log, cause, withheld);
    }
}
