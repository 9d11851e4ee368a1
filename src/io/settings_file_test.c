#include "io/settings_file.h"

#include <sys/stat.h>
#include <unistd.h>

#include "base/str.h"
#include "site/site_rig.h"
#include "site/table.h"
#include "usher/drive.h"

typedef struct rig {
    usher_arena arena;
    usher_problems *problems;
    usher_node *root;
    usher_status status;
} rig;

static void rig_open(rig *r)
{
    usher_arena_init(&r->arena, usher_allocator_default(), 4096, USHER_NODE_MEMORY);
    r->problems = usher_problems_new();
    r->root = NULL;
}

static void read_yaml(rig *r, usher_str text)
{
    rig_open(r);
    r->status = usher_node_from_yaml(&r->root, &r->arena, text, kit_str("f"), r->problems, NULL);
}

static void close_rig(rig *r)
{
    usher_arena_deinit(&r->arena);
    usher_problems_free(r->problems);
}

/* --- YAML as a tree --- */

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
    read_yaml(&r, USHER_STR("# settings\n"
                            "site:\n"
                            "  \"é\": 'it''s' # comment\n"
                            "  äöü: no\n"
                            "  list:\n"
                            "    - 012\n"
                            "    - ~\n"
                            "    - {a: [b, \"c\\te\"]}\n"
                            "  empty:\n"
                            "  text: |\n"
                            "    two\n"
                            "    lines\n"));
    assert_ok(r.status);
    assert_place(r.root, 2, 1);
    const usher_node *site = usher_node_get(r.root, kit_str("site"));
    assert_int_equal(site->kind, USHER_NODE_MAP);
    assert_place(site, 3, 3);
    assert_int_equal(site->key_line, 2);
    assert_int_equal(site->key_column, 1);
    const usher_node *n = usher_node_get(site, kit_str("é"));
    assert_place(n, 3, 8);
    assert_str(n->text, "it's");
    assert_true(n->quoted);
    n = usher_node_get(site, kit_str("äöü"));
    assert_place(n, 4, 8); /* characters, not bytes */
    assert_int_equal(n->key_column, 3);
    assert_str(n->text, "no"); /* text, as the table wants it */
    assert_false(n->quoted);
    n = usher_node_get(site, kit_str("list"));
    assert_int_equal(n->kind, USHER_NODE_LIST);
    assert_str(n->first->text, "012");
    assert_place(n->first, 6, 7);
    assert_str(n->first->next->text, "~");
    n = usher_node_get(n->first->next->next, kit_str("a"));
    assert_str(n->first->text, "b");
    assert_str(n->first->next->text, "c\te");
    assert_place(n->first->next, 8, 15);
    n = usher_node_get(site, kit_str("empty"));
    assert_str(n->text, "");
    assert_false(n->quoted);
    n = usher_node_get(site, kit_str("text"));
    assert_str(n->text, "two\nlines\n");
    assert_true(n->quoted);
    close_rig(&r);
}

static void test_json_is_yaml(void **state)
{
    (void)state;
    rig r;
    read_yaml(&r, USHER_STR("{\"site\":{\"a\":\"b\\u00e9\",\n\"c\":[1,true]}}"));
    assert_ok(r.status);
    const usher_node *site = usher_node_get(r.root, kit_str("site"));
    assert_str(usher_node_get(site, kit_str("a"))->text, "bé");
    assert_place(usher_node_get(site, kit_str("c")), 2, 5);
    close_rig(&r);
}

