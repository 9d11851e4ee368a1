/* op - an OpenID provider in a few functions, for tests of flows: answers the engine's wants with a
 * real ES256 key, without a socket. What the real provider does is proved elsewhere, against
 * oidc-provider; this one exists so that every want can be made to fail, lie or be late on command.
 */
#ifndef USHER_TESTS_KIT_OP_H
#define USHER_TESTS_KIT_OP_H

#include "tests/kit/kit.h"
#include "usher/exchange.h"

#define KIT_ISSUER "https://op.example"

typedef struct kit_op {
    void *key;       /* EVP_PKEY, P-256 */
    const char *kid; /* in tokens and in the key set */
    int64_t now_s;
    char nonce[128]; /* put into the ID token if not empty */
    char client_id[64];
    /* what to do wrong; empty: nothing */
    const char *id_token_claims;   /* the whole claims object instead of the right one */
    bool old_keys_first;           /* the first answer for keys has another key */
    bool no_id_token;              /* in the answer of the token endpoint */
    const char *metadata, *tokens; /* more members of those answers: ",\"a\":1" */
    char asked[4096];              /* the body of the last request that had one */
    size_t keys_asked;
    /* what was answered last; free with kit_op_free */
    char *body;
} kit_op;

void kit_op_init(kit_op *op, int64_t now_s);
void kit_op_free(kit_op *op);
/* Answers one fetch. The event points into the op until the next call. */
void kit_op_answer(kit_op *op, const usher_fetch *fetch, usher_event *event);

#endif
