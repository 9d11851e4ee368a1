/* error - how a failing step records its detail. One line at the place that knows. */
#ifndef USHER_BASE_ERROR_H
#define USHER_BASE_ERROR_H

#include "usher/base.h"

#define USHER_LINE_TEXT2(line) #line
#define USHER_LINE_TEXT(line)  USHER_LINE_TEXT2(line)
#define USHER_HERE             __FILE__ ":" USHER_LINE_TEXT(__LINE__)

/* return usher_fail(err, USHER_E_SYNTAX, "cookie: no name", at); `err` may be NULL. */
#define usher_fail(err, status, what, at) usher_fail_at((err), (status), (what), USHER_HERE, (at))
usher_status usher_fail_at(usher_error *err, usher_status status, const char *what,
                           const char *where, size_t at);

/* return usher_pass(err, &why): hands a detail on that was kept aside until it was known to matter.
 */
usher_status usher_pass(usher_error *err, const usher_error *why);

#endif
