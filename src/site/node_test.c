#include "site/node.h"

#include "site/complain.h"
#include "tests/kit/kit.h"

/* --- the list of problems --- */

static void test_problems_are_kept_in_order(void **state)
{
    (void)state;
    usher_problems *list = usher_problems_new();
    char text[] = "first";

    assert_true(usher_problems_add(list, kit_str("a.yaml"), 3, 7, false, kit_str(text)));
    text[0] = 'X'; /* the list has its own copy */
    assert_true(usher_problems_add(list, kit_str("b.yaml"), 0, 0, true, kit_str("second")));
    assert_int_equal(usher_problems_count(list), 2);
    assert_int_equal(list->errors, 1);
    const usher_problem *p = usher_problems_at(list, 0);
    assert_str(p->message, "first");
    assert_str(p->file, "a.yaml");
    assert_int_equal(p->line, 3);
    assert_int_equal(p->column, 7);
    assert_false(p->warning);
    assert_true(usher_problems_at(list, 1)->warning);
    assert_null(usher_problems_at(list, 2));
    assert_null(usher_problems_at(NULL, 0));
    assert_int_equal(usher_problems_count(NULL), 0);
    usher_problems_free(list);
    usher_problems_free(NULL);
}

static void test_problems_past_the_bound_are_only_counted(void **state)
{
    (void)state;
    usher_problems *list = usher_problems_new();

    for (size_t i = 0; i < USHER_PROBLEMS_MAX + 20; i++)
        assert_true(usher_problems_add(list, kit_str("f"), 1, 1, false, kit_str("m")));
    assert_int_equal(usher_problems_count(list), USHER_PROBLEMS_MAX);
    assert_int_equal(list->errors, USHER_PROBLEMS_MAX + 20);
    assert_str(usher_problems_at(list, USHER_PROBLEMS_MAX - 1)->message,
               "there are more problems; correct these first");
    usher_problems_free(list);
}

static void test_messages_show_input_harmlessly(void **state)
{
    (void)state;
    static const struct {
        const char *name, *shown;
        usher_str view;
    } cases[] = {
        {"plain", "<abc>", USHER_STR_INIT("abc")},
        {"absent", "<>", {0}},
        {"a dollar is itself", "<$2>", USHER_STR_INIT("$2")},
        {"escape sequences", "<\\x1b[31m>", USHER_STR_INIT("\x1b[31m")},
        {"line ends", "<a\\x0d\\x0ab>", USHER_STR_INIT("a\r\nb")},
        {"delete", "<\\x7f>", USHER_STR_INIT("\x7f")},
        {"C1 controls", "<\\xc2\\x9b1m>",
         USHER_STR_INIT("\xc2\x9b"
                        "1m")},
        {"letters beyond ASCII", "<é€😀>", USHER_STR_INIT("é€😀")},
        {"bytes that are no UTF-8", "<\\xff\\xc3>", USHER_STR_INIT("\xff\xc3")},
        {"long text",
         "<aaaaaaaaaabbbbbbbbbbaaaaaaaaaabbbbbbbbbbaaaaaaaaaabbbbbbbbbb"
         "aaaaaaaaaabbbbbbbbbbaaaaaaaaaabbbbbbbbbbaaaaaaaaaabbbbbbbbbb…>",
         USHER_STR_INIT("aaaaaaaaaabbbbbbbbbbaaaaaaaaaabbbbbbbbbbaaaaaaaaaabbbbbbbbbb"
                        "aaaaaaaaaabbbbbbbbbbaaaaaaaaaabbbbbbbbbbaaaaaaaaaabbbbbbbbbbc")},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        usher_complaints c = {usher_problems_new(), kit_str("f"), false};
        usher_complain(&c, (usher_place){1, 2}, "<$1>", cases[i].view, USHER_NIL, USHER_NIL);
        assert_str(usher_problems_at(c.list, 0)->message, cases[i].shown);
        assert_false(c.no_memory);
        usher_problems_free(c.list);
    }
}

/* --- JSON --- */

typedef struct rig {
    usher_arena arena;
    usher_problems *problems;
    usher_node *root;
    usher_status status;
} rig;

static void rig_read(rig *r, usher_str text)
{
    usher_arena_init(&r->arena, usher_allocator_default(), 4096, USHER_NODE_MEMORY);
    r->problems = usher_problems_new();
    r->status = usher_node_from_json(&r->root, &r->arena, text, kit_str("f"), r->problems, NULL);
}

static void rig_free(rig *r)
{
    usher_arena_deinit(&r->arena);
    usher_problems_free(r->problems);
}

static void assert_place(const usher_node *n, size_t line, size_t column)
{
    assert_non_null(n);
    assert_int_equal(n->line, line);
    assert_int_equal(n->column, column);
}

