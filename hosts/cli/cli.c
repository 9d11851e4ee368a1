#include "hosts/cli/cli.h"

#include <string.h>

#include "base/error.h"
#include "base/str.h"

/* C0, DEL, and C1 as it is spelt in UTF-8 (C2 80 - C2 9F). */
static size_t control_length(usher_str s)
{
    unsigned char c = (unsigned char)s.ptr[0];

    if (c == 0xc2 && s.len > 1 && (unsigned char)s.ptr[1] >= 0x80 && (unsigned char)s.ptr[1] < 0xa0)
        return 2;
    return c < 0x20 || c == 0x7f;
}

void cli_put_text(FILE *to, usher_str text)
{
    while (text.len) {
        size_t control = control_length(text);

        fputc(control ? '?' : text.ptr[0], to);
        text = usher_str_from(text, control ? control : 1);
    }
}

/* In JSON controls stand in strings, where they have another spelling, or are white space. */
void cli_put_json(FILE *to, usher_str json)
{
    while (json.len) {
        size_t control = control_length(json);
        unsigned char c = (unsigned char)json.ptr[control ? control - 1 : 0];

        if (control && c >= 0x7f)
            fprintf(to, "\\u%04x", (unsigned)c);
        else
            fputc(control ? ' ' : c, to);
        json = usher_str_from(json, control ? control : 1);
    }
}

void cli_put(FILE *to, usher_str text)
{
    if (text.len) fwrite(text.ptr, 1, text.len, to);
}

cli_exit cli_complain(cli *c, const char *what)
{
    fprintf(c->err, "usher: %s\n", what);
    return CLI_USAGE;
}

cli_exit cli_complain_about(cli *c, const char *what, usher_str about)
{
    fprintf(c->err, "usher: %s: ", what);
    cli_put_text(c->err, about);
    fputc('\n', c->err);
    return CLI_USAGE;
}

cli_exit cli_complain_error(cli *c, const usher_error *err)
{
    fprintf(c->err, "usher: %s (%s)\n", err->what ? err->what : "failed",
            usher_status_name(err->status));
    return CLI_USAGE;
}

usher_status cli_read_line(usher_str *line, bool *more, cli *c, usher_arena *a, size_t max,
                           usher_error *err)
{
    usher_buf b;
    int ch;

    *more = false;
    usher_buf_init(&b, a, max);
    while ((ch = getc(c->in)) != EOF && ch != '\n')
        usher_buf_put_char(&b, (char)ch);
    *more = ch != EOF || b.len;
    usher_status rc = usher_buf_take(line, &b, err);
    if (rc == USHER_OK && line->len && line->ptr[line->len - 1] == '\r') line->len--;
    return rc;
}

static usher_status read_all(usher_str *text, cli *c, FILE *from, size_t max, usher_error *err)
{
    usher_buf b;
    size_t got = 1;

    usher_buf_init(&b, &c->arena, max);
    while (got) {
        char chunk[4096];

        got = fread(chunk, 1, sizeof chunk, from);
        usher_buf_put(&b, (usher_str){chunk, got});
    }
    if (ferror(from)) return usher_fail(err, USHER_E_IO, "the file cannot be read", 0);
    return usher_buf_take(text, &b, err);
}

usher_status cli_read_file(usher_str *text, cli *c, const char *path, size_t max, usher_error *err)
{
    usher_status rc;

    *text = (usher_str){0};
    if (usher_str_eq(usher_str_z(path), USHER_STR("-"))) return read_all(text, c, c->in, max, err);
    FILE *f = fopen(path, "rb");
    if (!f) return usher_fail(err, USHER_E_IO, "the file cannot be opened", 0);
    rc = read_all(text, c, f, max, err);
    fclose(f);
    return rc;
}

cli_exit cli_print_buf(cli *c, usher_buf *b)
{
    usher_str text;
    usher_error err = {0};

    if (usher_buf_take(&text, b, &err)) return cli_complain_error(c, &err);
    cli_put(c->out, text);
    fputc('\n', c->out);
    return CLI_OK;
}