static void test_yaml_is_refused_at_its_place(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        usher_str text;
        size_t errors, line, column;
        const char *message;
    } cases[] = {
        {"nothing", USHER_STR_INIT(""), 1, 1, 1, "the settings are empty; begin with 'site:'"},
        {"only a comment", USHER_STR_INIT("# x\n"), 1, 1, 1,
         "the settings are empty; begin with 'site:'"},
        {"a tab", USHER_STR_INIT("site:\n\tbase_url: x\n"), 1, 2, 1,
         "a tab stands here; indent with spaces"},
        {"a tab after other letters", USHER_STR_INIT("é: é\nsite:\n\tbase_url: x\n"), 1, 3, 1,
         "a tab stands here; indent with spaces"},
        {"no end of quotes", USHER_STR_INIT("site: \"x\n"), 1, 2, 1,
         "the YAML cannot be read: found unexpected end of stream"},
        {"wrong indentation", USHER_STR_INIT("site:\n  a: 1\n b: 2\n"), 1, 3, 2,
         "the YAML cannot be read: did not find expected key"},
        {"a map in a line", USHER_STR_INIT("site: a: b\n"), 1, 1, 8,
         "the YAML cannot be read: mapping values are not allowed in this context"},
        {"the last line has no end", USHER_STR_INIT("a: [b"), 1, 1, 6,
         "the YAML cannot be read: did not find expected ',' or ']'"},
        {"other line ends, counted as libyaml does",
         USHER_STR_INIT("a: 1\rb: 2\r\nc: 3\xc2\x85"
                        "d: 4\xe2\x80\xa8"
                        "a: 5"),
         1, 5, 1, "'a' is given twice in this map"},
        {"an error behind other line ends", USHER_STR_INIT("a: 1\rb: 2\r\nc: \x01"), 1, 3, 4,
         "the YAML cannot be read: control characters are not allowed"},
        {"no end of a list", USHER_STR_INIT("site: [a, b\n"), 1, 2, 1,
         "the YAML cannot be read: did not find expected ',' or ']'"},
        {"an unknown escape", USHER_STR_INIT("a: \"\\y\"\n"), 1, 1, 5,
         "the YAML cannot be read: found unknown escape character"},
        {"bytes that are no UTF-8", USHER_STR_INIT("a: b\nc: é\xff\n"), 1, 2, 5,
         "the YAML cannot be read: invalid leading UTF-8 octet"},
        {"a control character", USHER_STR_INIT("a: b\x01\n"), 1, 1, 5,
         "the YAML cannot be read: control characters are not allowed"},
        {"a NUL byte", USHER_STR_INIT("a: b\nc\0: d\n"), 1, 2, 2,
         "a NUL character cannot be part of settings"},
        {"an escaped NUL", USHER_STR_INIT("a: \"x\\0\"\n"), 1, 1, 4,
         "a NUL character cannot be part of a setting"},
        {"an escaped NUL in a key", USHER_STR_INIT("\"x\\0\": a\n"), 1, 1, 1,
         "a NUL character cannot be part of a setting"},
        {"an anchor", USHER_STR_INIT("a: &x 1\n"), 1, 1, 4,
         "anchors (&name) are not used in settings; write the value"},
        {"an anchor and its alias", USHER_STR_INIT("a: &x 1\nb: *x\n"), 2, 1, 4,
         "anchors (&name) are not used in settings; write the value"},
        {"an alias of nothing", USHER_STR_INIT("b: *x\n"), 1, 1, 4,
         "aliases (*name) are not used in settings; write the value"},
        {"an anchor of itself", USHER_STR_INIT("a: &x [*x]\n"), 2, 1, 4,
         "anchors (&name) are not used in settings; write the value"},
        {"an anchor at a map", USHER_STR_INIT("a: &x {b: c}\n"), 1, 1, 4,
         "anchors (&name) are not used in settings; write the value"},
        {"an anchor at a key", USHER_STR_INIT("&x a: b\n"), 1, 1, 1,
         "anchors (&name) are not used in settings; write the value"},
        {"a tag", USHER_STR_INIT("a: !!str 1\n"), 1, 1, 4,
         "tags (!type) are not used in settings; write the value alone"},
        {"a tag of one's own", USHER_STR_INIT("a: !secret x\n"), 1, 1, 4,
         "tags (!type) are not used in settings; write the value alone"},
        {"a tag at a list", USHER_STR_INIT("a: !!seq [b]\n"), 1, 1, 4,
         "tags (!type) are not used in settings; write the value alone"},
        {"a merge key", USHER_STR_INIT("a:\n  <<: {b: c}\n"), 1, 2, 3,
         "merge keys (<<) are not used in settings; write the values"},
        {"a repeated key", USHER_STR_INIT("a: 1\nb: 2\na: 3\n"), 1, 3, 1,
         "'a' is given twice in this map"},
        {"a repeated key in other quotes", USHER_STR_INIT("a: 1\n\"a\": 3\n"), 1, 2, 1,
         "'a' is given twice in this map"},
        {"three repeated keys", USHER_STR_INIT("a: 1\na: 2\nc: {d: 1, d: 2}\na: 3"), 3, 2, 1,
         "'a' is given twice in this map"},
        {"a list as key", USHER_STR_INIT("[a, b]: c\n"), 1, 1, 1, "a key is one text"},
        {"a map as key", USHER_STR_INIT("? {a: b}\n: c\n"), 1, 1, 3, "a key is one text"},
        {"two documents", USHER_STR_INIT("a: 1\n---\nb: 2\n"), 1, 2, 1,
         "a second document begins here; settings are one"},
        {"nested too deeply", USHER_STR_INIT("[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]"), 1, 1, 17,
         "nested more deeply than settings are"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        rig r;
        read_yaml(&r, cases[i].text);
        const usher_problem *p = usher_problems_at(r.problems, 0);
        if (r.status != USHER_E_SETTING || r.root || r.problems->errors != cases[i].errors || !p ||
            p->line != cases[i].line || p->column != cases[i].column ||
            p->message.len != strlen(cases[i].message) ||
            memcmp(p->message.ptr, cases[i].message, p->message.len) != 0) {
            rig_print_problems(r.problems);
            fail_msg("%s: %s", cases[i].name, usher_status_name(r.status));
        }
        close_rig(&r);
    }
}

