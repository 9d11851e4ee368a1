/* settings - from the command line and the settings file to what the daemon runs with. */
#ifndef USHERD_SETTINGS_H
#define USHERD_SETTINGS_H

#include "hosts/daemon/daemon.h"

#define USHERD_DEFAULT_CONFIG "/etc/usher/usherd.yaml"

typedef struct usherd_options {
    const char *config; /* path */
    const char *listen; /* instead of the file's; NULL: the file's */
    bool check;         /* look at the settings and go */
} usherd_options;

/* Fills settings, trusted, site and files of `d`; texts go into `a`, which must outlive it.
 * Problems are added to `problems`, errors and warnings. USHER_E_SETTING: there are errors among
 * them. */
USHER_MUST_USE usher_status usherd_settings_load(usherd *d, usher_arena *a,
                                                 const usherd_options *options,
                                                 usher_problems *problems, usher_error *err);
void usherd_settings_free(usherd *d);

#endif