static void test_a_tree_has_places(void **state)
{
    (void)state;
    rig r;
    rig_read(&r, USHER_STR("{\"site\": {\n"
                           "  \"é\": \"😀\", \"n\" : -1.5e3 ,\r\n"
                           "  \"list\":[true,\n null,[],{}, \"a\\u00e9\\n\"]}\n"
                           "}\n"));
    assert_ok(r.status);
    assert_int_equal(r.root->kind, USHER_NODE_MAP);
    assert_place(r.root, 1, 1);
    const usher_node *site = usher_node_get(r.root, kit_str("site"));
    assert_place(site, 1, 10);
    assert_int_equal(site->key_line, 1);
    assert_int_equal(site->key_column, 2);
    const usher_node *e = usher_node_get(site, kit_str("é"));
    assert_place(e, 2, 8);
    assert_str(e->text, "😀");
    assert_true(e->quoted);
    const usher_node *n = usher_node_get(site, kit_str("n"));
    assert_place(n, 2, 19); /* characters, not bytes */
    assert_int_equal(n->key_column, 13);
    assert_str(n->text, "-1.5e3");
    assert_false(n->quoted);
    const usher_node *list = usher_node_get(site, kit_str("list"));
    assert_int_equal(list->kind, USHER_NODE_LIST);
    const usher_node *item = list->first;
    assert_place(item, 3, 11);
    assert_str(item->text, "true");
    item = item->next;
    assert_place(item, 4, 2);
    assert_str(item->text, "null");
    item = item->next;
    assert_int_equal(item->kind, USHER_NODE_LIST);
    assert_null(item->first);
    item = item->next;
    assert_int_equal(item->kind, USHER_NODE_MAP);
    assert_null(item->first);
    item = item->next;
    assert_str(item->text, "aé\n");
    assert_null(item->next);
    assert_null(list->next);
    assert_null(usher_node_get(site, kit_str("none")));
    assert_null(usher_node_get(list, kit_str("none")));
    assert_null(usher_node_get(NULL, kit_str("none")));
    rig_free(&r);
}

static void test_a_scalar_alone_is_a_tree(void **state)
{
    (void)state;
    rig r;
    rig_read(&r, USHER_STR(" \n \"x\" "));
    assert_ok(r.status);
    assert_place(r.root, 2, 2);
    assert_str(r.root->text, "x");
    rig_free(&r);
}

static void test_json_is_refused_at_its_place(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        usher_str text;
        size_t line, column;
        const char *begins;
    } cases[] = {
        {"nothing", USHER_STR_INIT(""), 1, 1, "the JSON cannot be read: "},
        {"cut off", USHER_STR_INIT("{\"a\":\n"), 2, 1, "the JSON cannot be read: "},
        {"two values", USHER_STR_INIT("{}\n {}"), 2, 2, "the JSON cannot be read: "},
        {"a comma too many", USHER_STR_INIT("{\"a\":1,\n}"), 2, 1, "the JSON cannot be read: "},
        {"a comment", USHER_STR_INIT("{\n// x\n}"), 2, 1, "the JSON cannot be read: "},
        {"single quotes", USHER_STR_INIT("{'a':1}"), 1, 2, "the JSON cannot be read: "},
        {"a NUL byte", USHER_STR_INIT("{\"a\":\"\0\"}"), 1, 7, "the JSON cannot be read: "},
        {"bytes that are no UTF-8", USHER_STR_INIT("{\"a\":\"\xff\"}"), 1, 7,
         "the JSON cannot be read: "},
        {"nested too deeply", USHER_STR_INIT("[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]"), 1, 17,
         "the JSON cannot be read: "},
        {"an escaped NUL", USHER_STR_INIT("{\"a\":\n  \"x\\u0000\"}"), 2, 3,
         "a NUL character cannot be part of a setting"},
        {"an escaped NUL in a name", USHER_STR_INIT("{\"\\u0000\": 1}"), 1, 2,
         "a NUL character cannot be part of a setting"},
        {"a repeated name", USHER_STR_INIT("{\"a\":1,\n \"b\":2, \"a\":3}"), 2, 9,
         "'a' is given twice in this map"},
        {"a repeated name, spelt otherwise", USHER_STR_INIT("{\"a\":1, \"\\u0061\":3}"), 1, 9,
         "'a' is given twice in this map"},
        {"a repeated name further down", USHER_STR_INIT("{\"m\":[{\"x\":1,\"x\":1}]}"), 1, 14,
         "'x' is given twice in this map"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        rig r;
        rig_read(&r, cases[i].text);
        const usher_problem *p = usher_problems_at(r.problems, 0);
        if (r.status != USHER_E_SETTING || usher_problems_count(r.problems) != 1 ||
            p->line != cases[i].line || p->column != cases[i].column ||
            strncmp(p->message.ptr, cases[i].begins, strlen(cases[i].begins)) != 0)
            fail_msg("%s: %s, %zu problems, %zu:%zu: %.*s", cases[i].name,
                     usher_status_name(r.status), usher_problems_count(r.problems), p ? p->line : 0,
                     p ? p->column : 0, p ? (int)p->message.len : 0, p ? p->message.ptr : "");
        assert_null(r.root);
        rig_free(&r);
    }
}