static void test_what_looks_like_it_is_fine(void **state)
{
    (void)state;
    static const usher_str texts[] = {
        USHER_STR_INIT("a: '&x'\nb: '*x'\nc: '!x'\n'<<': d\n"),
        USHER_STR_INIT("---\na: 1\n...\n"),
        USHER_STR_INIT("%YAML 1.1\n---\na: 1\n"),
        USHER_STR_INIT("\xef\xbb\xbf"
                       "a: 1\n"),
        USHER_STR_INIT("a: 1\r\nb: 2\r\n"),
        USHER_STR_INIT("[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]"),
        USHER_STR_INIT("a: {x: 1}\nb: {x: 1}\n"),
    };

    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        rig r;
        read_yaml(&r, texts[i]);
        if (r.status) rig_print_problems(r.problems);
        assert_ok(r.status);
        close_rig(&r);
    }
}

static void test_trees_are_bounded(void **state)
{
    (void)state;
    char *text = malloc(USHER_SETTINGS_MAX + 2);
    size_t len = 0;
    rig r;

    assert_non_null(text);
    text[len++] = '[';
    for (size_t i = 1; i < USHER_NODES_MAX; i++) {
        memcpy(text + len, "0,", 2);
        len += 2;
    }
    text[len] = ']';
    read_yaml(&r, (usher_str){text, len + 1});
    assert_ok(r.status);
    close_rig(&r);
    memcpy(text + len, "0]", 2);
    read_yaml(&r, (usher_str){text, len + 2});
    assert_int_equal(r.status, USHER_E_SETTING);
    assert_str(usher_problems_at(r.problems, 0)->message, "more values than settings can have");
    close_rig(&r);

    memset(text, '#', USHER_SETTINGS_MAX + 1);
    memcpy(text, "a: 1 ", 5);
    read_yaml(&r, (usher_str){text, USHER_SETTINGS_MAX});
    assert_ok(r.status);
    close_rig(&r);
    read_yaml(&r, (usher_str){text, USHER_SETTINGS_MAX + 1});
    assert_str(usher_problems_at(r.problems, 0)->message,
               "settings of more than 1 MiB are not read");
    close_rig(&r);
    free(text);
}

static void test_every_allocation_may_fail(void **state)
{
    (void)state;
    static const struct {
        usher_str text;
        usher_status otherwise;
    } cases[] = {
        {USHER_STR_INIT("site: {a: [b, c], d: e}\n"), USHER_OK},
        {USHER_STR_INIT("site: {a: &x b, a: *x, [f]: g}\n"), USHER_E_SETTING},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        kit_alloc f;
        size_t n = 1; /* the list itself is made before */
        do {
            f = (kit_alloc){.fail_at = n++};
            usher_allocator alloc = kit_allocator(&f);
            usher_problems *problems = usher_problems_new_with(&alloc);
            usher_arena arena;
            usher_node *root;
            usher_arena_init(&arena, &alloc, 64, USHER_NODE_MEMORY);
            usher_status rc =
                usher_node_from_yaml(&root, &arena, cases[i].text, kit_str("f"), problems, NULL);
            assert_int_equal(rc, f.failed ? USHER_E_NOMEM : cases[i].otherwise);
            usher_arena_deinit(&arena);
            usher_problems_free(problems);
            assert_int_equal(f.live, 0);
        } while (f.failed);
        assert_true(n > 2); /* a plain arena asks its allocator a few times only */
    }
}

/* --- every row of the table does something --- */

#define SITE_URL    "base_url: 'https://app.example.com'"
#define SITE_SECRET "secret: " KEY
#define PROVIDER_KEYS                                                                              \
    "id: p", "issuer: 'https://op.example'", "client_id: c", "client_secret: client"

/* A private key made for this test. */
#define EC_KEY                                                                                     \
    "'"                                                                                            \
    "{\"kty\":\"EC\",\"x\":\"ZqhS8KZexM6Viou6KyO3AFAa3IzUAi_kKA8o7rZoFXw"                          \
    "\",\"y\":\"YrGQvwfNiLdIbp8DXSjR-TjhACBeDd_OmQO7JJp9IAQ\",\"crv\":\"P"                         \
    "-256\",\"d\":\"TmwJMEiNJ6N-iOnUqPOc6FdhUSTW-KMa3OxR55Rh45k\"}"                                \
    "'"

/* What stands around a row: `before`, then those of `keys` that the row does not give itself, then
 * the row, then `after`. */
typedef struct surroundings {
    const usher_setting_table *table;
    const char *path; /* NULL: all other rows of the table */
    const char *before, *after;
    const char *keys[5];
    const char *without; /* what stands in place of the row when it is left out */
    const char *inside;  /* what stands beside it in its own map */
} surroundings;

