/* upkeep - what the daemon does by the clock, whether or not somebody asks: late connections are
 * cut and said so, withheld log lines are summed up, what the host keeps for others is forgotten.
 */
#ifndef USHERD_UPKEEP_H
#define USHERD_UPKEEP_H

#include "hosts/daemon/daemon.h"

/* Starts d->watch; d's settings, log and host are there. usherd_watch_deinit ends it, before they
 * go. */
USHER_MUST_USE usher_status usherd_upkeep_start(usherd *d, usher_error *err);

#endif
