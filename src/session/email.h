/* email - the e-mail address somebody signs in with, as the one identifier it stands for.
 *
 * Read as the originals read it: compatibility forms folded (NFKC) before anything is looked for,
 * so that a full-width at-sign is an at-sign; white space trimmed, everything in lower case (in
 * full: one letter may become two); exactly one '@', no quote; a domain ends at its first comma.
 * Stricter in one way: white space and control characters inside are refused, since the address
 * goes into a mail's header. */
#ifndef USHER_SESSION_EMAIL_H
#define USHER_SESSION_EMAIL_H

#include "base/arena.h"
#include "usher/base.h"

#define USHER_EMAIL_MAX 1024 /* bytes that are looked at */

/* *out is in the arena, or absent if `text` is no single address: an answer, not a status.
 * `dotted`: the domain must have a dot (nextauth-4 asks that, authjs-5 does not). Given its own
 * result again, it gives the same, but for rare letters that only fold once they are small. */
USHER_MUST_USE usher_status usher_email_read(usher_str *out, usher_arena *a, usher_str text,
                                             bool dotted, usher_error *err);

#endif