static const surroundings places[] = {
    /* an example of a secret is a known sample, which only development takes */
    {&usher_site_table,
     "secret",
     "site: {base_url: 'http://localhost', development: true",
     "}",
     {NULL},
     SITE_SECRET,
     NULL},
    {&usher_site_table,
     "secrets",
     "site: {base_url: 'http://localhost', development: true",
     "}",
     {NULL},
     SITE_SECRET,
     NULL},
    /* where it is not what `auto` means */
    {&usher_site_table,
     "cookies.secure",
     "site: {base_url: 'http://localhost', " SITE_SECRET,
     "}",
     {NULL},
     NULL,
     NULL},
    {&usher_site_table,
     "base_url",
     "site: {" SITE_SECRET,
     "}",
     {NULL},
     "base_url: 'https://a.test'",
     NULL},
    /* where the profile's name for it allows one */
    {&usher_site_table,
     "cookies.csrf.domain",
     "site: {base_url: 'http://app.example.com', development: true, " SITE_SECRET,
     "}",
     {NULL},
     NULL,
     NULL},
    {&usher_site_table,
     "cookies.csrf.path",
     "site: {base_url: 'http://app.example.com', development: true, " SITE_SECRET,
     "}",
     {NULL},
     NULL,
     NULL},
    {&usher_site_table, NULL, "site: {" SITE_URL ", " SITE_SECRET, "}", {NULL}, NULL, NULL},
    {&usher_site_table,
     "session.signing_alg",
     "site: {" SITE_URL ", " SITE_SECRET,
     "}",
     {NULL},
     NULL,
     "token: signed, signing_keys: [" EC_KEY "], "},
    {&usher_site_table,
     "session.signing_keys",
     "site: {base_url: 'http://localhost', development: true, " SITE_SECRET,
     "}",
     {NULL},
     NULL,
     "token: signed, "},
    {&usher_site_table,
     "auth0.",
     "site: {" SITE_URL ", " SITE_SECRET ", profile: auth0-4",
     "}",
     {NULL},
     NULL,
     NULL},
    {&usher_accept_table,
     "profile",
     "site: {" SITE_URL ", " SITE_SECRET ", accept: [{cookie: old",
     "}]}",
     {NULL},
     "profile: robojs",
     NULL},
    {&usher_accept_table,
     "signing_alg",
     "site: {" SITE_URL ", " SITE_SECRET ", accept: [{cookie: old",
     "}]}",
     {"profile: nextauth-4", "token: signed", "signing_keys: [" EC_KEY "]"},
     NULL,
     NULL},
    {&usher_accept_table,
     "signing_keys",
     "site: {base_url: 'http://localhost', development: true, " SITE_SECRET
     ", accept: [{cookie: old",
     "}]}",
     {"profile: nextauth-4", "token: signed"},
     NULL,
     NULL},
    {&usher_accept_table,
     "cookie",
     "site: {base_url: 'http://localhost', development: true, " SITE_SECRET
     ", accept: [{profile: nextauth-4",
     "}]}",
     {NULL},
     NULL,
     NULL},
    {&usher_accept_table,
     "subject",
     "site: {base_url: 'http://localhost', development: true, " SITE_SECRET
     ", session: {strategy: database}, accept: [{cookie: old",
     "}]}",
     {"profile: nextauth-4"},
     "subject: account, provider: other",
     NULL},
    {&usher_accept_table,
     "provider",
     "site: {base_url: 'http://localhost', development: true, " SITE_SECRET
     ", session: {strategy: database}, accept: [{cookie: old, subject: account",
     "}]}",
     {"profile: nextauth-4"},
     "provider: other",
     NULL},
    {&usher_accept_table,
     NULL,
     "site: {base_url: 'http://localhost', development: true, " SITE_SECRET
     ", accept: [{cookie: old",
     "}]}",
     {"profile: nextauth-4"},
     NULL,
     NULL},
    {&usher_provider_table,
     "type",
     "site: {base_url: 'http://localhost', development: true, " SITE_SECRET ", providers: [{id: p",
     "}]}",
     {NULL},
     "issuer: 'https://op.example', client_id: c, client_secret: s",
     NULL},
    {&usher_provider_table,
     "users",
     "site: {base_url: 'http://localhost', development: true, " SITE_SECRET
     ", providers: [{id: p, type: development",
     "}]}",
     {NULL},
     NULL,
     NULL},
    {&usher_provider_table,
     NULL,
     "site: {" SITE_URL ", development: true, " SITE_SECRET ", providers: [{userinfo: false",
     "}]}",
     {PROVIDER_KEYS},
     NULL,
     NULL},
    {&usher_user_table,
     NULL,
     "site: {base_url: 'http://localhost', development: true, " SITE_SECRET
     ", providers: [{id: p, type: development, users: [{",
     "}]}]}",
     {"id: u"},
     NULL,
     NULL},
    {&usher_provider_table,
     "fields",
     "site: {" SITE_URL ", " SITE_SECRET ", hooks: [authorize], providers: [{id: p, type: "
     "credentials",
     "}]}",
     {NULL},
     NULL,
     NULL},
    {&usher_field_table,
     NULL,
     "site: {" SITE_URL ", " SITE_SECRET ", hooks: [authorize], providers: [{id: p, type: "
     "credentials, fields: [{",
     "}]}]}",
     {"name: u"},
     NULL,
     NULL},
    {&usher_daemon_table,
     NULL,
     "site: {" SITE_URL ", " SITE_SECRET "}\ndaemon: {listen: 'localhost:1'",
     "}",
     {NULL},
     NULL,
     NULL},
    {&usher_daemon_table,
     "listen",
     "site: {" SITE_URL ", " SITE_SECRET "}\ndaemon: {",
     "}",
     {NULL},
     NULL,
     NULL},
    {&usher_provider_table,
     "userinfo",
     "site: {" SITE_URL ", " SITE_SECRET ", providers: [{",
     "}]}",
     {PROVIDER_KEYS},
     NULL,
     NULL},
};

