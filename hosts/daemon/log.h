/* log - one JSON object a line on stderr. What may stand there is chosen in record.c; never a
 * cookie, a query, a body or a token. Threads: everything may be called by any. */
#ifndef USHERD_LOG_H
#define USHERD_LOG_H

#include <pthread.h>
#include <stdatomic.h>

#include "hosts/daemon/causes.h"
#include "usher/base.h"

#define USHERD_LOG_LINE_MAX  8192
#define USHERD_LOG_VALUE_MAX 256 /* of a text; longer ones are cut and end in … */
#define USHERD_LOG_REPEATS   10  /* lines a second for each cause */

typedef enum usherd_level { USHERD_INFO, USHERD_WARNING, USHERD_ERROR } usherd_level;

typedef struct usherd_log {
    int fd;
    pthread_mutex_t lock;
    struct {
        int64_t second;
        unsigned lines, withheld;
    } repeats[USHERD_CAUSE_COUNT];
    atomic_uint_least64_t lost; /* lines that the other end did not take in time */
} usherd_log;

void usherd_log_init(usherd_log *log, int fd);
void usherd_log_deinit(usherd_log *log);

/* A line under way. A field that does not fit is left out. */
typedef struct usherd_line {
    usherd_log *log;
    size_t len;
    bool some;      /* the object under way has a member */
    unsigned muted; /* brackets that did not fit: what stands in them is left out */
    char text[USHERD_LOG_LINE_MAX];
} usherd_line;

void usherd_line_begin(usherd_line *l, usherd_log *log, usherd_level level, const char *event);
void usherd_line_str(usherd_line *l, const char *name, usher_str value); /* nothing if absent */
void usherd_line_z(usherd_line *l, const char *name, const char *value); /* nothing if NULL */
void usherd_line_int(usherd_line *l, const char *name, int64_t value);
void usherd_line_open(usherd_line *l, const char *name, char bracket); /* '{' or '[' */
void usherd_line_close(usherd_line *l, char bracket);                  /* '}' or ']' */
void usherd_line_item(usherd_line *l, const char *word);               /* of an array */
void usherd_line_end(usherd_line *l);                                  /* writes it */

/* Whether one more line about this cause may be written in this second; counts those withheld. */
bool usherd_log_may(usherd_log *log, unsigned cause, int64_t now_s);
/* Writes what was withheld in seconds that are over. Call now and then; INT64_MAX for everything.
 */
void usherd_log_sum_up(usherd_log *log, int64_t now_s);

#endif
