/* daemon - the `daemon` map of a settings file: what usherd needs beside its site. Same table, same
 * messages, same reference page as the site's settings. */
#ifndef USHER_SITE_DAEMON_H
#define USHER_SITE_DAEMON_H

#include "site/node.h"

typedef struct usher_daemon_settings {
    usher_str listen;               /* "127.0.0.1:3000", "[::1]:3000" */
    bool loopback;                  /* every address of `listen` is a loopback one */
    uint32_t threads;               /* that read requests; 0: one for each processor */
    uint32_t workers;               /* that may block on a provider; default 8 */
    uint32_t head_timeout_s;        /* whole request head, from accept; default 10 */
    uint32_t body_timeout_s;        /* whole body; default 20 */
    uint32_t drain_timeout_s;       /* at shutdown; default 25 */
    size_t head_max, body_max;      /* bytes; 64 KiB and 1 MiB */
    uint32_t connections_max;       /* default 10000 */
    const usher_str *trusted_peers; /* addresses or CIDR; empty: no forwarded header counts */
    size_t trusted_peer_count;
    usher_str check_path; /* forward authentication: "/_usher/check" */
    usher_str files;      /* folder of pages to serve, relative to the settings file; empty: none */
} usher_daemon_settings;

/* Views live as long as the arena. */
USHER_MUST_USE usher_status usher_daemon_settings_from_node(usher_daemon_settings *out,
                                                            usher_arena *a,
                                                            usher_problems *problems,
                                                            const usher_node *root, usher_str file,
                                                            usher_error *err);
#endif