static const surroundings *place_for(const usher_setting_table *table, const char *path)
{
    const surroundings *any = NULL;

    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        if (places[i].table != table) continue;
        if (places[i].path && strcmp(places[i].path, path) == 0) return &places[i];
        if (places[i].path && strcmp(places[i].path, "auth0.") == 0 &&
            strncmp(path, "auth0.", 6) == 0)
            return &places[i]; /* what only that profile knows */
        if (!places[i].path) any = &places[i];
    }
    return any;
}

/* "session: {max_age: 12h}" */
static void put_row(usher_buf *b, const char *path, const char *value, const char *inside)
{
    usher_str rest = kit_str(path);
    size_t open = 0;

    for (;;) {
        usher_buf_put(b, usher_str_cut(rest, '.', &rest));
        usher_buf_put_z(b, ": ");
        if (!rest.ptr) break;
        usher_buf_put_char(b, '{');
        if (inside) usher_buf_put_z(b, inside);
        open++;
    }
    usher_buf_put_z(b, value);
    while (open--)
        usher_buf_put_char(b, '}');
}

static bool gives(const char *line, const char *path)
{
    size_t len = strlen(path);

    return strncmp(line, path, len) == 0 && line[len] == ':';
}

static void put_settings(usher_buf *b, const surroundings *s, const usher_setting *row,
                         const char *value)
{
    usher_buf_put_z(b, s->before);
    for (size_t i = 0; i < 5 && s->keys[i]; i++) {
        if (value && gives(s->keys[i], row->path)) continue;
        usher_buf_put_z(b, ", ");
        usher_buf_put_z(b, s->keys[i]);
    }
    if (value) {
        usher_buf_put_z(b, ", ");
        put_row(b, row->path, value, s->inside);
    } else if (s->inside) {
        usher_buf_put_z(b, ", ");
        put_row(b, "session.token", "signed", strstr(s->inside, "signing_keys"));
    } else if (s->without) {
        usher_buf_put_z(b, ", ");
        usher_buf_put_z(b, s->without);
    }
    usher_buf_put_z(b, s->after);
}

/* A flow map may not begin with a comma. */
static usher_str without_first_comma(rig *r, usher_str text)
{
    size_t at = usher_str_find(text, USHER_STR("{, "));
    usher_str out;
    usher_buf b;

    if (at == SIZE_MAX) return text;
    usher_buf_init(&b, &r->arena, 8192);
    usher_buf_put(&b, usher_str_of(text.ptr, at + 1));
    usher_buf_put(&b, usher_str_from(text, at + 3));
    assert_ok(usher_buf_take(&out, &b, NULL));
    return out;
}

/* Both halves of what the settings became, as text. */
static void dump_settings(dump *site_text, dump *daemon_text, const surroundings *s,
                          const usher_setting *row, const char *value)
{
    usher_site_parts parts = {usher_allocator_default(), usher_entropy_default(), NULL, NULL};
    usher_daemon_settings daemon;
    usher_site *site = NULL;
    usher_buf b;
    usher_str text;
    rig r;

    rig_open(&r);
    usher_buf_init(&b, &r.arena, 8192);
    put_settings(&b, s, row, value);
    assert_ok(usher_buf_take(&text, &b, NULL));
    text = without_first_comma(&r, text);
    if (usher_node_from_yaml(&r.root, &r.arena, text, kit_str("f"), r.problems, NULL) ||
        usher_site_build(&site, r.problems, r.root, kit_str("f"), &parts, NULL) ||
        usher_daemon_settings_from_node(&daemon, &r.arena, r.problems, r.root, kit_str("f"),
                                        NULL)) {
        rig_print_problems(r.problems);
        fail_msg("%s: %.*s", row->path, (int)text.len, text.ptr);
    }
    dump_site(site_text, site);
    dump_daemon(daemon_text, &daemon);
    usher_site_unref(site);
    close_rig(&r);
}

static bool is_file_of_a_secret(const usher_setting *row)
{
    static const char *const paths[] = {"secret_file", "secrets_files", "client_secret_file",
                                        "signing_keys_files", "session.signing_keys_files"};

    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++)
        if (strcmp(row->path, paths[i]) == 0) return true; /* they have a test of their own */
    return false;
}

static void check_row(const usher_setting_table *table, const usher_setting *row)
{
    static dump without[2], with[2], standard[2];
    const surroundings *s = place_for(table, row->path);

    dump_settings(&without[0], &without[1], s, row, NULL);
    dump_settings(&with[0], &with[1], s, row, row->example);
    if (strcmp(without[0].text, with[0].text) == 0 && strcmp(without[1].text, with[1].text) == 0)
        fail_msg("%s.%s is ignored: with %s nothing changes", table->name, row->path, row->example);
    if (!row->fallback || strcmp(row->path, "type") == 0) return;
    dump_settings(&standard[0], &standard[1], s, row, row->fallback);
    if (strcmp(row->path, "listen") != 0 && (strcmp(without[0].text, standard[0].text) != 0 ||
                                             strcmp(without[1].text, standard[1].text) != 0))
        fail_msg("%s.%s: its default is not %s", table->name, row->path, row->fallback);
}

