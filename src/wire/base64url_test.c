#include "wire/base64url.h"

#include "base/str.h"
#include "tests/kit/kit.h"

#define COUNT(rows) (sizeof(rows) / sizeof *(rows))

/* RFC 4648 section 10 without its padding, and what the two other characters stand for. */
static const struct {
    usher_str bytes;
    const char *url, *basic;
} vectors[] = {
    {USHER_STR_INIT(""), "", ""},
    {USHER_STR_INIT("f"), "Zg", "Zg=="},
    {USHER_STR_INIT("fo"), "Zm8", "Zm8="},
    {USHER_STR_INIT("foo"), "Zm9v", "Zm9v"},
    {USHER_STR_INIT("foob"), "Zm9vYg", "Zm9vYg=="},
    {USHER_STR_INIT("fooba"), "Zm9vYmE", "Zm9vYmE="},
    {USHER_STR_INIT("foobar"), "Zm9vYmFy", "Zm9vYmFy"},
    {USHER_STR_INIT("\0"), "AA", "AA=="},
    {USHER_STR_INIT("\0\0\0"), "AAAA", "AAAA"},
    {USHER_STR_INIT("\xff"), "_w", "/w=="},
    {USHER_STR_INIT("\xff\xff\xff"), "____", "////"},
    {USHER_STR_INIT("\xfb\xef\xbe"), "----", "++++"},
    {USHER_STR_INIT("{\"alg\":\"dir\",\"enc\":\"A256GCM\"}"),
     "eyJhbGciOiJkaXIiLCJlbmMiOiJBMjU2R0NNIn0", "eyJhbGciOiJkaXIiLCJlbmMiOiJBMjU2R0NNIn0="},
};

static void test_vectors(void **state)
{
    (void)state;
    usher_arena arena;

    usher_arena_init(&arena, usher_allocator_default(), 1024, 1 << 20);
    for (size_t i = 0; i < COUNT(vectors); i++) {
        uint8_t bytes[64];
        usher_str url = kit_str(vectors[i].url), out;
        const uint8_t *in = (const uint8_t *)vectors[i].bytes.ptr;
        assert_int_equal(usher_base64url_decoded_size(url.len), vectors[i].bytes.len);
        assert_int_equal(usher_base64url_encoded_size(vectors[i].bytes.len), url.len);
        assert_ok(usher_base64url_decode(bytes, url, NULL));
        assert_memory_equal(bytes, vectors[i].bytes.ptr, vectors[i].bytes.len);
        usher_buf b;
        usher_buf_init(&b, &arena, strlen(vectors[i].url)); /* not one more than it needs */
        usher_base64url_put(&b, in, vectors[i].bytes.len);
        assert_ok(usher_buf_take(&out, &b, NULL));
        assert_str(out, vectors[i].url);
        usher_buf_init(&b, &arena, strlen(vectors[i].basic));
        usher_base64_put(&b, in, vectors[i].bytes.len);
        assert_ok(usher_buf_take(&out, &b, NULL));
        assert_str(out, vectors[i].basic);
    }
    usher_arena_deinit(&arena);
}

