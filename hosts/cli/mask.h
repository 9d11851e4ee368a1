/* mask - claims as they may be shown: what is itself a key to something is hidden. */
#ifndef USHER_HOSTS_CLI_MASK_H
#define USHER_HOSTS_CLI_MASK_H

#include "wire/json.h"

/* Whether a member of that name is hidden: access_token, refresh_token, id_token, anything else
 * with "token" or "secret" in it, passwords, code verifiers; not those that only describe one
 * (token_type, …_expires_at). */
bool cli_is_secret_name(usher_str name);

/* Writes the object, each hidden value replaced by "(hidden, N characters)"; null, true and false
 * are shown. Objects and arrays inside are masked in the same way; very deep ones are hidden
 * whole. Failures stick in the writer's buffer or are returned. */
USHER_MUST_USE usher_status cli_put_masked(usher_json_writer *w, usher_arena *a,
                                           const usher_json_object *object, usher_error *err);

#endif
