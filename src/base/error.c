#include "base/error.h"
usher_status usher_fail_at(usher_error *err, usher_status status, const char *what,
                           const char *where, size_t at)
{
    if (err) *err = (usher_error){status, what, where, at};
    return status;
}

usher_status usher_pass(usher_error *err, const usher_error *why)
{
    if (err) *err = *why;
    return why->status;
}

const char *usher_status_name(usher_status status)
{
    switch (status) {
    case USHER_OK: return "USHER_OK";
    case USHER_E_USAGE: return "USHER_E_USAGE";
    case USHER_E_SETTING: return "USHER_E_SETTING";
    case USHER_E_SYNTAX: return "USHER_E_SYNTAX";
    case USHER_E_FORGED: return "USHER_E_FORGED";
    case USHER_E_UNSUPPORTED: return "USHER_E_UNSUPPORTED";
    case USHER_E_NOMEM: return "USHER_E_NOMEM";
    case USHER_E_LIMIT: return "USHER_E_LIMIT";
    case USHER_E_CRYPTO: return "USHER_E_CRYPTO";
    case USHER_E_IO: return "USHER_E_IO";
    }
    return "USHER_E_?";
}
