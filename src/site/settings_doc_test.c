#include "site/doc.h"
#include "site/table.h"

#include "tests/kit/kit.h"
#include "wire/json.h"

static const usher_json_limits limits = {16, 100};

typedef struct page {
    usher_arena arena;
    usher_str text;
} page;

static void write_page(page *p, void (*write)(usher_buf *b))
{
    usher_buf b;

    usher_arena_init(&p->arena, usher_allocator_default(), 65536, 4 * USHER_SETTINGS_DOC_MAX);
    usher_buf_init(&b, &p->arena, USHER_SETTINGS_DOC_MAX);
    write(&b);
    assert_ok(usher_buf_take(&p->text, &b, NULL));
}

static void test_the_pages_in_the_repository_are_current(void **state)
{
    (void)state;
    static const struct {
        const char *path;
        void (*write)(usher_buf *b);
    } pages[] = {
        {"docs/settings.md", usher_settings_markdown},
        {"docs/man/usherd.yaml.5", usher_settings_man},
        {"hosts/node/settings.d.ts", usher_settings_types},
    };

    for (size_t i = 0; i < sizeof pages / sizeof *pages; i++) {
        page p;
        size_t len;
        char *text = kit_read_file(pages[i].path, &len);
        write_page(&p, pages[i].write);
        if (len != p.text.len || memcmp(text, p.text.ptr, len) != 0)
            fail_msg("%s is not what the table says; run ./dev docs", pages[i].path);
        usher_arena_deinit(&p.arena);
        free(text);
    }
}

static void test_the_table_as_json(void **state)
{
    (void)state;
    page p;
    usher_json_object top;
    usher_json item;
    size_t tables = 0, rows = 0;

    write_page(&p, usher_settings_table_json);
    assert_ok(usher_json_read_object(&top, &p.arena, p.text, &limits, NULL));
    usher_str rest = usher_json_get(&top, kit_str("tables")).text;
    for (; usher_json_next(&item, &rest); tables++) {
        usher_json_object table;
        usher_json row;
        assert_ok(usher_json_members(&table, &p.arena, item, NULL));
        usher_str left = usher_json_get(&table, kit_str("settings")).text;
        while (usher_json_next(&row, &left)) {
            usher_json_object setting;
            assert_ok(usher_json_members(&setting, &p.arena, row, NULL));
            assert_int_equal(usher_json_get(&setting, kit_str("path")).type, USHER_JSON_STRING);
            assert_int_equal(usher_json_get(&setting, kit_str("type")).type, USHER_JSON_STRING);
            rows++;
        }
    }
    assert_int_equal(tables, USHER_SETTING_TABLES);
    assert_true(rows > 60);
    usher_arena_deinit(&p.arena);
}

/* Control lines of roff begin with a dot or an apostrophe: ours are the macros we use, and no
 * others. */
static void test_no_text_becomes_a_roff_request(void **state)
{
    (void)state;
    static const char *const macros[] = {".TH ", ".SH ", ".TP\n", ".PP\n", ".B ",
                                         ".BR ", ".I ",  ".br\n", ".\\\" "};
    page p;

    write_page(&p, usher_settings_man);
    for (size_t i = 0; i < p.text.len; i++) {
        if (i && p.text.ptr[i - 1] != '\n') continue;
        bool known = p.text.ptr[i] != '.' && p.text.ptr[i] != '\'';
        for (size_t m = 0; m < sizeof macros / sizeof *macros; m++)
            known |= strncmp(p.text.ptr + i, macros[m], strlen(macros[m])) == 0;
        if (!known) fail_msg("at %zu: %.20s", i, p.text.ptr + i);
        assert_true((unsigned char)p.text.ptr[i] < 0x80);
    }
    usher_arena_deinit(&p.arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_pages_in_the_repository_are_current),
        cmocka_unit_test(test_the_table_as_json),
        cmocka_unit_test(test_no_text_becomes_a_roff_request),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
