#include <stdlib.h>

#include "tests/kit/kit.h"

#include "base/buf.h"
#include "base/str.h"
#include "wire/cookie.h"
#include "wire/json.h"

#define COUNT(rows) (sizeof(rows) / sizeof *(rows))

#define PACKAGE USHER_COOKIE_PACKAGE
#define AUTHJS  USHER_COOKIE_AUTHJS
#define PAGES   USHER_COOKIE_NEXT_PAGES
#define EDGE    USHER_COOKIE_NEXT_EDGE

/* ---- the measured cases --------------------------------------------------------------------- */

static usher_json member(usher_json object, const char *name)
{
    usher_json_object o;

    assert_ok(usher_json_members(&o, &kit_arena, object, NULL));
    return usher_json_get(&o, kit_str(name));
}

static usher_str text(usher_json value)
{
    usher_str s;

    assert_ok(usher_json_string(&s, &kit_arena, value, NULL));
    return s;
}

static usher_json vectors(const char *path, char **file)
{
    size_t len;
    usher_json root;

    *file = kit_read_file(path, &len);
    assert_ok(usher_json_read(&root, (usher_str){*file, len}, &usher_json_limits_document, NULL));
    return member(root, "vectors");
}

/* U+0080 to U+00FF stand for single bytes in the vectors; they hold nothing above. */
static usher_str wire_bytes(usher_str utf8)
{
    char *out = usher_arena_get(&kit_arena, utf8.len);
    size_t n = 0;

    assert_non_null(out);
    for (size_t i = 0; i < utf8.len; i++) {
        unsigned char c = (unsigned char)utf8.ptr[i];
        if (c >= 0x80) {
            assert_true((c == 0xc2 || c == 0xc3) && i + 1 < utf8.len);
            c = (unsigned char)((c & 3) << 6 | ((unsigned char)utf8.ptr[++i] & 0x3f));
        }
        out[n++] = (char)c;
    }
    return (usher_str){out, n};
}

/* A value that was percent-decoded is UTF-8; one that was not is what came over the wire. */
static bool same_text(usher_str ours, usher_str theirs)
{
    return usher_str_eq(ours, theirs) || usher_str_eq(ours, wire_bytes(theirs));
}

static void check_pairs(usher_str id, usher_str header, usher_cookie_dialect dialect,
                        usher_json expected)
{
    usher_cookies got;
    usher_json pair, item;
    usher_str pairs = expected.text;
    size_t n = 0;

    assert_int_equal(expected.type, USHER_JSON_ARRAY);
    assert_ok(usher_cookies_read(&got, &kit_arena, header, dialect, NULL));
    for (; usher_json_next(&pair, &pairs); n++) {
        usher_str both = pair.text;
        assert_true(usher_json_next(&item, &both));
        bool right = n < got.count && same_text(got.items[n].name, text(item));
        assert_true(usher_json_next(&item, &both));
        usher_str want = text(item);
        /* plain ASCII has one reading, so there the second chance of same_text gives nothing away
         */
        right = right && same_text(got.items[n].value, want);
        if (!right) fail_msg("%.*s: dialect %d, pair %zu", (int)id.len, id.ptr, (int)dialect, n);
    }
    if (n != got.count)
        fail_msg("%.*s: dialect %d: %zu pairs, not %zu", (int)id.len, id.ptr, (int)dialect,
                 got.count, n);
}

static void test_measured_headers(void **state)
{
    static const struct {
        const char *name;
        usher_cookie_dialect dialect;
    } parsers[] = {{"cookie", PACKAGE}, {"authjs", AUTHJS}, {"next_pages", PAGES}, {"edge", EDGE}};
    char *file;
    usher_str rest = vectors("tests/vectors/cookie-headers.json", &file).text;
    usher_json v;
    size_t cases = 0;

    (void)state;
    while (usher_json_next(&v, &rest)) {
        usher_str header = wire_bytes(text(member(member(v, "input"), "header")));
        for (size_t i = 0; i < 4; i++, cases++)
            check_pairs(text(member(v, "id")), header, parsers[i].dialect,
                        member(member(v, "expected"), parsers[i].name));
    }
    assert_int_equal(cases, 54 * 4);
    free(file);
}

