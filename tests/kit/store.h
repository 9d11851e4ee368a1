/* store - rows in memory behind USHER_WANT_STORE, for tests: what an adapter of Auth.js or a
 * session store of Auth0's SDK does, with failures on command and a record of what was asked. */
#ifndef USHER_TESTS_KIT_STORE_H
#define USHER_TESTS_KIT_STORE_H

#include "usher/exchange.h"

#define KIT_ROWS_MAX  32
#define KIT_ROW_MAX   4096
#define KIT_STEPS_MAX 64

typedef enum kit_table {
    KIT_USERS,    /* key: the id */
    KIT_ACCOUNTS, /* key: provider, a space, providerAccountId */
    KIT_SESSIONS, /* key: the token */
    KIT_RECORDS,  /* key: the id */
} kit_table;

typedef struct kit_row {
    kit_table table;
    char key[512];
    char json[KIT_ROW_MAX];
} kit_row;

typedef struct kit_store {
    kit_row rows[KIT_ROWS_MAX];
    size_t count, users_made;
    bool unique_email; /* as most schemas have it */
    /* The step with number `fail_at` (from 0) ends as `failure` says. SIZE_MAX: none. */
    size_t fail_at;
    usher_event_kind failure;
    const char *garbage; /* what it answers, if `failure` is USHER_EVENT_STORED */
    usher_store_op steps[KIT_STEPS_MAX];
    size_t step_count;
    char answer[2 * KIT_ROW_MAX];
} kit_store;

void kit_store_init(kit_store *s);
/* Performs one step; *row is the store's until the next one. */
usher_event_kind kit_store_answer(kit_store *s, const usher_store *want, usher_str *row);

/* NULL if there is none. */
const char *kit_store_get(const kit_store *s, kit_table table, const char *key);
void kit_store_put(kit_store *s, kit_table table, const char *key, const char *json);
size_t kit_store_count(const kit_store *s, kit_table table);
/* "getUser createUser …": the steps since the last init, or since `s->step_count` was set to 0. */
const char *kit_store_steps(kit_store *s);

#endif
