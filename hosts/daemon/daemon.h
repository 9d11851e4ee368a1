/* daemon - what the parts of usherd share. Made by main, read by every thread. */
#ifndef USHERD_DAEMON_H
#define USHERD_DAEMON_H

#include "hosts/daemon/counters.h"
#include "hosts/daemon/deadline.h"
#include "hosts/daemon/exchanges.h"
#include "hosts/daemon/files.h"
#include "hosts/daemon/log.h"
#include "hosts/daemon/workers.h"
#include "io/address.h"
#include "site/daemon.h"
#include "usher/drive.h"

#define USHERD_IDLE_TIMEOUT_S   30   /* of a kept connection without a request */
#define USHERD_ANSWER_TIMEOUT_S 60   /* for taking the answer */
#define USHERD_WAITING_MAX      1024 /* requests that wait for a worker */
#define USHERD_QUEUE_S          5    /* how long one of them may wait; then it gets 503 */

typedef struct usherd {
    usher_daemon_settings settings;
    usher_address_range *trusted; /* settings.trusted_peers, read */
    usher_site *site;
    usher_host *host;
    usherd_files files;
    usherd_exchanges exchanges;
    usherd_workers workers;
    usherd_watch watch;
    usherd_log log;
    usherd_counters counters;
    atomic_bool draining;    /* no new connections, and kept ones are closed */
    atomic_size_t in_flight; /* requests whose head is complete and whose answer is not yet sent */
} usherd;

#endif
