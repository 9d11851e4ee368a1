/* vectors_email - the one-time tokens of sign-in by mail: the identifier an address stands for,
 * what is stored, the link, and where the browser goes once it is sent. Where it goes after a
 * refusal is the flow's business, and not judged here. */
#ifndef USHER_HOSTS_CLI_VECTORS_EMAIL_H
#define USHER_HOSTS_CLI_VECTORS_EMAIL_H

#include "hosts/cli/vector.h"

USHER_MUST_USE usher_status vectors_authjs4_verification(vector *v, usher_error *err);
USHER_MUST_USE usher_status vectors_authjs5_verification(vector *v, usher_error *err);

#endif
