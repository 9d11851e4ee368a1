/* vectors_authjs - operations of the Auth.js family that are whole requests: redirects and
 * sessions. */
#ifndef USHER_HOSTS_CLI_VECTORS_AUTHJS_H
#define USHER_HOSTS_CLI_VECTORS_AUTHJS_H

#include "hosts/cli/vector.h"

USHER_MUST_USE usher_status vectors_authjs4_redirect(vector *v, usher_error *err);
USHER_MUST_USE usher_status vectors_authjs5_redirect(vector *v, usher_error *err);
USHER_MUST_USE usher_status vectors_authjs4_server_session(vector *v, usher_error *err);
USHER_MUST_USE usher_status vectors_authjs5_session(vector *v, usher_error *err);

#endif
