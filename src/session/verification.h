/* verification - the one-time token of a sign-in by mail: what is stored of it, and the link that
 * is sent. */
#ifndef USHER_SESSION_VERIFICATION_H
#define USHER_SESSION_VERIFICATION_H

#include "session/keyring.h"

#define USHER_VERIFICATION_TOKEN 64 /* characters */
#define USHER_VERIFICATION_HASH  64

/* 32 random bytes in hex. */
USHER_MUST_USE usher_status usher_verification_new(char out[USHER_VERIFICATION_TOKEN],
                                                   usher_entropy entropy, usher_error *err);
/* What goes into the store: SHA-256, in hex, of the token followed by the provider's own secret, or
 * by the site's if it has none (a list joined by commas where the original knows lists). A row that
 * somebody reads is no link. */
USHER_MUST_USE usher_status usher_verification_hash(char out[USHER_VERIFICATION_HASH],
                                                    const usher_keyring *keys,
                                                    usher_secret provider_secret, usher_str token,
                                                    usher_error *err);
/* {callback}?callbackUrl=…&token=…&email=…, `callback` being the URL of the provider's callback. */
USHER_MUST_USE usher_status usher_verification_link(usher_str *out, usher_arena *a,
                                                    usher_str callback, usher_str callback_url,
                                                    usher_str token, usher_str address,
                                                    usher_error *err);
/* Where the browser is sent once the mail is: {page}?provider=…&type=email. */
USHER_MUST_USE usher_status usher_verification_sent(usher_str *out, usher_arena *a, usher_str page,
                                                    usher_str provider, usher_error *err);

#endif
