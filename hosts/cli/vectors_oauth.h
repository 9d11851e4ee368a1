/* vectors_oauth - sign-in at a provider: the way there (which parameters and check cookies) and the
 * way back (which of them are believed), through the engine and a provider of a few lines. The
 * originals' plain OAuth 2 providers stand as OpenID providers here, which give an ID token more.
 */
#ifndef USHER_HOSTS_CLI_VECTORS_OAUTH_H
#define USHER_HOSTS_CLI_VECTORS_OAUTH_H

#include "hosts/cli/vector.h"

USHER_MUST_USE usher_status vectors_authjs4_oauth_sign_in(vector *v, usher_error *err);
USHER_MUST_USE usher_status vectors_authjs5_oauth_sign_in(vector *v, usher_error *err);
USHER_MUST_USE usher_status vectors_authjs4_oauth_callback(vector *v, usher_error *err);
USHER_MUST_USE usher_status vectors_authjs5_oauth_callback(vector *v, usher_error *err);

#endif