static const struct {
    const char *name;
    usher_str text;
    size_t at;
} refused[] = {
#define ROW(name, text, at)                                                                        \
    {                                                                                              \
        name, USHER_STR_INIT(text), at                                                             \
    }
    ROW("one character", "A", 1),
    ROW("five characters", "AAAAA", 5),
    ROW("nine characters", "AAAAAAAAA", 9),
    ROW("one wrong character", "=", 0),
    ROW("unused bits of two", "Zh", 1),
    ROW("all unused bits of two", "Zv", 1),
    ROW("unused bits of three", "Zm9", 2),
    ROW("unused bits after a group", "Zm9vYmF", 6),
    ROW("padding of two", "Zg==", 2),
    ROW("padding of one", "Zm8=", 3),
    ROW("padding alone", "====", 0),
    ROW("too much padding", "Zm9v=", 4),
    ROW("plus", "Zm+v", 2),
    ROW("slash", "Zm/v", 2),
    ROW("space", "Zm 9v", 2),
    ROW("trailing space", "Zm9v ", 4),
    ROW("trailing line feed", "Zm9vYg\n", 6),
    ROW("leading space", " Zm9vYg", 0),
    ROW("line break between groups", "Zm9v\r\nYmFy", 4),
    ROW("NUL", "Zm\0v", 2),
    ROW("NUL at the end", "Zm9v\0", 4),
    ROW("dot", "Zm9v.Zm9v", 4),
    ROW("not ASCII", "Zm9\xc3\xa9", 3),
    ROW("a byte above 127",
        "\xff"
        "AAA",
        0),
    ROW("percent", "Zm9v%3D", 4),
    ROW("the alphabet's neighbours", "AA@A", 2),
    ROW("the alphabet's neighbours", "AA[A", 2),
    ROW("the alphabet's neighbours", "AA`A", 2),
    ROW("the alphabet's neighbours", "AA{A", 2),
    ROW("the alphabet's neighbours", "AA:A", 2),
    ROW("the alphabet's neighbours", "AA^A", 2),
    ROW("late in a long text", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA*AAAAAA", 41),
#undef ROW
};

static void test_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(refused); i++) {
        uint8_t bytes[64];
        usher_error err = {0};
        usher_status rc = usher_base64url_decode(bytes, refused[i].text, &err);
        if (rc != USHER_E_SYNTAX || err.status != rc || err.at != refused[i].at)
            fail_msg("%s: status %d at %zu", refused[i].name, (int)rc, err.at);
    }
    uint8_t none;
    assert_ok(usher_base64url_decode(&none, (usher_str){0}, NULL));
    usher_base64url_encode((char *)&none, NULL, 0); /* clang's UBSan watches */
}

/* Every byte at every place of texts of every length up to three steps: accepted or not, and where.
 */
