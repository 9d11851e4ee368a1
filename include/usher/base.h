/* usher/base.h - the plain values that every other header uses: text views, statuses, errors, the
 * allocator. Values only: nothing here is opaque and nothing here allocates. Since 0.1. */
#ifndef USHER_BASE_H
#define USHER_BASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define USHER_API      __attribute__((visibility("default")))
#define USHER_MUST_USE __attribute__((warn_unused_result))
#else
#define USHER_API
#define USHER_MUST_USE
#endif

/* A view of bytes that somebody else owns. `ptr` is not NUL-terminated, and may be NULL when `len`
 * is 0. An absent value is {NULL, 0}; an empty one has a pointer. */
typedef struct usher_str {
    const char *ptr;
    size_t len;
} usher_str;

#define USHER_STR(lit) ((usher_str){"" lit, sizeof(lit) - 1}) /* literals only, in expressions */
#define USHER_STR_INIT(lit)                                                                        \
    {                                                                                              \
        "" lit, sizeof(lit) - 1                                                                    \
    } /* literals only, in initialisers */

/* Whether a call worked, and if not, who must act. The class is in the high byte. A forged or
 * expired cookie is an answer (see usher_verdict in usher/session.h), never a status of its own:
 * a status other than USHER_OK means "could not tell". */
typedef enum usher_status {
    USHER_OK = 0,
    USHER_E_USAGE = 0x100,  /* caller: our API misused */
    USHER_E_SETTING,        /* caller: a setting that cannot be used */
    USHER_E_SYNTAX = 0x200, /* peer: what the browser or the provider sent is not well-formed */
    USHER_E_FORGED,         /* peer: it does not authenticate */
    USHER_E_UNSUPPORTED,    /* peer: well-formed, but not of a kind that is accepted here */
    USHER_E_NOMEM = 0x300,  /* host: memory */
    USHER_E_LIMIT,          /* host: a bound of ours was reached */
    USHER_E_CRYPTO,         /* host: entropy or the crypto library failed */
    USHER_E_IO,             /* host: network, file or store */
} usher_status;

#define USHER_STATUS_CLASS(status) ((int)(status)&0xf00)
#define USHER_CLASS_CALLER         0x100
#define USHER_CLASS_PEER           0x200
#define USHER_CLASS_HOST           0x300

/* The detail for the log. `what` and `where` are static text, never bytes of the input. */
typedef struct usher_error {
    usher_status status;
    const char *what;  /* "base64url: character outside the alphabet" */
    const char *where; /* "src/wire/base64url.c:88" */
    size_t at;         /* offset in the input, for parsers */
} usher_error;

/* The name of a status, for messages: "USHER_E_NOMEM". Static text. */
USHER_API const char *usher_status_name(usher_status status);

/* Memory comes from the caller. `get` returns NULL on failure, else memory aligned for any type;
 * `put` takes NULL. The allocator must outlive whatever was made with it. Threads: the functions
 * are called by whichever thread uses the object. */
typedef struct usher_allocator {
    void *(*get)(void *ctx, size_t size);
    void (*put)(void *ctx, void *ptr, size_t size);
    void *ctx;
} usher_allocator;

/* malloc and free. */
USHER_API const usher_allocator *usher_allocator_default(void);

/* Random bytes come from the caller too. `fill` returns false when it cannot; the operation then
 * fails with USHER_E_CRYPTO and nothing is issued. */
typedef struct usher_entropy {
    bool (*fill)(void *ctx, uint8_t *out, size_t len);
    void *ctx;
} usher_entropy;

/* The crypto library's generator (fork-safe). */
USHER_API usher_entropy usher_entropy_default(void);

#ifdef __cplusplus
}
#endif
#endif
