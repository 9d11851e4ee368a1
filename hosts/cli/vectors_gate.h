/* vectors_gate - the operations of Next.js' matchers and of NextAuth v4's middleware. */
#ifndef USHER_HOSTS_CLI_VECTORS_GATE_H
#define USHER_HOSTS_CLI_VECTORS_GATE_H

#include "hosts/cli/vector.h"

USHER_MUST_USE usher_status vectors_next_matcher(vector *v, usher_error *err);
USHER_MUST_USE usher_status vectors_authjs4_with_auth(vector *v, usher_error *err);

#endif