static void test_the_same_name_in_two_maps_is_fine(void **state)
{
    (void)state;
    rig r;
    rig_read(&r, USHER_STR("{\"a\":{\"a\":1},\"b\":{\"a\":2}}"));
    assert_ok(r.status);
    rig_free(&r);
}

/* "[0,0,0…]" with that many values besides the list. */
static usher_str make_list(char *text, size_t values)
{
    size_t len = 0;

    text[len++] = '[';
    for (size_t i = 0; i < values; i++) {
        if (i) text[len++] = ',';
        text[len++] = '0';
    }
    text[len++] = ']';
    return (usher_str){text, len};
}

static void test_trees_are_bounded(void **state)
{
    (void)state;
    char *text = malloc(USHER_SETTINGS_MAX + 2);
    assert_non_null(text);
    rig r;

    rig_read(&r, make_list(text, USHER_NODES_MAX - 1));
    assert_ok(r.status);
    rig_free(&r);
    rig_read(&r, make_list(text, USHER_NODES_MAX));
    assert_int_equal(r.status, USHER_E_SETTING);
    assert_str(usher_problems_at(r.problems, 0)->message, "more values than settings can have");
    rig_free(&r);

    memset(text, ' ', USHER_SETTINGS_MAX + 2);
    text[0] = '1';
    rig_read(&r, (usher_str){text, USHER_SETTINGS_MAX});
    assert_ok(r.status);
    rig_free(&r);
    rig_read(&r, (usher_str){text, USHER_SETTINGS_MAX + 1});
    assert_int_equal(r.status, USHER_E_SETTING);
    assert_str(usher_problems_at(r.problems, 0)->message,
               "settings of more than 1 MiB are not read");
    rig_free(&r);
    free(text);
}

static void test_every_allocation_may_fail(void **state)
{
    (void)state;
    const usher_str text =
        USHER_STR("{\"a\": [\"\\n\", {\"b\": \"\\u0000\", \"b\": 1}], \"c\": 2}");
    kit_alloc f;
    size_t n = 0;

    do {
        f = (kit_alloc){.fail_at = n++};
        usher_allocator alloc = kit_allocator(&f);
        usher_problems *problems = usher_problems_new_with(&alloc);
        if (problems) {
            usher_arena arena;
            usher_node *root;
            usher_arena_init(&arena, &alloc, 64, USHER_NODE_MEMORY);
            usher_status rc =
                usher_node_from_json(&root, &arena, text, kit_str("f"), problems, NULL);
            assert_int_equal(rc, f.failed ? USHER_E_NOMEM : USHER_E_SETTING);
            assert_null(root);
            usher_arena_deinit(&arena);
            usher_problems_free(problems);
        }
        assert_int_equal(f.live, 0);
    } while (f.failed);
    assert_true(n > 2); /* a plain arena asks its allocator a few times only */
}

static void test_the_top_has_site_and_daemon(void **state)
{
    (void)state;
    static const struct {
        const char *text, *message;
        size_t column;
    } cases[] = {
        {"{\"site\":{},\"daemon\":{}}", NULL, 0},
        {"{}", NULL, 0},
        {"{\"site\":{}, \"sites\":{}}",
         "unknown setting 'sites'; at the top there are only 'site' and 'daemon'", 13},
        {"[]", "settings are a map; begin with 'site:' and write its settings below, indented", 1},
        {" \"x\"", "settings are a map; begin with 'site:' and write its settings below, indented",
         2},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        rig r;
        rig_read(&r, kit_str(cases[i].text));
        assert_ok(r.status);
        assert_true(usher_settings_check_top(r.root, kit_str("f"), r.problems));
        assert_int_equal(usher_problems_count(r.problems), cases[i].message ? 1 : 0);
        if (cases[i].message) {
            assert_str(usher_problems_at(r.problems, 0)->message, cases[i].message);
            assert_int_equal(usher_problems_at(r.problems, 0)->column, cases[i].column);
        }
        rig_free(&r);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_problems_are_kept_in_order),
        cmocka_unit_test(test_problems_past_the_bound_are_only_counted),
        cmocka_unit_test(test_messages_show_input_harmlessly),
        cmocka_unit_test(test_a_tree_has_places),
        cmocka_unit_test(test_a_scalar_alone_is_a_tree),
        cmocka_unit_test(test_json_is_refused_at_its_place),
        cmocka_unit_test(test_the_same_name_in_two_maps_is_fine),
        cmocka_unit_test(test_trees_are_bounded),
        cmocka_unit_test(test_every_allocation_may_fail),
        cmocka_unit_test(test_the_top_has_site_and_daemon),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
