/* rows - what is timed, each row one call on one session: the floor, the engine's layers as its
 * users call them, and the steps that the layers are made of. */
#ifndef USHER_BENCH_ROWS_H
#define USHER_BENCH_ROWS_H

#include "bench/fixture.h"

typedef bool row_run(fixture *f);
typedef struct row {
    const char *name;
    row_run *run;
} row;

extern const row open_rows[], seal_rows[]; /* the last one has no name */
#define ROW_SESSION 3                      /* of open_rows: Cookie header to session */

/* What the checks of the answers need. */
bool rows_session(fixture *f, usher_str cookies, usher_verdict *verdict);
bool rows_open_floor(fixture *f);
bool rows_open_token(fixture *f);
bool rows_seal_token(fixture *f, usher_str *token);
bool rows_seal_again(fixture *f, usher_str *token);
bool rows_roll(fixture *f);

#endif
