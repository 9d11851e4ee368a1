/* listener - the HTTP server: sockets, libmicrohttpd's callbacks, and when a request is whose turn.
 */
#ifndef USHERD_LISTENER_H
#define USHERD_LISTENER_H

#include "hosts/daemon/daemon.h"

struct MHD_Daemon;

typedef struct usherd_listener {
    struct MHD_Daemon *http;
    char url[80]; /* what it listens on, with the real port */
} usherd_listener;

/* Binds, and starts to serve. */
USHER_MUST_USE usher_status usherd_listener_start(usherd_listener *l, usherd *d, usher_error *err);
/* No new connection from here on. */
void usherd_listener_quiesce(usherd_listener *l);
/* Closes what is left. Nothing may be in flight. */
void usherd_listener_stop(usherd_listener *l);

/* Reads settings.listen, for --check: false if it is no address and port. */
bool usherd_listen_read(usher_str text, usher_address *address, uint16_t *port);

#endif
