/* vector - one measured case of a vectors file (format: tests/vectors/manifest.json): its parts,
 * and how what we did is held against what was recorded. */
#ifndef USHER_HOSTS_CLI_VECTOR_H
#define USHER_HOSTS_CLI_VECTOR_H

#include "session/token.h"
#include "wire/json.h"

typedef struct vector {
    usher_str id, tests, op, conformance;
    usher_json_object input, expected;
    /* what running it takes and leaves */
    usher_arena *arena;
    usher_jwe_cipher *cipher;
    usher_buf said; /* why it failed, line by line; empty: it passed */
} vector;

/* Reads one item of a file's "vectors". */
USHER_MUST_USE usher_status vector_read(vector *out, usher_arena *a, usher_json item,
                                        usher_error *err);

/* A text of the input; absent if there is none (or null). */
USHER_MUST_USE usher_status vector_text(usher_str *out, const vector *v, const char *name,
                                        usher_error *err);
/* A header's value: characters U+0080 to U+00FF stand for single bytes. */
USHER_MUST_USE usher_status vector_bytes(usher_str *out, const vector *v, usher_str text,
                                         usher_error *err);
USHER_MUST_USE usher_status vector_header(usher_str *out, const vector *v, const char *name,
                                          usher_error *err);
/* input.secret, a text or a list of them. */
USHER_MUST_USE usher_status vector_secrets(usher_secret *out, size_t *count, const vector *v,
                                           usher_error *err);
int64_t vector_now(const vector *v); /* 0 if it does not depend on the time */
bool vector_flag(const vector *v, const char *name);

/* What the case's conformance lets pass whatever was recorded. */
bool vector_allows(const vector *v, bool valid);

/* Records a difference: the case has failed. Long texts are cut. */
void vector_differs(vector *v, const char *what, usher_str expected, usher_str got);

/* What an operation that opens tokens came to. */
typedef struct vector_outcome {
    usher_verdict verdict;
    usher_cause cause;
    usher_str claims;    /* JSON, if valid */
    usher_str assembled; /* the joined token; absent where there is none */
} vector_outcome;

/* Holds it against `expected`, as far as the case's conformance binds. `where` names a part of it
 * ("pages"), or is empty. */
USHER_MUST_USE usher_status vector_judge(vector *v, const char *where,
                                         const usher_json_object *expected,
                                         const vector_outcome *got, usher_error *err);
/* The same for a yes or no: where a refusal is always right, `no` is. */
void vector_judge_bool(vector *v, const char *name, bool got);

#endif