static void test_no_setting_is_ignored(void **state)
{
    (void)state;
    size_t rows = 0;

    for (size_t t = 0; t < USHER_SETTING_TABLES; t++)
        for (size_t i = 0; i < usher_setting_tables[t]->count; i++) {
            const usher_setting *row = &usher_setting_tables[t]->rows[i];
            if (is_file_of_a_secret(row)) continue;
            check_row(usher_setting_tables[t], row);
            rows++;
        }
    assert_int_equal(rows, USHER_ROWS_SITE + USHER_ROWS_ACCEPT + USHER_ROWS_PROVIDER +
                               USHER_ROWS_USER + USHER_ROWS_FIELD + USHER_ROWS_DAEMON - 7);
}

/* --- files --- */

static char folder[64];

static int make_folder(void **state)
{
    (void)state;
    snprintf(folder, sizeof folder, "%s/usher-settings-XXXXXX", P_tmpdir);
    return mkdtemp(folder) ? 0 : -1;
}

static int remove_folder(void **state)
{
    (void)state;
    char command[128];

    snprintf(command, sizeof command, "rm -rf '%s'", folder);
    return system(command) == 0 ? 0 : -1;
}

static const char *path_of(const char *name)
{
    static char path[128];

    snprintf(path, sizeof path, "%s/%s", folder, name);
    return path;
}

static void write_file(const char *name, usher_str text, mode_t mode)
{
    FILE *f = fopen(path_of(name), "wb");

    assert_non_null(f);
    assert_int_equal(fwrite(text.ptr, 1, text.len, f), text.len);
    assert_int_equal(fclose(f), 0);
    assert_int_equal(chmod(path_of(name), mode), 0);
}

static void load(rig *r, const char *name)
{
    char path[128];

    memcpy(path, path_of(name), sizeof path);
    rig_open(r);
    r->status = usher_node_from_file(&r->root, &r->arena, path, r->problems, NULL);
}

static const usher_node *at(const rig *r, const char *first, const char *second)
{
    return usher_node_get(usher_node_get(r->root, kit_str(first)), kit_str(second));
}

static void test_secrets_from_files(void **state)
{
    (void)state;
    rig r;
    write_file("one", USHER_STR(KEY "\n"), 0600);
    write_file("two", USHER_STR(KEY2 "\r\n"), 0600);
    write_file("three", USHER_STR("no line end"), 0600);
    write_file("four", USHER_STR("two ends\n\n"), 0600);
    write_file("s.yaml",
               USHER_STR("site:\n"
                         "  secrets_files: [one, two]\n"
                         "  session: {signing_keys_files: [two]}\n"
                         "  accept:\n"
                         "    - {profile: nextauth-4, secret_file: two}\n"
                         "    - {profile: auth0-4, secrets_files: [two, one]}\n"
                         "  providers:\n"
                         "    - {id: a, client_secret_file: three}\n"
                         "    - {id: b, client_secret_file: four}\n"),
               0644); /* there is no secret in it */
    load(&r, "s.yaml");
    assert_ok(r.status);
    assert_int_equal(usher_problems_count(r.problems), 0);
    const usher_node *secrets = at(&r, "site", "secrets");
    assert_str(secrets->first->text, KEY);
    assert_str(secrets->first->next->text, KEY2);
    assert_true(secrets->first->quoted);
    assert_place(secrets->first, 2, 19); /* what is wrong with it is told here */
    const usher_node *a = at(&r, "site", "providers")->first;
    assert_str(usher_node_get(a, kit_str("client_secret"))->text, "no line end");
    assert_str(usher_node_get(a->next, kit_str("client_secret"))->text, "two ends\n");
    assert_null(at(&r, "site", "secrets_files"));
    const usher_node *accept = at(&r, "site", "accept")->first;
    assert_str(usher_node_get(accept, kit_str("secret"))->text, KEY2);
    assert_str(usher_node_get(accept->next, kit_str("secrets"))->first->next->text, KEY);
    const usher_node *session = at(&r, "site", "session");
    assert_str(usher_node_get(session, kit_str("signing_keys"))->first->text, KEY2);
    close_rig(&r);
}

static void test_a_secret_from_an_absolute_path_makes_a_site(void **state)
{
    (void)state;
    char text[256];
    usher_site *site;
    usher_problems *problems;
    site_rig by_setting;
    dump a, b;

    write_file("one", USHER_STR(KEY "\n"), 0600);
    snprintf(text, sizeof text, "site:\n  " SITE_URL "\n  secret_file: %s\n", path_of("one"));
    write_file("s.yaml", kit_str(text), 0600);
    write_file("one", USHER_STR(KEY "\n"), 0604);
    assert_ok(usher_site_load(&site, &problems, path_of("s.yaml"), NULL));
    assert_int_equal(usher_problems_count(problems), 1);
    assert_true(usher_problems_at(problems, 0)->warning);
    assert_int_equal(usher_problems_at(problems, 0)->line, 3);
    usher_problems_free(problems);
    usher_site_unref(site);
    write_file("one", USHER_STR(KEY "\n"), 0600);
    assert_ok(usher_site_load(&site, &problems, path_of("s.yaml"), NULL));
    assert_int_equal(usher_problems_count(problems), 0);
    rig_make(&by_setting, "{'site':{" HTTPS_SITE "}}", NULL);
    dump_site(&a, site);
    dump_site(&b, by_setting.site);
    assert_string_equal(a.text, b.text);
    rig_free(&by_setting);
    usher_problems_free(problems);
    usher_site_unref(site);
}