static void test_every_character_at_every_place(void **state)
{
    (void)state;
    static const char alphabet[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

    /* Beyond 27 only what is next to whole wide steps, and what is left over behind them. */
    for (size_t len = 0; len <= 99; len += len < 36 || len >= 96 ? 1 : len == 36 ? 28 : 32) {
        char *text = malloc(len + 1); /* exact sizes, for the sanitizer */
        uint8_t *bytes = malloc(usher_base64url_decoded_size(len) + 1);
        assert_true(text && bytes);
        for (size_t at = 0; at < len; at++)
            for (unsigned c = 0; c < 256; c++) {
                char *end = text + 1 + at;
                memset(text + 1, 'A', len);
                *end = (char)(uint8_t)c;
                const char *hit = c ? strchr(alphabet, (int)c) : NULL;
                unsigned value = hit ? (unsigned)(hit - alphabet) : 0;
                unsigned unused = at + 1 < len ? 0 : len % 4 == 2 ? 15 : len % 4 == 3 ? 3 : 0;
                bool good = len % 4 != 1 && hit && (value & unused) == 0;
                usher_error err = {0};
                usher_status rc =
                    usher_base64url_decode(bytes + 1, (usher_str){text + 1, len}, &err);
                assert_int_equal(rc, good ? USHER_OK : USHER_E_SYNTAX);
                if (rc && len % 4 == 1) assert_int_equal(err.at, hit ? len : at);
                if (rc && len % 4 != 1) assert_int_equal(err.at, at);
            }
        free(text);
        free(bytes);
    }
}

/* Pieces are too short for the wide steps: the tables say the same as those do. */
static void assert_pieces(const uint8_t *bytes, const char *text, size_t len)
{
    for (size_t at = 0; at < len; at += 12) {
        size_t n = len - at < 12 ? len - at : 12, chars = usher_base64url_encoded_size(n);
        char letters[16];
        uint8_t back[12];
        usher_base64url_encode(letters, bytes + at, n);
        assert_memory_equal(letters, text + at / 3 * 4, chars);
        assert_ok(usher_base64url_decode(back, (usher_str){text + at / 3 * 4, chars}, NULL));
        assert_memory_equal(back, bytes + at, n);
    }
}

static void test_any_bytes_come_back(void **state)
{
    (void)state;
    uint64_t seed = 8;

    for (size_t len = 0; len < 700; len++) {
        size_t chars = usher_base64url_encoded_size(len);
        uint8_t *bytes = malloc(len + 1), *back = malloc(usher_base64url_decoded_size(chars) + 1);
        char *text = malloc(chars + 1);
        assert_true(bytes && back && text);
        for (size_t i = 0; i < len; i++)
            bytes[i] = (uint8_t)kit_next(&seed);
        text[chars] = '!';
        back[len] = 0x5a;
        usher_base64url_encode(text, bytes, len);
        assert_int_equal(text[chars], '!');
        assert_int_equal(usher_base64url_decoded_size(chars), len);
        assert_ok(usher_base64url_decode(back, (usher_str){text, chars}, NULL));
        assert_memory_equal(back, bytes, len);
        assert_int_equal(back[len], 0x5a); /* the step of eight bytes stays inside */
        assert_pieces(bytes, text, len);
        free(bytes);
        free(back);
        free(text);
    }
}

/* Neither reads nor writes outside, at either end of memory that is all there is: every length, and
 * with it every place in a word that a text may begin or end at. */
static void test_at_the_edges(void **state)
{
    kit_pages in = kit_pages_new(512), out = kit_pages_new(512);
    uint64_t seed = 9;

    (void)state;
    for (size_t i = 0; i < 4 * 201; i++) {
        size_t len = i / 4, chars = usher_base64url_encoded_size(len);
        uint8_t *bytes = (uint8_t *)(i % 2 ? in.end - len : in.begin), kept[201];
        char *text = i / 2 % 2 ? out.end - chars : out.begin;

        for (size_t at = 0; at < len; at++)
            kept[at] = bytes[at] = (uint8_t)kit_next(&seed);
        usher_base64url_encode(text, bytes, len);
        memset(bytes, 0, len);
        assert_ok(usher_base64url_decode(bytes, (usher_str){text, chars}, NULL));
        assert_memory_equal(bytes, kept, len);
        for (size_t at = 0; at < chars; at++) {
            char was = text[at];
            text[at] = '=';
            assert_int_equal(usher_base64url_decode(bytes, (usher_str){text, chars}, NULL),
                             USHER_E_SYNTAX);
            text[at] = was;
        }
    }
    kit_pages_free(&in);
    kit_pages_free(&out);
}

static void test_no_memory(void **state)
{
    (void)state;
    kit_alloc kit = {.fail_at = 0};
    usher_allocator alloc = kit_allocator(&kit);
    usher_arena a;
    usher_buf b;
    usher_str out;

    for (int way = 0; way < 2; way++) {
        kit.calls = 0;
        usher_arena_init(&a, &alloc, 1024, 1 << 20);
        usher_buf_init(&b, &a, 100);
        (way ? usher_base64_put : usher_base64url_put)(&b, (const uint8_t *)"abc", 3);
        assert_int_equal(usher_buf_take(&out, &b, NULL), USHER_E_NOMEM);
        usher_buf_init(&b, &a, 3);
        (way ? usher_base64_put : usher_base64url_put)(&b, (const uint8_t *)"abc", 3);
        assert_int_equal(usher_buf_take(&out, &b, NULL), USHER_E_LIMIT);
        usher_arena_deinit(&a);
        assert_int_equal(kit.live, 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_vectors),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_every_character_at_every_place),
        cmocka_unit_test(test_any_bytes_come_back),
        cmocka_unit_test(test_at_the_edges),
        cmocka_unit_test(test_no_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
