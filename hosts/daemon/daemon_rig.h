/* daemon_rig - runs the built usherd for tests, and speaks to it over plain sockets. */
#ifndef USHERD_DAEMON_RIG_H
#define USHERD_DAEMON_RIG_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

typedef struct rig_daemon {
    pid_t pid;
    unsigned port;
    int out;       /* its stdout */
    char dir[256]; /* a folder of its own: usherd.yaml, log, and what a test puts there */
} rig_daemon;

/* Makes the folder. */
bool rig_make(rig_daemon *d);
bool rig_put(const rig_daemon *d, const char *name, const void *bytes, size_t len);
/* Writes the settings and starts `usherd --config … args`; does not wait. `args` ends with NULL. */
bool rig_spawn(rig_daemon *d, const char *settings, const char *const *args);
/* Waits for the ready line. */
bool rig_ready(rig_daemon *d);
/* All of this. */
bool rig_start(rig_daemon *d, const char *settings);
/* Exit status; -1 if it was killed by a signal, -2 if it still runs after that time. */
int rig_wait(rig_daemon *d, int timeout_ms);
/* SIGTERM, wait, remove the folder. The exit status. */
int rig_stop(rig_daemon *d);
void rig_remove(rig_daemon *d); /* the folder; after rig_wait */

/* What it has written to stderr so far; free it. */
char *rig_log(const rig_daemon *d);
/* Whether the log has this text, waiting a little for it. */
bool rig_logged(const rig_daemon *d, const char *text);
/* A number of the newest line of counters, by its name; asks for one. -1 if it is not there. */
long rig_counter(const rig_daemon *d, const char *name);
/* Open descriptors of the process. */
int rig_descriptors(const rig_daemon *d);

int rig_connect(const rig_daemon *d); /* or -1 */
bool rig_send(int fd, const void *bytes, size_t len);

typedef struct rig_answer {
    int status;  /* 0: no answer */
    bool closed; /* the other side closed the connection after it */
    size_t len;  /* of all bytes */
    const char *body;
    char bytes[65536];
} rig_answer;

/* Reads one answer with its body; `head`: none follows. False if nothing came in time. */
bool rig_receive(int fd, rig_answer *a, bool head);
/* Reads until the other side closes. */
void rig_drain(int fd, rig_answer *a, int timeout_ms);
/* One request on a connection of its own; the answer is read as in rig_receive. */
bool rig_ask(const rig_daemon *d, const char *request, rig_answer *a);
/* A header's value up to its line end, or NULL. */
const char *rig_header(const rig_answer *a, const char *name);

long long rig_now_ms(void);

#endif
