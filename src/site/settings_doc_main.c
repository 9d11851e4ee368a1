/* settings_doc [--markdown | --man | --types | --json]: prints docs/settings.md, usherd.yaml(5),
 * the types of the npm package, or the table as JSON. Run by ./dev docs; a test holds the pages in
 * the repository against it. A program of its own, no part of the library. */
#include <stdio.h>

#include "base/str.h"
#include "site/doc.h"

static const struct {
    usher_str option;
    void (*write)(usher_buf *b);
} pages[] = {
    {USHER_STR_INIT("--markdown"), usher_settings_markdown},
    {USHER_STR_INIT("--man"), usher_settings_man},
    {USHER_STR_INIT("--types"), usher_settings_types},
    {USHER_STR_INIT("--json"), usher_settings_table_json},
};

static bool print(FILE *to, usher_str text)
{
    return fwrite(text.ptr, 1, text.len, to) == text.len && fflush(to) == 0;
}

static int print_page(void (*write)(usher_buf *b))
{
    usher_arena arena;
    usher_buf b;
    usher_str text;

    usher_arena_init(&arena, usher_allocator_default(), 65536, 4 * USHER_SETTINGS_DOC_MAX);
    usher_buf_init(&b, &arena, USHER_SETTINGS_DOC_MAX);
    write(&b);
    bool done = usher_buf_take(&text, &b, NULL) == USHER_OK && print(stdout, text);
    usher_arena_deinit(&arena);
    return done ? 0 : 1;
}

int main(int argc, char **argv)
{
    usher_str option = argc == 2 ? usher_str_z(argv[1]) : pages[0].option;

    for (size_t i = 0; argc <= 2 && i < sizeof pages / sizeof *pages; i++)
        if (usher_str_eq(option, pages[i].option)) return print_page(pages[i].write);
    (void)print(stderr, USHER_STR("usage: settings_doc [--markdown | --man | --types | --json]\n"));
    return 2;
}
