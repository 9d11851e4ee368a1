/* jws_evp - the settings of libcrypto for each algorithm, shared by verifying and signing. */
#ifndef USHER_WIRE_JOSE_JWS_EVP_H
#define USHER_WIRE_JOSE_JWS_EVP_H

#include <openssl/evp.h>

#include "wire/jose/jws.h"

/* The digest's name; NULL with EdDSA, which has its own. Not for MACs. */
const char *usher_jws_md(usher_jws_alg alg);
/* Sets the padding of the RSA algorithms; nothing to do for others. */
bool usher_jws_pad(EVP_PKEY_CTX *ctx, usher_jws_alg alg);

#endif
