/* found - the token in what somebody pasted: a token, name=value, a Cookie or Set-Cookie or
 * Authorization line; and what it tells about its profile. */
#ifndef USHER_HOSTS_CLI_FOUND_H
#define USHER_HOSTS_CLI_FOUND_H

#include "hosts/cli/options.h"
#include "session/chunks.h"
#include "wire/json.h"

typedef struct cli_wanted {
    const usher_profile *profile; /* NULL: guess */
    usher_str cookie_name;        /* absent: the profile's */
    bool secure, insecure;        /* neither: both names are tried */
} cli_wanted;

typedef struct cli_found {
    const usher_profile *profile; /* never NULL */
    bool guessed;                 /* the profile was not given */
    bool from_cookie;
    usher_str token; /* empty if there is none */
    size_t pieces;
    bool too_many;
    usher_str header; /* auth0-4: the cookies it was found in; absent for a bare token */
    /* The cookie's name, for the key; where a bare token leaves it open, both are to be tried. */
    usher_str names[2];
    size_t name_count;
} cli_found;

/* The token's header: *text is absent if it has none that is a JSON object. */
USHER_MUST_USE usher_status cli_read_header(usher_str *text, usher_json_object *members,
                                            usher_arena *a, usher_str token, usher_error *err);

USHER_MUST_USE usher_status cli_find_token(cli_found *out, usher_arena *a, const cli_wanted *wanted,
                                           usher_str text, usher_error *err);

#endif
