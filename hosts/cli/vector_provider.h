/* vector_provider - an OpenID provider without a socket, which answers what the engine wants in a
 * case: its documents, and tokens signed with a key made for the occasion (ES256). */
#ifndef USHER_HOSTS_CLI_VECTOR_PROVIDER_H
#define USHER_HOSTS_CLI_VECTOR_PROVIDER_H

#include "base/arena.h"
#include "usher/exchange.h"

#define VECTOR_ISSUER "https://idp.example.com"

typedef struct vector_provider {
    void *key; /* EVP_PKEY */
    usher_arena *arena;
    usher_str client_id, nonce; /* of the ID token; nonce absent: none */
    int64_t now_s;
    usher_str token_body; /* what was sent to the token endpoint; absent: it was not asked */
} vector_provider;

USHER_MUST_USE usher_status vector_provider_open(vector_provider *out, usher_arena *a,
                                                 int64_t now_s, usher_error *err);
void vector_provider_close(vector_provider *p);
/* Answers a fetch. What the event points to is in the arena. */
USHER_MUST_USE usher_status vector_provider_answer(vector_provider *p, const usher_fetch *fetch,
                                                   usher_event *event, usher_error *err);

#endif