static void test_files_that_cannot_be_used(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        usher_str settings;
        size_t line, column;
        const char *message;
    } cases[] = {
        {"missing", USHER_STR_INIT("site:\n  secret_file: nowhere\n"), 2, 16,
         "the file 'nowhere' cannot be used: there is no such file"},
        {"a folder", USHER_STR_INIT("site: {secret_file: /}"), 1, 21,
         "the file '/' cannot be used: it is a folder"},
        {"below a file", USHER_STR_INIT("site: {secret_file: good/x}"), 1, 21,
         "the file 'good/x' cannot be used: a part of its path is no folder"},
        {"empty", USHER_STR_INIT("site: {secret_file: empty}"), 1, 21,
         "the file 'empty' cannot be used: it is empty"},
        {"a line end only", USHER_STR_INIT("site: {secret_file: blank}"), 1, 21,
         "the file 'blank' cannot be used: there is a NUL or only a line end in it"},
        {"a NUL", USHER_STR_INIT("site: {secret_file: nul}"), 1, 21,
         "the file 'nul' cannot be used: there is a NUL or only a line end in it"},
        {"too long", USHER_STR_INIT("site: {secret_file: long}"), 1, 21,
         "the file 'long' cannot be used: a secret has at most 4096 bytes"},
        {"endless", USHER_STR_INIT("site: {secret_file: /dev/zero}"), 1, 21,
         "the file '/dev/zero' cannot be used: a secret has at most 4096 bytes"},
        {"the second of a list", USHER_STR_INIT("site: {secrets_files: [good, nowhere]}"), 1, 30,
         "the file 'nowhere' cannot be used: there is no such file"},
        {"of a provider", USHER_STR_INIT("site: {providers: [{client_secret_file: nowhere}]}"), 1,
         41, "the file 'nowhere' cannot be used: there is no such file"},
    };
    char zeros[5000] = {'x'};

    memset(zeros, 'x', sizeof zeros);
    write_file("good", USHER_STR(KEY), 0600);
    write_file("empty", USHER_STR(""), 0600);
    write_file("blank", USHER_STR("\r\n"), 0600);
    write_file("nul", USHER_STR("a\0b"), 0600);
    write_file("long", (usher_str){zeros, sizeof zeros}, 0600);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        rig r;
        write_file("s.yaml", cases[i].settings, 0600);
        load(&r, "s.yaml");
        if (r.status != USHER_E_SETTING) fail_msg("%s", cases[i].name);
        const usher_problem *p = usher_problems_at(r.problems, 0);
        assert_int_equal(usher_problems_count(r.problems), 1);
        assert_str(p->message, cases[i].message);
        assert_int_equal(p->line, cases[i].line);
        assert_int_equal(p->column, cases[i].column);
        assert_true(usher_str_ends(p->file, USHER_STR("/s.yaml")));
        close_rig(&r);
    }
}

static void test_settings_files_that_cannot_be_used(void **state)
{
    (void)state;
    static const struct {
        const char *path, *message;
    } cases[] = {
        {"nowhere.yaml", "the settings file cannot be used: there is no such file"},
        {".", "the settings file cannot be used: it is a folder"},
        {"s.yaml/x", "the settings file cannot be used: a part of its path is no folder"},
        {"large.yaml", "the settings file cannot be used: it has more than 1 MiB"},
    };
    char *large = malloc(USHER_SETTINGS_MAX + 1);

    assert_non_null(large);
    memset(large, '#', USHER_SETTINGS_MAX + 1);
    write_file("s.yaml", USHER_STR("site: {}"), 0600);
    write_file("large.yaml", (usher_str){large, USHER_SETTINGS_MAX + 1}, 0600);
    free(large);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        rig r;
        load(&r, cases[i].path);
        assert_int_equal(r.status, USHER_E_SETTING);
        assert_int_equal(usher_problems_count(r.problems), 1);
        assert_str(usher_problems_at(r.problems, 0)->message, cases[i].message);
        close_rig(&r);
    }
}

