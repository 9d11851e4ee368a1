/* vectors_id_token - ID tokens against the rules of OpenID Connect. A recorded verdict binds where
 * its strength is MUST. */
#ifndef USHER_HOSTS_CLI_VECTORS_ID_TOKEN_H
#define USHER_HOSTS_CLI_VECTORS_ID_TOKEN_H

#include "hosts/cli/vector.h"

USHER_MUST_USE usher_status vectors_id_token(vector *v, usher_error *err);

#endif
