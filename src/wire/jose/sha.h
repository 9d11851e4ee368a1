/* sha - may libcrypto's hash functions be called by themselves? Every EVP_MD_CTX, and every copy of
 * one, takes and gives back memory in 3.0, for each message; SHA512_Update and its like work in the
 * caller's. 3.0 calls them deprecated and keeps them. A libcrypto built without those, and a build
 * with USHER_PROVIDERS_ONLY, goes by EVP. */
#ifndef USHER_WIRE_JOSE_SHA_H
#define USHER_WIRE_JOSE_SHA_H

#ifndef OPENSSL_SUPPRESS_DEPRECATED
#define OPENSSL_SUPPRESS_DEPRECATED
#endif
#include <openssl/opensslconf.h>

#if !defined(OPENSSL_NO_DEPRECATED_3_0) && !defined(USHER_PROVIDERS_ONLY)
#define USHER_SHA_STATES 1
#include <openssl/sha.h>
#else
#define USHER_SHA_STATES 0
#endif

#endif
