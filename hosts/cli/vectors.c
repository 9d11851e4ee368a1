/* vectors - runs files of measured cases. */
#include <unistd.h>

#include "base/str.h"
#include "hosts/cli/commands.h"
#include "hosts/cli/vector_ops.h"

#define FILE_MAX ((size_t)64 << 20)

/* The files are our own: the bounds only keep a mistake from taking the machine. */
static const usher_json_limits file_limits = {.depth = 64, .members = 4096};

typedef struct tally {
    size_t passed, failed;
} tally;

static void print_failure(cli *c, const vector *v, usher_str why)
{
    fprintf(c->out, "FAILED ");
    cli_put_text(c->out, v->id);
    fprintf(c->out, ": ");
    cli_put_text(c->out, v->tests);
    fputc('\n', c->out);
    while (why.len) {
        cli_put_text(c->out, usher_str_cut(why, '\n', &why));
        fputc('\n', c->out);
    }
}

static void fail_about(cli *c, tally *t, const vector *v, const char *what, usher_str about)
{
    t->failed++;
    print_failure(c, v, (usher_str){0});
    fprintf(c->out, "  %s", what);
    cli_put_text(c->out, about);
    fputc('\n', c->out);
}

static void run_case(cli *c, tally *t, usher_arena *a, usher_jwe_cipher *cipher, usher_json item)
{
    usher_error err = {0};
    vector v;

    if (vector_read(&v, a, item, &err)) {
        fail_about(c, t, &v, "not a case: ", usher_str_z(err.what));
        return;
    }
    v.cipher = cipher;
    const vector_op *op = vector_op_named(v.op);
    if (!op) {
        fail_about(c, t, &v, "operation not built yet: ", v.op);
        return;
    }
    if (op->run(&v, &err)) {
        fail_about(c, t, &v, "could not tell: ", usher_str_z(err.what));
        return;
    }
    if (v.said.failed || v.said.len) {
        t->failed++;
        print_failure(c, &v, usher_buf_view(&v.said));
        return;
    }
    t->passed++;
}

static void show_progress(cli *c, const char *path, size_t n)
{
    if (n % 16 == 0 && isatty(fileno(c->err))) fprintf(c->err, "\r%s %zu\033[K", path, n);
}

static void clear_progress(cli *c)
{
    if (isatty(fileno(c->err))) fprintf(c->err, "\r\033[K");
}

static void run_cases(cli *c, tally *t, usher_jwe_cipher *cipher, const char *path,
                      usher_json vectors)
{
    usher_str rest = vectors.text;
    usher_json item;
    usher_arena a;

    usher_arena_init(&a, c->alloc, 1 << 20, (size_t)1 << 29);
    for (size_t n = 0; usher_json_next(&item, &rest); n++) {
        show_progress(c, path, n);
        run_case(c, t, &a, cipher, item);
        usher_arena_reset(&a);
    }
    usher_arena_deinit(&a);
    clear_progress(c);
}

static cli_exit run_file(cli *c, tally *t, usher_jwe_cipher *cipher, usher_arena *a,
                         const char *path)
{
    usher_json_object file;
    usher_error err = {0};
    usher_str text;
    tally mine = {0, 0};

    if (cli_read_file(&text, c, path, FILE_MAX, &err) ||
        usher_json_read_object(&file, a, text, &file_limits, &err))
        return cli_complain_about(c, err.what ? err.what : "cannot be read", usher_str_z(path));
    usher_json vectors = usher_json_get(&file, USHER_STR("vectors"));
    if (!usher_json_string_is(usher_json_get(&file, USHER_STR("schema")),
                              USHER_STR("interop-vectors/1")) ||
        vectors.type != USHER_JSON_ARRAY)
        return cli_complain_about(c, "not a file of vectors", usher_str_z(path));
    run_cases(c, &mine, cipher, path, vectors);
    if (mine.passed + mine.failed == 0)
        return cli_complain_about(c, "no cases in the file", usher_str_z(path));
    t->passed += mine.passed;
    t->failed += mine.failed;
    fprintf(c->out, "%s: %zu of %zu\n", path, mine.passed, mine.passed + mine.failed);
    return CLI_OK;
}

cli_exit cli_vectors_command(cli *c, const cli_args *args)
{
    cli_exit code = CLI_OK, one;
    tally t = {0, 0};

    if (args->operand_count == 0) return cli_complain(c, "vectors wants files");
    usher_jwe_cipher *cipher = usher_jwe_cipher_new(c->alloc);
    if (!cipher) return cli_complain(c, "out of memory");
    for (size_t i = 0; i < args->operand_count; i++)
        if ((one = run_file(c, &t, cipher, &c->arena, args->operands[i])) > code) code = one;
    usher_jwe_cipher_free(cipher);
    fprintf(c->out, "%zu passed, %zu failed\n", t.passed, t.failed);
    return t.failed && code < CLI_NEGATIVE ? CLI_NEGATIVE : code;
}
