/* compare - whether two JSON values mean the same to JavaScript. */
#ifndef USHER_HOSTS_CLI_COMPARE_H
#define USHER_HOSTS_CLI_COMPARE_H

#include "wire/json.h"

/* Members in any order, numbers as doubles (0 and -0 are equal; what no double can hold is
 * Infinity, which is printed, and so recorded, as null), texts by their UTF-16 units, lone
 * surrogates included. Both values must have been validated. A status is about memory only. */
USHER_MUST_USE usher_status cli_json_same(bool *same, usher_arena *a, usher_json one,
                                          usher_json other, usher_error *err);

#endif