static void test_a_secret_that_everybody_reads(void **state)
{
    (void)state;
    static const struct {
        const char *settings;
        mode_t mode;
        size_t warnings;
    } cases[] = {
        {"site: {" SITE_URL ", " SITE_SECRET "}", 0600, 0},
        {"site: {" SITE_URL ", " SITE_SECRET "}", 0640, 0},
        {"site: {" SITE_URL ", " SITE_SECRET "}", 0644, 1},
        {"site: {" SITE_URL ", secrets: [" KEY "]}", 0644, 1},
        {"site: {" SITE_URL ", providers: [{client_secret: x}, {client_secret: y}]}", 0644, 2},
        {"site: {" SITE_URL ", development: true, " SITE_SECRET "}", 0644, 0},
        {"site: {" SITE_URL "}", 0644, 0},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        rig r;
        write_file("s.yaml", kit_str(cases[i].settings), cases[i].mode);
        load(&r, "s.yaml");
        assert_ok(r.status);
        assert_int_equal(usher_problems_count(r.problems), cases[i].warnings);
        assert_int_equal(r.problems->errors, 0);
        close_rig(&r);
    }
}

static void test_a_file_and_the_text_are_one_too_many(void **state)
{
    (void)state;
    usher_problems *problems;
    usher_site *site;

    write_file("one", USHER_STR(KEY2), 0600);
    write_file("s.yaml",
               USHER_STR("site:\n  " SITE_URL "\n  " SITE_SECRET "\n  secret_file: one\n"), 0600);
    assert_int_equal(usher_site_load(&site, &problems, path_of("s.yaml"), NULL), USHER_E_SETTING);
    assert_null(site);
    assert_int_equal(usher_problems_count(problems), 1);
    assert_str(usher_problems_at(problems, 0)->message, "'site.secret' is given twice");
    assert_int_equal(usher_problems_at(problems, 0)->line, 4);
    usher_problems_free(problems);
}

static void test_load(void **state)
{
    (void)state;
    usher_problems *problems;
    usher_site *site;

    write_file("s.yaml", USHER_STR("site: {title: x}\ndaemon: {whatever: 1}\n"), 0600);
    assert_int_equal(setenv("AUTH_URL", "https://env.example", 1), 0);
    assert_int_equal(setenv("AUTH_SECRET", KEY, 1), 0);
    assert_ok(usher_site_load(&site, &problems, path_of("s.yaml"), NULL));
    assert_str(usher_site_base_url(site), "https://env.example");
    usher_site_unref(site);
    usher_problems_free(problems);

    write_file("s.yaml", USHER_STR("site: {title: x}\nextra: 1\n"), 0600);
    assert_int_equal(usher_site_load(&site, &problems, path_of("s.yaml"), NULL), USHER_E_SETTING);
    assert_null(site);
    assert_int_equal(usher_problems_count(problems), 1);
    usher_problems_free(problems);
    assert_int_equal(usher_site_load(&site, NULL, path_of("s.yaml"), NULL), USHER_E_SETTING);
    assert_int_equal(unsetenv("AUTH_URL"), 0);
    assert_int_equal(unsetenv("AUTH_SECRET"), 0);
}

static void test_every_allocation_of_a_load_may_fail(void **state)
{
    (void)state;
    kit_alloc f;
    size_t n = 1;

    write_file("one", USHER_STR(KEY), 0600);
    write_file("s.yaml", USHER_STR("site: {secret_file: one, providers: [{client_secret: x}]}"),
               0644);
    do {
        f = (kit_alloc){.fail_at = n++};
        usher_allocator alloc = kit_allocator(&f);
        usher_problems *problems = usher_problems_new_with(&alloc);
        usher_arena arena;
        usher_node *root;
        usher_arena_init(&arena, &alloc, 64, USHER_NODE_MEMORY);
        usher_status rc = usher_node_from_file(&root, &arena, path_of("s.yaml"), problems, NULL);
        assert_int_equal(rc, f.failed ? USHER_E_NOMEM : USHER_OK);
        usher_arena_deinit(&arena);
        usher_problems_free(problems);
        assert_int_equal(f.live, 0);
    } while (f.failed);
    assert_true(n > 2); /* a plain arena asks its allocator a few times only */
}

static void test_the_examples_of_the_repository(void **state)
{
    (void)state;
    usher_problems *problems;
    usher_site *site;

    assert_ok(usher_site_load(&site, &problems, "examples/quickstart/usherd.yaml", NULL));
    assert_int_equal(usher_problems_count(problems), 1); /* "there is no secret: …" */
    usher_site_unref(site);
    usher_problems_free(problems);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_tree_has_places),
        cmocka_unit_test(test_json_is_yaml),
        cmocka_unit_test(test_yaml_is_refused_at_its_place),
        cmocka_unit_test(test_what_looks_like_it_is_fine),
        cmocka_unit_test(test_trees_are_bounded),
        cmocka_unit_test(test_every_allocation_may_fail),
        cmocka_unit_test(test_no_setting_is_ignored),
        cmocka_unit_test(test_secrets_from_files),
        cmocka_unit_test(test_a_secret_from_an_absolute_path_makes_a_site),
        cmocka_unit_test(test_files_that_cannot_be_used),
        cmocka_unit_test(test_settings_files_that_cannot_be_used),
        cmocka_unit_test(test_a_secret_that_everybody_reads),
        cmocka_unit_test(test_a_file_and_the_text_are_one_too_many),
        cmocka_unit_test(test_load),
        cmocka_unit_test(test_every_allocation_of_a_load_may_fail),
        cmocka_unit_test(test_the_examples_of_the_repository),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
