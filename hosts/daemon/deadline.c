#include "hosts/daemon/deadline.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>

#include "base/error.h"

/* The kernel's clock for the last byte has jiffies; within this much of the end of a request, a
 * byte counts as part of that request. */
#define GRAIN_MS 20

int64_t usherd_mono_ms(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

void usherd_wire_enter(usherd_wire *wire, usherd_phase phase, int64_t now_ms)
{
    atomic_store_explicit(&wire->since_ms, now_ms, memory_order_relaxed);
    atomic_store_explicit(&wire->phase, phase, memory_order_release);
}

void usherd_wire_head(usherd_wire *wire, int64_t now_ms)
{
    unsigned idle = USHERD_PHASE_IDLE;

    /* Whoever changes IDLE to HEAD first says when the head began. */
    if (atomic_load(&wire->phase) != idle) return;
    atomic_store_explicit(&wire->since_ms, now_ms, memory_order_relaxed);
    atomic_compare_exchange_strong(&wire->phase, &idle, USHERD_PHASE_HEAD);
}

/* When the last byte arrived, or 0 if the kernel does not tell. The library does not say when a
 * kept connection gets the first byte of its next request; this does. */
static int64_t last_byte_ms(int fd, int64_t now_ms)
{
    struct tcp_info info;
    socklen_t len = sizeof info;

    if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &len) != 0) return 0;
    return now_ms - (int64_t)info.tcpi_last_data_recv;
}

static void notice_first_byte(usherd_wire *wire, int64_t since_ms, int64_t now_ms)
{
    unsigned idle = USHERD_PHASE_IDLE;
    int64_t last_ms = last_byte_ms(wire->fd, now_ms);

    if (last_ms <= since_ms + GRAIN_MS) return;
    if (atomic_compare_exchange_strong(&wire->phase, &idle, USHERD_PHASE_HEAD))
        atomic_store_explicit(&wire->since_ms, last_ms, memory_order_relaxed);
}

/* Reset, or closed by the other side and all it sent was read. */
static bool is_gone(int fd)
{
    struct tcp_info info;
    socklen_t len = sizeof info;
    int unread = 0;

    if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &len) != 0) return false;
    if (info.tcpi_state == TCP_CLOSE) return true;
    return info.tcpi_state == TCP_CLOSE_WAIT && ioctl(fd, FIONREAD, &unread) == 0 && unread == 0;
}

/* The rest of the request will not come. The library misses that when the last bytes and the end
 * arrive together. Seen twice, since between read and judged there is a moment in which a whole
 * request looks so too. */
static void drop_if_gone(usherd_wire *wire)
{
    bool gone = is_gone(wire->fd);

    if (gone && wire->gone) shutdown(wire->fd, SHUT_RDWR);
    wire->gone = gone;
}

static bool cut_if_late(usherd_watch *w, usherd_wire *wire, int64_t now_ms)
{
    usherd_phase phase = (usherd_phase)atomic_load_explicit(&wire->phase, memory_order_acquire);
    int64_t since_ms = atomic_load_explicit(&wire->since_ms, memory_order_relaxed);

    if (phase == USHERD_PHASE_IDLE) {
        notice_first_byte(wire, since_ms, now_ms);
        return false;
    }
    if (phase == USHERD_PHASE_HEAD || phase == USHERD_PHASE_BODY) drop_if_gone(wire);
    if (wire->cut || w->limit_ms[phase] == 0 || now_ms - since_ms < w->limit_ms[phase])
        return false;
    wire->cut = true; /* before the socket says so to the thread that serves it */
    shutdown(wire->fd, SHUT_RDWR);
    if (w->on_cut) w->on_cut(w->ctx, wire, phase);
    return true;
}

size_t usherd_watch_look(usherd_watch *w, int64_t now_ms)
{
    size_t cut = 0;

    pthread_mutex_lock(&w->lock);
    for (usherd_wire *wire = w->first; wire; wire = wire->next)
        cut += cut_if_late(w, wire, now_ms);
    pthread_mutex_unlock(&w->lock);
    return cut;
}

void usherd_watch_add(usherd_watch *w, usherd_wire *wire, int fd, int64_t now_ms)
{
    wire->fd = fd;
    wire->cut = wire->gone = false;
    usherd_wire_enter(wire, USHERD_PHASE_HEAD, now_ms);
    pthread_mutex_lock(&w->lock);
    wire->next = w->first;
    wire->link = &w->first;
    if (w->first) w->first->link = &wire->next;
    w->first = wire;
    atomic_fetch_add(&w->count, 1);
    pthread_mutex_unlock(&w->lock);
}

void usherd_watch_remove(usherd_watch *w, usherd_wire *wire)
{
    pthread_mutex_lock(&w->lock);
    *wire->link = wire->next;
    if (wire->next) wire->next->link = wire->link;
    atomic_fetch_sub(&w->count, 1);
    pthread_mutex_unlock(&w->lock);
}

/* the thread */

static void add_ms(struct timespec *t, long ms)
{
    t->tv_nsec += ms * 1000000;
    t->tv_sec += t->tv_nsec / 1000000000;
    t->tv_nsec %= 1000000000;
}

/* Sleeps for a tick; true when it is time to stop. */
static bool nap(usherd_watch *w)
{
    struct timespec until;

    clock_gettime(CLOCK_MONOTONIC, &until);
    add_ms(&until, USHERD_WATCH_TICK_MS);
    pthread_mutex_lock(&w->lock);
    while (!w->stop && pthread_cond_timedwait(&w->wake, &w->lock, &until) == 0)
        ;
    bool stop = w->stop;
    pthread_mutex_unlock(&w->lock);
    return stop;
}

static void *watch(void *ctx)
{
    usherd_watch *w = ctx;

    while (!nap(w)) {
        usherd_watch_look(w, usherd_mono_ms());
        if (w->on_tick) w->on_tick(w->ctx);
    }
    return NULL;
}

usher_status usherd_watch_init(usherd_watch *w, usher_error *err)
{
    pthread_condattr_t attr;

    *w = (usherd_watch){0};
    if (pthread_mutex_init(&w->lock, NULL) != 0 || pthread_condattr_init(&attr) != 0)
        return usher_fail(err, USHER_E_NOMEM, "deadline: no mutex", 0);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    int failed = pthread_cond_init(&w->wake, &attr);
    pthread_condattr_destroy(&attr);
    return failed ? usher_fail(err, USHER_E_NOMEM, "deadline: no condition", 0) : USHER_OK;
}

usher_status usherd_watch_start(usherd_watch *w, usher_error *err)
{
    if (pthread_create(&w->thread, NULL, watch, w) != 0)
        return usher_fail(err, USHER_E_NOMEM, "deadline: no thread", 0);
    w->running = true;
    return USHER_OK;
}

void usherd_watch_deinit(usherd_watch *w)
{
    if (w->running) {
        pthread_mutex_lock(&w->lock);
        w->stop = true;
        pthread_cond_signal(&w->wake);
        pthread_mutex_unlock(&w->lock);
        pthread_join(w->thread, NULL);
    }
    pthread_cond_destroy(&w->wake);
    pthread_mutex_destroy(&w->lock);
}
