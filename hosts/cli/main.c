/* usher - the command line: what the process has, given to cli_run. */
#include <stdlib.h>
#include <time.h>

#include "hosts/cli/cli.h"

static const char *process_env(void *ctx, const char *name)
{
    (void)ctx;
    return getenv(name);
}

int main(int argc, char **argv)
{
    cli c = {
        .in = stdin,
        .out = stdout,
        .err = stderr,
        .getenv = process_env,
        .now_s = (int64_t)time(NULL),
        .entropy = usher_entropy_default(),
        .alloc = usher_allocator_default(),
    };

    return (int)cli_run(&c, argc, argv);
}
