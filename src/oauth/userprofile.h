/* userprofile - claims about a person -> the user a session is about. */
#ifndef USHER_OAUTH_USERPROFILE_H
#define USHER_OAUTH_USERPROFILE_H

#include "base/arena.h"
#include "usher/base.h"
#include "wire/json.h"

typedef struct usher_userprofile {
    usher_str id, name, email, image; /* absent if not given */
} usher_userprofile;

/* Both systems' default for OpenID Connect: id = sub; name = name, else nickname, else
 * preferred_username; email; image = picture. Strings of at most 2048 bytes; others are left out.
 */
USHER_MUST_USE usher_status usher_userprofile_read(usher_userprofile *out, usher_arena *a,
                                                   const usher_json_object *claims,
                                                   usher_error *err);
#endif
