/* vector_ops - the operations that vectors are about, one function each, in a table. */
#ifndef USHER_HOSTS_CLI_VECTOR_OPS_H
#define USHER_HOSTS_CLI_VECTOR_OPS_H

#include "hosts/cli/vector.h"

typedef struct vector_op {
    const char *name;
    /* Runs the case and records each difference. A status: it could not be run. */
    usher_status (*run)(vector *v, usher_error *err);
} vector_op;

const vector_op *vector_op_named(usher_str name); /* NULL: we do not have it */

#endif