/* ---- what the measured cases leave open ------------------------------------------------------ */

static usher_str listed(usher_str header, usher_cookie_dialect dialect)
{
    usher_cookies got;
    usher_buf b;
    usher_str out;

    assert_ok(usher_cookies_read(&got, &kit_arena, header, dialect, NULL));
    usher_buf_init(&b, &kit_arena, 1 << 16);
    for (size_t i = 0; i < got.count; i++) {
        if (i) usher_buf_put_char(&b, '|');
        usher_buf_put(&b, got.items[i].name);
        usher_buf_put_char(&b, '>');
        usher_buf_put(&b, got.items[i].value);
    }
    assert_ok(usher_buf_take(&out, &b, NULL));
    return out;
}

static void test_dialects(void **state)
{
    static const struct {
        const char *header, *package, *authjs, *pages, *edge;
    } cases[] = {
        {"=", "", "", ">", ">"},
        {"==", ">=", ">=", ">=", ">="},
        {"a=1;=", "a>1|>", "a>1|>", "a>1|>", "a>1|>"},
        {"  a=1; b=2 \t", "a>1|b>2", "a>1|b>2", "a>1|b>2", "a>1|b>2"},
        {"\t;\ta=1", "a>1", "a>1", "a>1", "\ta>1"},
        {" ; a=1 ; ", "a>1", "a>1", "a>1", "a>1 "},
        {"a=\t", "a>", "a>", "a>", "a>"},
        {"a=1;\t", "a>1", "a>1", "a>1", "a>1"},
        {"a=1;\t;b=2", "a>1|b>2", "a>1|b>2", "a>1|b>2", "a>1|\t>true|b>2"},
        {"a=\v1\f; b=2", "a>\v1\f|b>2", "a>\v1\f|b>2", "a>1|b>2", "a>\v1\f|b>2"},
        {"a=\xa0x\xa0; b=\xa0", "a>\xa0x\xa0|b>\xa0", "a>\xa0x\xa0|b>\xa0", "a>x|b>",
         "a>\xa0x\xa0|b>\xa0"},
        {"a=\"%zz\"", "a>%zz", "a>\"%zz\"", "a>%zz", ""},
        {"a=\"%41\"", "a>A", "a>\"A\"", "a>A", "a>\"A\""},
        {"a=\"hello", "a>\"hello", "a>\"hello", "a>hell", "a>\"hello"},
        {"a=%zz; b=1; a=2", "a>%zz|b>1", "a>%zz|b>1", "a>%zz|b>1", "b>1|a>2"},
        {"a=1; b=1; a=%zz", "a>1|b>1", "a>1|b>1", "a>1|b>1", "a>1|b>1"},
        {"a=1; b=2; a=3; b=4", "a>1|b>2", "a>1|b>2", "a>1|b>2", "a>3|b>4"},
        {"valueOf=1; __proto__=2; __proto__=3; hasOwnProperty=4", "valueOf>1|hasOwnProperty>4",
         "valueOf>1|__proto__>2|hasOwnProperty>4", "", "valueOf>1|__proto__>3|hasOwnProperty>4"},
        {"isPrototypeOf=1; toLocaleString=2; propertyIsEnumerable=3; __defineGetter__=4",
         "isPrototypeOf>1|toLocaleString>2|propertyIsEnumerable>3|__defineGetter__>4",
         "isPrototypeOf>1|toLocaleString>2|propertyIsEnumerable>3|__defineGetter__>4", "",
         "isPrototypeOf>1|toLocaleString>2|propertyIsEnumerable>3|__defineGetter__>4"},
        {"__defineSetter__=1; __lookupGetter__=2; __lookupSetter__=3; tostring=4",
         "__defineSetter__>1|__lookupGetter__>2|__lookupSetter__>3|tostring>4",
         "__defineSetter__>1|__lookupGetter__>2|__lookupSetter__>3|tostring>4", "tostring>4",
         "__defineSetter__>1|__lookupGetter__>2|__lookupSetter__>3|tostring>4"},
        {"x=1; 10=a; 9=b; 01=c; 4294967294=d; 4294967295=e; 0=f", /* the last index is 2^32 - 2 */
         "0>f|9>b|10>a|4294967294>d|x>1|01>c|4294967295>e",
         "0>f|9>b|10>a|4294967294>d|x>1|01>c|4294967295>e",
         "0>f|9>b|10>a|4294967294>d|x>1|01>c|4294967295>e",
         "x>1|10>a|9>b|01>c|4294967294>d|4294967295>e|0>f"},
        {"a;b;c=1", "c>1", "c>1", "c>1", "a>true|b>true|c>1"},
        {"a=1;b", "a>1", "a>1", "a>1", "a>1|b>true"},
        {"b;a=1; b=2", "a>1|b>2", "a>1|b>2", "a>1|b>2", "b>2|a>1"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        usher_str header = kit_str(cases[i].header);
        assert_str(listed(header, PACKAGE), cases[i].package);
        assert_str(listed(header, AUTHJS), cases[i].authjs);
        assert_str(listed(header, PAGES), cases[i].pages);
        assert_str(listed(header, EDGE), cases[i].edge);
    }
}

static void test_get(void **state)
{
    usher_cookies got;
    usher_str header = USHER_STR("a=1; b=; c=3");

    (void)state;
    assert_ok(usher_cookies_read(&got, &kit_arena, header, AUTHJS, NULL));
    assert_str(usher_cookies_get(&got, USHER_STR("c")), "3");
    assert_non_null(usher_cookies_get(&got, USHER_STR("b")).ptr); /* empty is not absent */
    assert_int_equal(usher_cookies_get(&got, USHER_STR("b")).len, 0);
    assert_null(usher_cookies_get(&got, USHER_STR("B")).ptr);
    assert_null(usher_cookies_get(&got, USHER_STR("")).ptr);
    assert_ok(
        usher_cookies_read(&got, &kit_arena, (usher_str){0}, AUTHJS, NULL)); /* no header at all */
    assert_int_equal(got.count, 0);
    assert_null(usher_cookies_get(&got, USHER_STR("a")).ptr);
}

static void test_next_views_the_header(void **state)
{
    usher_str header = USHER_STR("a=\"1%41\"; a=2;c"), all = header;
    usher_cookie_raw c;

    (void)state;
    assert_true(usher_cookie_next(&c, &header, PACKAGE));
    assert_str(c.name, "a");
    assert_str(c.value, "\"1%41\""); /* as it stands */
    assert_ptr_equal(c.name.ptr, all.ptr);
    assert_str(header, "; a=2;c");
    assert_true(usher_cookie_next(&c, &header, PACKAGE));
    assert_str(c.value, "2");
    assert_false(usher_cookie_next(&c, &header, PACKAGE));
    assert_int_equal(header.len, 0);
    assert_null(c.name.ptr);
}

static void test_decode_copies_only_what_it_must(void **state)
{
    static const struct {
        const char *raw;
        usher_cookie_dialect dialect;
        const char *value; /* NULL: dropped */
        bool view;
    } cases[] = {
        {"eyJh", PACKAGE, "eyJh", true},
        {"\"eyJh\"", PACKAGE, "eyJh", true},
        {"\"eyJh\"", AUTHJS, "\"eyJh\"", true},
        {"a+b", EDGE, "a+b", true},
        {"%7C", AUTHJS, "|", false},
        {"%7", PACKAGE, "%7", true},
        {"%7", EDGE, NULL, true},
        {"%ED%A0%80", PAGES, "%ED%A0%80", true},
        {"%ED%A0%80", EDGE, NULL, true},
        {"", EDGE, "", true},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        usher_str raw = kit_str(cases[i].raw), out;
        usher_error err = {0};
        bool keep;
        assert_ok(usher_cookie_decode(&out, &keep, &kit_arena, raw, cases[i].dialect, &err));
        assert_int_equal(keep, cases[i].value != NULL);
        if (keep) assert_str(out, cases[i].value);
        if (keep && cases[i].view) assert_true(out.ptr >= raw.ptr && out.ptr <= raw.ptr + raw.len);
        assert_int_equal(err.status, USHER_OK); /* a quirk that was followed is no error */
    }
}

/* c0, c1, ... in reverse, `n` of them; every second one twice if `twice`. */
static usher_str many(size_t n, bool twice)
{
    usher_buf b;
    usher_str out;

    usher_buf_init(&b, &kit_arena, 1 << 20);
    for (size_t i = n; i > 0; i--) {
        usher_buf_put_z(&b, "; c");
        usher_buf_put_u64(&b, twice ? i / 2 : i);
        usher_buf_put_char(&b, '=');
        usher_buf_put_u64(&b, i);
    }
    assert_ok(usher_buf_take(&out, &b, NULL));
    return out;
}

static void seek_as_walked(usher_str header, usher_str prefix, usher_cookie_dialect dialect)
{
    usher_str walked = header, sought = header;
    usher_cookie_raw w, s;
    bool more;

    do {
        while ((more = usher_cookie_next(&w, &walked, dialect)) &&
               !usher_str_starts(w.name, prefix)) {
        }
        assert_int_equal(usher_cookie_seek(&s, &sought, prefix, dialect), more);
        assert_ptr_equal(s.name.ptr, w.name.ptr);
        assert_int_equal(s.name.len, w.name.len);
        assert_ptr_equal(s.value.ptr, w.value.ptr);
        assert_int_equal(s.value.len, w.value.len);
    } while (more);
}

/* "a=sss…; HEADER; b=sss…", in memory that ends where it ends. */
static usher_str in_the_midst(usher_str header, size_t before, size_t after)
{
    size_t len = before + header.len + after + 8;
    char *p = malloc(len);

    assert_non_null(p);
    memset(p, 's', len);
    memcpy(p, "a=", 2);
    memcpy(p + 2 + before, "; ", 2);
    memcpy(p + 4 + before, header.ptr, header.len);
    memcpy(p + 4 + before + header.len, "; b=", 4);
    return (usher_str){p, len};
}

/* Seeking a prefix finds what walking and comparing finds, in every dialect. */
static void test_seek(void **state)
{
    static const char *const headers[] = {
        "a=1; session=x; session.0=y; b=2",
        "session=x",
        " session = x ;\tsession.1=y",
        "sessio=1; session",
        "session;session=",
        "=session; session==",
        "s=1;;; session.=\"q\"",
        "\xa0session=1; \xa0 session=2",
        "__proto__=1; session=",
        "=",
        "s",
        "",
        "session =1;sessionx=2",
    };
    static const char *const prefixes[] = {"session", "s", "", " session", "session=", "__proto__"};
    (void)state;

    for (size_t i = 0; i < COUNT(headers) * COUNT(prefixes) * 4; i++) {
        usher_str header = kit_str(headers[i / 4 % COUNT(headers)]);
        usher_str prefix = kit_str(prefixes[i / 4 / COUNT(headers)]);
        usher_cookie_dialect dialect = (usher_cookie_dialect)(i % 4);

        seek_as_walked(header, prefix, dialect);
        for (size_t before = 0; before < 140; before += before < 70 ? 1 : 13) { /* in each phase */
            usher_str among = in_the_midst(header, before, 140 - before);
            seek_as_walked(among, prefix, dialect);
            free((char *)(uintptr_t)among.ptr);
        }
    }
}

/* A header and a name that are all the memory there is: every length of both, the name standing in
 * the header anywhere, nearly anywhere, or not at all. */
static void test_seek_at_the_edges(void **state)
{
    kit_pages pages = kit_pages_new(512), names = kit_pages_new(64);
    uint64_t seed = 11;

    (void)state;
    for (size_t i = 0; i < 201 * 40; i++) {
        size_t len = i % 201, name_len = 1 + i / 201;
        char *text = i % 2 ? pages.end - len : pages.begin;
        char *name = i % 2 ? names.end - name_len : names.begin;

        memset(name, 'n', name_len);
        if (name_len > 1 && i % 3) name[0] = 's';
        for (size_t at = 0; at < len; at++)
            text[at] = "n=s; n;nsn\t"[kit_next(&seed) % 11];
        for (int tries = 0; tries < 6; tries++) {
            size_t at = len >= name_len ? kit_next(&seed) % (len - name_len + 1) : 0;
            if (len >= name_len) memcpy(text + at, name, tries % 2 ? name_len : name_len - 1);
            if (tries == 3 && at) text[at - 1] = ';';
            if (tries == 5 && len >= name_len) memcpy(text + len - name_len, name, name_len);
            seek_as_walked((usher_str){text, len}, (usher_str){name, name_len},
                           (usher_cookie_dialect)(i / 2 % 4));
        }
    }
    kit_pages_free(&pages);
    kit_pages_free(&names);
}

static void test_bound(void **state)
{
    usher_cookies got;
    usher_error err;

    (void)state;
    assert_ok(usher_cookies_read(&got, &kit_arena, many(USHER_COOKIES_MAX, false), AUTHJS, NULL));
    assert_int_equal(got.count, USHER_COOKIES_MAX);
    assert_str(got.items[0].name, "c1024");
    assert_str(got.items[USHER_COOKIES_MAX - 1].name, "c1");
    for (size_t i = 0; i < got.count; i++)
        assert_true(usher_str_eq(usher_str_from(got.items[i].name, 1), got.items[i].value));
    usher_str more = many(USHER_COOKIES_MAX + 1, false);
    assert_int_equal(usher_cookies_read(&got, &kit_arena, more, AUTHJS, &err), USHER_E_LIMIT);
    assert_int_equal(err.status, USHER_E_LIMIT);
    assert_null(got.items);
    assert_int_equal(got.count, 0);
}

static void test_duplicates_among_many(void **state)
{
    usher_cookies first, last;
    usher_str header =
        many(USHER_COOKIES_MAX, true); /* c512=1024; c511=1023; c511=1022; ... c0=1 */

    (void)state;
    assert_ok(usher_cookies_read(&first, &kit_arena, header, PACKAGE, NULL));
    assert_ok(usher_cookies_read(&last, &kit_arena, header, EDGE, NULL));
    assert_int_equal(first.count, 513);
    assert_int_equal(last.count, 513);
    assert_str(usher_cookies_get(&first, USHER_STR("c300")), "601");
    assert_str(usher_cookies_get(&last, USHER_STR("c300")), "600");
    for (size_t i = 0; i < 513; i++)
        assert_true(usher_str_eq(first.items[i].name, last.items[i].name));
}

/* A merge sort must agree with the obvious way on every short header of this small alphabet. */
static void test_duplicates_as_the_plain_way(void **state)
{
    uint64_t seed = 7;

    (void)state;
    for (size_t round = 0; round < 400; round++) {
        char header[64];
        size_t pairs = kit_next(&seed) % 9, len = 0, plain = 0;
        for (size_t i = 0; i < pairs; i++) {
            header[len++] = (char)('a' + kit_next(&seed) % 4);
            header[len++] = '=';
            header[len++] = (char)('A' + i);
            header[len++] = ';';
        }
        usher_cookies got;
        assert_ok(usher_cookies_read(&got, &kit_arena, (usher_str){header, len}, AUTHJS, NULL));
        for (size_t i = 0; i < len; i += 4) {
            bool seen = false;
            for (size_t j = 0; j < i; j += 4)
                seen = seen || header[j] == header[i];
            if (seen) continue;
            assert_true(plain < got.count);
            assert_memory_equal(got.items[plain].name.ptr, header + i, 1);
            assert_memory_equal(got.items[plain++].value.ptr, header + i + 2, 1);
        }
        assert_int_equal(plain, got.count);
        usher_arena_reset(&kit_arena);
    }
}

/* ---- Set-Cookie ----------------------------------------------------------------------------- */

static void test_set_cookie(void **state)
{
    static const struct {
        usher_set_cookie c;
        const char *line;
    } cases[] = {
        {{.name = USHER_STR_INIT("a"), .value = USHER_STR_INIT("1")}, "a=1"},
        {{.name = USHER_STR_INIT("a")}, "a="},
        {{.name = USHER_STR_INIT("authjs.csrf-token"),
          .value = USHER_STR_INIT("to|ken"),
          .path = USHER_STR_INIT("/"),
          .http_only = true,
          .same_site = USHER_SAME_SITE_LAX},
         "authjs.csrf-token=to%7Cken; Path=/; HttpOnly; SameSite=Lax"},
        {{.name = USHER_STR_INIT("sid"),
          .value = USHER_STR_INIT("x y;\r\n\xc3\xa9"),
          .has_max_age = true,
          .max_age_s = 900,
          .has_expires = true,
          .expires_s = 1769817600,
          .domain = USHER_STR_INIT(".example.com"),
          .path = USHER_STR_INIT("/app"),
          .http_only = true,
          .secure = true,
          .same_site = USHER_SAME_SITE_STRICT},
         "sid=x%20y%3B%0D%0A%C3%A9; Max-Age=900; Domain=.example.com; Path=/app; "
         "Expires=Sat, 31 Jan 2026 00:00:00 GMT; HttpOnly; Secure; SameSite=Strict"},
        {{.name = USHER_STR_INIT("s"),
          .has_max_age = true,
          .path = USHER_STR_INIT("/"),
          .secure = true,
          .same_site = USHER_SAME_SITE_NONE},
         "s=; Max-Age=0; Path=/; Secure; SameSite=None"},
        {{.name = USHER_STR_INIT("s"), .has_max_age = true, .max_age_s = -5}, "s=; Max-Age=-5"},
        {{.name = USHER_STR_INIT("s"), .path = USHER_STR_INIT("/a,b")}, NULL},
        {{.name = USHER_STR_INIT("s"), .path = USHER_STR_INIT("/a;b")}, NULL},
        {{.name = USHER_STR_INIT("s"), .path = USHER_STR_INIT("/a=b")}, "s=; Path=/a=b"},
        {{.name = USHER_STR_INIT("s"), .path = USHER_STR_INIT("app")}, NULL},
        {{.name = USHER_STR_INIT("s"), .path = USHER_STR_INIT("/a b")}, NULL},
        {{.name = USHER_STR_INIT("s"), .path = USHER_STR_INIT("/a\r\nSet-Cookie: x=y")}, NULL},
        {{.name = USHER_STR_INIT("s"), .path = USHER_STR_INIT("/\xc3\xa9")}, NULL},
        {{.name = USHER_STR_INIT("s"), .path = USHER_STR_INIT("/\x7f")}, NULL},
        {{.name = USHER_STR_INIT("s"), .domain = USHER_STR_INIT("example.com; Secure")}, NULL},
        {{.name = USHER_STR_INIT("s"), .domain = USHER_STR_INIT("example.com:80")}, NULL},
        {{.name = USHER_STR_INIT("s"), .domain = USHER_STR_INIT("a=b")}, NULL},
        {{.name = USHER_STR_INIT("s"), .domain = USHER_STR_INIT(".")}, NULL},
        {{.name = USHER_STR_INIT("s"), .domain = USHER_STR_INIT("..x")}, NULL},
        {{.name = USHER_STR_INIT("s"), .domain = USHER_STR_INIT("x.")}, NULL},
        {{.name = USHER_STR_INIT("s"), .domain = USHER_STR_INIT("x")}, "s=; Domain=x"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        usher_str line;
        usher_status rc = usher_set_cookie_write(&line, &kit_arena, &cases[i].c, NULL);
        assert_int_equal(rc, cases[i].line ? USHER_OK : USHER_E_USAGE);
        if (cases[i].line) assert_str(line, cases[i].line);
        if (!cases[i].line) assert_null(line.ptr);
    }
}

static void test_names_are_tokens(void **state)
{
    (void)state;
    for (int c = 0; c < 256; c++) {
        char name[3] = {'a', (char)c, 'b'};
        usher_set_cookie cookie = {.name = {name, sizeof name}};
        bool fine = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
                    (c && strchr("!#$%&'*+-.^_`|~", c));
        usher_str line;
        assert_int_equal(usher_set_cookie_write(&line, &kit_arena, &cookie, NULL),
                         fine ? USHER_OK : USHER_E_USAGE);
    }
    usher_str line;
    assert_int_equal(usher_set_cookie_write(&line, &kit_arena, &(usher_set_cookie){0}, NULL),
                     USHER_E_USAGE);
}

static usher_str attribute(usher_str attributes, const char *name)
{
    usher_str rest = attributes;

    while (rest.len) {
        usher_str value, part = usher_str_trim(usher_str_cut(rest, ';', &rest));
        usher_str label = usher_str_cut(part, '=', &value);
        if (usher_str_eq(label, kit_str(name))) return value.ptr ? value : part;
    }
    return (usher_str){0};
}

static int64_t date_of(usher_str date)
{
    if (usher_str_eq(date, USHER_STR("Sat, 31 Jan 2026 00:00:00 GMT"))) return 1769817600;
    assert_str(date, "Thu, 01 Jan 2026 01:00:00 GMT");
    return 1767229200;
}

/* The attributes of a line that an original wrote, taken apart in any order. */
static usher_set_cookie taken_apart(usher_str name, usher_str attributes)
{
    usher_str max_age = attribute(attributes, "Max-Age");
    usher_str expires = attribute(attributes, "Expires");
    usher_str same_site = attribute(attributes, "SameSite");
    uint64_t n = 0;

    assert_true(!max_age.ptr || usher_str_u64(&n, max_age));
    return (usher_set_cookie){
        .name = name,
        .value = USHER_STR("http://localhost:3000"),
        .has_max_age = max_age.ptr != NULL,
        .max_age_s = (int64_t)n,
        .has_expires = expires.ptr != NULL,
        .expires_s = expires.ptr ? date_of(expires) : 0,
        .domain = attribute(attributes, "Domain"),
        .path = attribute(attributes, "Path"),
        .http_only = attribute(attributes, "HttpOnly").ptr != NULL,
        .secure = attribute(attributes, "Secure").ptr != NULL,
        .same_site = usher_str_eq(same_site, USHER_STR("Lax")) ? USHER_SAME_SITE_LAX
                                                               : USHER_SAME_SITE_STRICT,
    };
}

static size_t check_written(const char *path)
{
    char *file;
    usher_str rest = vectors(path, &file).text;
    usher_json v, line;
    size_t lines = 0;

    while (usher_json_next(&v, &rest)) {
        usher_str set = member(member(v, "expected"), "set_cookies").text;
        for (; set.len && usher_json_next(&line, &set); lines++) {
            usher_str name = text(member(line, "name")), out;
            usher_str attributes = text(member(line, "attributes"));
            usher_set_cookie c = taken_apart(name, attributes);
            assert_ok(usher_set_cookie_write(&out, &kit_arena, &c, NULL));
            assert_true(usher_str_starts(out, name));
            assert_true(usher_str_ends(out, attributes));
            usher_str value = usher_str_from(out, name.len);
            value.len -= attributes.len;
            assert_str(value, "=http%3A%2F%2Flocalhost%3A3000; ");
        }
    }
    free(file);
    return lines;
}

static void test_lines_of_the_originals(void **state)
{
    (void)state;
    assert_int_equal(check_written("tests/vectors/authjs4-write.json"), 41);
    assert_int_equal(check_written("tests/vectors/authjs5-write.json"), 37);
}

/* ---- memory --------------------------------------------------------------------------------- */

static usher_status read_and_write(usher_arena *a)
{
    usher_set_cookie c = {.name = USHER_STR("a"), .value = USHER_STR("x y")};
    usher_cookies got;
    usher_str line;
    usher_status rc;

    if ((rc = usher_cookies_read(&got, a, USHER_STR("a=%41%42; b=%zz; c=\"%43\""), PACKAGE, NULL)))
        assert_true(got.items == NULL && got.count == 0);
    if (rc == USHER_OK) rc = usher_cookies_read(&got, a, USHER_STR("a=%41%42; b=%zz"), EDGE, NULL);
    if (rc == USHER_OK) rc = usher_set_cookie_write(&line, a, &c, NULL);
    return rc;
}

static void test_every_allocation_fails_in_turn(void **state)
{
    kit_alloc memory = {.failed = true};

    (void)state;
    for (size_t n = 0; memory.failed; n++) {
        memory = (kit_alloc){.fail_at = n};
        usher_allocator from = kit_allocator(&memory);
        usher_arena a;
        usher_arena_init(&a, &from, 64, 1 << 20);
        usher_status rc = read_and_write(&a);
        assert_int_equal(rc, memory.failed ? USHER_E_NOMEM : USHER_OK);
        usher_arena_deinit(&a);
        assert_int_equal(memory.live, 0);
        assert_true(n || memory.failed); /* at least the first one was taken */
    }
}

static void test_out_of_memory_is_told(void **state)
{
    kit_alloc memory = {.fail_at = 0, .from_then_on = true};
    usher_allocator from = kit_allocator(&memory);
    usher_arena a;
    usher_error err = {0};
    usher_str out;
    bool keep;

    (void)state;
    usher_arena_init(&a, &from, 64, 1 << 20);
    assert_int_equal(usher_cookie_decode(&out, &keep, &a, USHER_STR("%41"), AUTHJS, &err),
                     USHER_E_NOMEM);
    assert_int_equal(err.status, USHER_E_NOMEM);
    assert_false(keep);
    assert_null(out.ptr);
    usher_arena_deinit(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_measured_headers, kit_arena_up, kit_arena_down),
        cmocka_unit_test_setup_teardown(test_dialects, kit_arena_up, kit_arena_down),
        cmocka_unit_test_setup_teardown(test_get, kit_arena_up, kit_arena_down),
        cmocka_unit_test(test_next_views_the_header),
        cmocka_unit_test_setup_teardown(test_decode_copies_only_what_it_must, kit_arena_up,
                                        kit_arena_down),
        cmocka_unit_test(test_seek),
        cmocka_unit_test(test_seek_at_the_edges),
        cmocka_unit_test_setup_teardown(test_bound, kit_arena_up, kit_arena_down),
        cmocka_unit_test_setup_teardown(test_duplicates_among_many, kit_arena_up, kit_arena_down),
        cmocka_unit_test_setup_teardown(test_duplicates_as_the_plain_way, kit_arena_up,
                                        kit_arena_down),
        cmocka_unit_test_setup_teardown(test_set_cookie, kit_arena_up, kit_arena_down),
        cmocka_unit_test_setup_teardown(test_names_are_tokens, kit_arena_up, kit_arena_down),
        cmocka_unit_test_setup_teardown(test_lines_of_the_originals, kit_arena_up, kit_arena_down),
        cmocka_unit_test(test_every_allocation_fails_in_turn),
        cmocka_unit_test(test_out_of_memory_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
