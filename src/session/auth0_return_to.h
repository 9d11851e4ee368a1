/* auth0_return_to - where a sign-in of Auth0's SDK ends: the path that is kept from the request,
 * and the URL that the browser is sent to. */
#ifndef USHER_SESSION_AUTH0_RETURN_TO_H
#define USHER_SESSION_AUTH0_RETURN_TO_H

#include "base/arena.h"
#include "usher/base.h"

/* Resolves `value` against the application's base URL as a browser would (WHATWG URL), and keeps
 * path, query and fragment if it stays on the base's origin; otherwise `fallback`, also where the
 * result is longer than `max` bytes. Only http and https are looked at: a blob: URL has an origin
 * too. The result is ASCII that begins with '/'. USHER_E_SETTING if `base` is no URL. */
USHER_MUST_USE usher_status usher_auth0_return_to(usher_str *path, usher_arena *a, usher_str value,
                                                  usher_str base, usher_str fallback, size_t max,
                                                  usher_error *err);

/* The absolute URL of a kept path below the base URL: always on the base's origin. The original
 * takes one slash off and resolves what is left, so that "/https://elsewhere" leads elsewhere;
 * there the path is put behind the base's path instead. */
USHER_MUST_USE usher_status usher_auth0_location(usher_str *url, usher_arena *a, usher_str path,
                                                 usher_str base, usher_error *err);

#endif
