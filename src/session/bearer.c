#include "session/bearer.h"

#include "base/error.h"
#include "base/str.h"
#include "wire/percent.h"

usher_status usher_bearer_read(usher_str *token, usher_arena *a, usher_str authorization,
                               usher_error *err)
{
    usher_error why = {0};
    usher_str rest, more;
    usher_status rc;

    *token = (usher_str){0};
    if (!usher_str_eq(usher_str_cut(authorization, ' ', &rest), USHER_STR("Bearer")))
        return USHER_OK;
    usher_str word = rest.ptr ? usher_str_cut(rest, ' ', &more) : USHER_STR("undefined");
    rc = usher_percent_decode(token, a, word, &why);
    if (rc == USHER_OK) return USHER_OK;
    *token = (usher_str){0};
    if (rc == USHER_E_SYNTAX) return USHER_OK;
    if (err) *err = why;
    return rc;
}
