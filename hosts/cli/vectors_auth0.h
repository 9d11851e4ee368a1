/* vectors_auth0 - the operations of Auth0's SDK. Where the original throws, or takes what it opened
 * for a session whatever it is, ours answers "no session": a recorded "invalid" asks for a refusal
 * only. */
#ifndef USHER_HOSTS_CLI_VECTORS_AUTH0_H
#define USHER_HOSTS_CLI_VECTORS_AUTH0_H

#include "hosts/cli/vector.h"

USHER_MUST_USE usher_status vectors_auth0_get_session(vector *v, usher_error *err);
USHER_MUST_USE usher_status vectors_auth0_roll(vector *v, usher_error *err);
USHER_MUST_USE usher_status vectors_auth0_callback(vector *v, usher_error *err);
USHER_MUST_USE usher_status vectors_auth0_return_to(vector *v, usher_error *err);

#endif
