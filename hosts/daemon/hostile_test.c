/* Raw requests that must be refused, sent to the real daemon, each with a sound request right
 * behind it that must not be answered; and odd but sound ones that must be. */
#include <sys/socket.h>
#include <unistd.h>

#include "hosts/daemon/causes.h"
#include "hosts/daemon/daemon_rig.h"
#include "tests/kit/kit.h"

#define SETTINGS                                                                                   \
    "{\"site\":{\"base_url\":\"http://localhost:3000\",\"development\":true,"                      \
    "\"secret\":\"0f7a4c2e9b8d61354ac0f7e2d9b8c6a1f04e7d3b\"},"                                    \
    "\"daemon\":{\"listen\":\"127.0.0.1:0\",\"body_max\":\"64KiB\"}}"

#define HOST     "Host: localhost\r\n"
#define FOLLOWER "GET /livez?follower HTTP/1.1\r\n" HOST "\r\n"

static rig_daemon daemon_;

static int start(void **state)
{
    (void)state;
    return rig_start(&daemon_, SETTINGS) ? 0 : -1;
}

static int stop(void **state)
{
    (void)state;
    return rig_stop(&daemon_) == 0 ? 0 : -1; /* a sanitizer's finding shows here */
}

#define LIBRARY USHERD_HEAD_MALFORMED /* libmicrohttpd refuses it by itself */
#define EARLY   USHER_CAUSE_NONE      /* before there is a request to count */
#define SILENT  0                     /* closed without an answer: not even a request line */
#define ROW(name, text, status, cause)                                                             \
    {                                                                                              \
        name, text, sizeof(text) - 1, status, cause                                                \
    }

static const struct {
    const char *name, *bytes;
    size_t len;
    int status;
    unsigned cause;
} hostile[] = {
    ROW("LF everywhere", "GET /livez HTTP/1.1\nHost: a\n\n", 400, USHERD_HEAD_BARE_LF),
    ROW("LF after the request line", "GET /livez HTTP/1.1\n" HOST "\r\n", 400, USHERD_HEAD_BARE_LF),
    ROW("LF between fields", "GET /livez HTTP/1.1\r\nHost: a\nX: y\r\n\r\n", 400,
        USHERD_HEAD_BARE_LF),
    ROW("LF after the last field", "GET /livez HTTP/1.1\r\nHost: a\n\r\n", 400,
        USHERD_HEAD_BARE_LF),
    ROW("LF as the empty line", "GET /livez HTTP/1.1\r\n" HOST "\n", 400, USHERD_HEAD_BARE_LF),
    ROW("CR in a value", "GET /livez HTTP/1.1\r\n" HOST "X: a\rY: b\r\n\r\n", 400,
        USHERD_HEAD_BARE_CR),
    ROW("CR CR LF", "GET /livez HTTP/1.1\r\n" HOST "X: a\r\r\n\r\n", 400, USHERD_HEAD_BARE_CR),
    ROW("CR before a name", "GET /livez HTTP/1.1\r\n" HOST "\rX: a\r\n\r\n", 400,
        USHERD_HEAD_BARE_CR),
    ROW("NUL in a value", "GET /livez HTTP/1.1\r\nX: a\0b\r\n" HOST "\r\n", 400, USHERD_HEAD_NUL),
    ROW("NUL in the last value", "GET /livez HTTP/1.1\r\n" HOST "X: a\0b\r\n\r\n", 400,
        USHERD_HEAD_NUL),
    ROW("NUL at the end of a value", "GET /livez HTTP/1.1\r\n" HOST "X: a\0\r\n\r\n", 400,
        USHERD_HEAD_NUL),
    ROW("NUL in a cookie", "GET /livez HTTP/1.1\r\n" HOST "Cookie: a=\0b\r\n\r\n", 400,
        USHERD_HEAD_NUL),
    ROW("NUL in a name", "GET /livez HTTP/1.1\r\n" HOST "X\0: a\r\n\r\n", 400, LIBRARY),
    ROW("NUL in the target", "GET /livez\0x HTTP/1.1\r\n" HOST "\r\n", 400, USHERD_HEAD_NUL),
    ROW("NUL in the query", "GET /livez?a\0&b HTTP/1.1\r\n" HOST "\r\n", 400, USHERD_HEAD_NUL),
    ROW("NUL in the method", "G\0T /livez HTTP/1.1\r\n" HOST "\r\n", 400, USHERD_HEAD_SPACING),
    ROW("NUL in the version", "GET /livez HTTP/1.1\0\r\n" HOST "\r\n", 400, EARLY),
    ROW("NUL at the start", "\0GET /livez HTTP/1.1\r\n" HOST "\r\n" FOLLOWER, 400, EARLY),
    ROW("line that begins with NUL", "GET /livez HTTP/1.1\r\n" HOST "\0junk\r\n\r\n", 400,
        USHERD_HEAD_NUL),
    ROW("empty line before", "\r\nGET /livez HTTP/1.1\r\n" HOST "\r\n", 400, USHERD_HEAD_LEADING),
    ROW("hidden line before", "\0POST / HTTP/1.1\r\nGET /livez HTTP/1.1\r\n" HOST "\r\n", 400,
        USHERD_HEAD_LEADING),
    ROW("folded", "GET /livez HTTP/1.1\r\n" HOST "X: a\r\n b\r\n\r\n", 400, USHERD_HEAD_FOLDED),
    ROW("folded Host", "GET /livez HTTP/1.1\r\nHost: a\r\n\tb\r\nX: y\r\n\r\n", 400,
        USHERD_HEAD_FOLDED),
    ROW("folded with nothing", "GET /livez HTTP/1.1\r\n" HOST "X: a\r\n \r\n\r\n", 400,
        USHERD_HEAD_FOLDED),
    ROW("first field folded", "GET /livez HTTP/1.1\r\n " HOST "\r\n", 400, USHERD_HEAD_FOLDED),
    ROW("space before the colon", "GET /livez HTTP/1.1\r\nHost : a\r\n\r\n", 400,
        USHERD_HEAD_SPACING),
    ROW("tab before the colon", "GET /livez HTTP/1.1\r\n" HOST "X\t: a\r\n\r\n", 400,
        USHERD_HEAD_SPACING),
    ROW("space in a name", "GET /livez HTTP/1.1\r\n" HOST "X Y: a\r\n\r\n", 400, USHERD_HEAD_NAME),
    ROW("no name", "GET /livez HTTP/1.1\r\n" HOST ": a\r\n\r\n", 400, USHERD_HEAD_NAME),
    ROW("colon and LF as the empty line", "GET /livez HTTP/1.1\r\n" HOST ":\nX: y\r\n\r\n", 400,
        USHERD_HEAD_BARE_LF),
    ROW("no colon", "GET /livez HTTP/1.1\r\n" HOST "X\r\n\r\n", 400, USHERD_HEAD_NAME),
    ROW("control byte in a value", "GET /livez HTTP/1.1\r\n" HOST "X: \x01\r\n\r\n", 400,
        USHERD_HEAD_CONTROL),
    ROW("DEL in a value", "GET /livez HTTP/1.1\r\n" HOST "X: \x7f\r\n\r\n", 400,
        USHERD_HEAD_CONTROL),
    ROW("two Hosts", "GET /livez HTTP/1.1\r\n" HOST "hOst: b\r\n\r\n", 400, USHERD_HOST_REPEATED),
    ROW("no Host", "GET /livez HTTP/1.1\r\nX: a\r\n\r\n", 400, USHERD_HOST_MISSING),
    ROW("no field", "GET /livez HTTP/1.1\r\n\r\n", 400, USHERD_HOST_MISSING),
    ROW("Host with a space", "GET /livez HTTP/1.1\r\nHost: a b\r\n\r\n", 400,
        USHERD_HOST_MALFORMED),
    ROW("Host with a user", "GET /livez HTTP/1.1\r\nHost: a@b\r\n\r\n", 400, USHERD_HOST_MALFORMED),
    ROW("length beside chunked",
        "POST /livez HTTP/1.1\r\n" HOST
        "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        400, USHERD_LENGTH_AND_CHUNKED),
    ROW("chunked beside length",
        "POST /livez HTTP/1.1\r\n" HOST
        "Transfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n0\r\n\r\n",
        400, USHERD_LENGTH_AND_CHUNKED),
    ROW("same length twice",
        "POST /livez HTTP/1.1\r\n" HOST "Content-Length: 3\r\nContent-Length: 3\r\n\r\nabc", 400,
        USHERD_LENGTH_REPEATED),
    ROW("two lengths",
        "POST /livez HTTP/1.1\r\n" HOST "Content-Length: 3\r\nContent-Length: 30\r\n\r\nabc", 400,
        USHERD_LENGTH_REPEATED),
    ROW("length list", "POST /livez HTTP/1.1\r\n" HOST "Content-Length: 3, 3\r\n\r\nabc", 400,
        USHERD_LENGTH_MALFORMED),
    ROW("signed length", "POST /livez HTTP/1.1\r\n" HOST "Content-Length: +3\r\n\r\nabc", 400,
        USHERD_LENGTH_MALFORMED),
    ROW("negative length", "POST /livez HTTP/1.1\r\n" HOST "Content-Length: -3\r\n\r\nabc", 400,
        USHERD_LENGTH_MALFORMED),
    ROW("hex length", "POST /livez HTTP/1.1\r\n" HOST "Content-Length: 0x3\r\n\r\nabc", 400,
        USHERD_LENGTH_MALFORMED),
    ROW("empty length", "POST /livez HTTP/1.1\r\n" HOST "Content-Length:\r\n\r\nabc", 400,
        USHERD_LENGTH_MALFORMED),
    ROW("length past 64 bits",
        "POST /livez HTTP/1.1\r\n" HOST "Content-Length: 18446744073709551619\r\n\r\nabc", 400,
        USHERD_LENGTH_MALFORMED),
    ROW("gzip, chunked",
        "POST /livez HTTP/1.1\r\n" HOST "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", 400,
        USHERD_TRANSFER_ENCODING),
    ROW("identity", "POST /livez HTTP/1.1\r\n" HOST "Transfer-Encoding: identity\r\n\r\n0\r\n\r\n",
        400, USHERD_TRANSFER_ENCODING),
    ROW("xchunked", "POST /livez HTTP/1.1\r\n" HOST "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
        400, USHERD_TRANSFER_ENCODING),
    ROW("chunked twice",
        "POST /livez HTTP/1.1\r\n" HOST
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        400, USHERD_TRANSFER_ENCODING),
    ROW("vertical tab before chunked",
        "POST /livez HTTP/1.1\r\n" HOST "Transfer-Encoding: \vchunked\r\n\r\n0\r\n\r\n", 400,
        USHERD_HEAD_CONTROL),
    ROW("space in Transfer-Encoding's name",
        "POST /livez HTTP/1.1\r\n" HOST "Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n", 400,
        USHERD_HEAD_SPACING),
    ROW("chunked in 1.0",
        "POST /livez HTTP/1.0\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400,
        USHERD_TRANSFER_ENCODING),
    ROW("chunk size that is none",
        "POST /livez HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\nxyz\r\n\r\n", 400,
        LIBRARY),
    ROW("chunk size past 64 bits",
        "POST /livez HTTP/1.1\r\n" HOST
        "Transfer-Encoding: chunked\r\n\r\n1ffffffffffffffff\r\n\r\n",
        413, LIBRARY),
    ROW("absolute form", "GET http://localhost/livez HTTP/1.1\r\n" HOST "\r\n", 400, USHERD_TARGET),
    ROW("asterisk", "OPTIONS * HTTP/1.1\r\n" HOST "\r\n", 400, USHERD_TARGET),
    ROW("authority", "CONNECT localhost:80 HTTP/1.1\r\n" HOST "\r\n", 400, USHERD_TARGET),
    ROW("no slash", "GET livez HTTP/1.1\r\n" HOST "\r\n", 400, USHERD_TARGET),
    ROW("fragment", "GET /livez#a HTTP/1.1\r\n" HOST "\r\n", 400, USHERD_TARGET),
    ROW("control byte in the target", "GET /live\x01z HTTP/1.1\r\n" HOST "\r\n", 400,
        USHERD_TARGET),
    ROW("tab in the target", "GET /live\tz HTTP/1.1\r\n" HOST "\r\n", 400, USHERD_TARGET),
    ROW("CR in the target", "GET /live\rz HTTP/1.1\r\n" HOST "\r\n", 400, USHERD_TARGET),
    ROW("DEL in the target", "GET /live\x7fz HTTP/1.1\r\n" HOST "\r\n", 400, USHERD_TARGET),
    ROW("space in the target", "GET /live z HTTP/1.1\r\n" HOST "\r\n", 400, USHERD_HEAD_SPACING),
    ROW("two spaces", "GET  /livez HTTP/1.1\r\n" HOST "\r\n", 400, USHERD_HEAD_SPACING),
    ROW("two spaces behind", "GET /livez  HTTP/1.1\r\n" HOST "\r\n", 400, USHERD_HEAD_SPACING),
    ROW("space at the end of the line", "GET /livez HTTP/1.1 \r\n" HOST "\r\n", 400, EARLY),
    ROW("no version", "GET /livez\r\n" HOST "\r\n", 400, EARLY),
    ROW("HTTP/0.9", "GET /livez HTTP/0.9\r\n" HOST "\r\n", 505, EARLY),
    ROW("HTTP/2.0", "GET /livez HTTP/2.0\r\n" HOST "\r\n", 505, EARLY),
    ROW("HTTP/2 preface", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505, EARLY),
    ROW("HTTP/1.2", "GET /livez HTTP/1.2\r\n" HOST "\r\n", 400, USHERD_VERSION),
    ROW("http/1.1", "GET /livez http/1.1\r\n" HOST "\r\n", 400, EARLY),
    ROW("HTTP/1.10", "GET /livez HTTP/1.10\r\n" HOST "\r\n", 400, EARLY),
    ROW("only a word", "GET\r\n" HOST "\r\n", SILENT, EARLY),
    ROW("no method", " /livez HTTP/1.1\r\n" HOST "\r\n", SILENT, EARLY),
    ROW("TLS", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03zzzzzzzzzzzzzzzz\r\n\r\n", SILENT,
        EARLY),
    ROW("method that is no token", "G(T /livez HTTP/1.1\r\n" HOST "\r\n", 400, USHERD_METHOD),
    ROW("method of 33 letters", "GGGGGGGGGGGGGGGGGGGGGGGGGGGGGGGGG /livez HTTP/1.1\r\n" HOST "\r\n",
        400, USHERD_METHOD),
    ROW("body over body_max", "POST /livez HTTP/1.1\r\n" HOST "Content-Length: 65537\r\n\r\nabc",
        413, USHERD_BODY_TOO_LARGE),
};

/* Sends it with a sound request behind and reads until the daemon closes. */
static void send_hostile(const char *name, const char *bytes, size_t len, int status)
{
    static rig_answer a;
    int fd = rig_connect(&daemon_);

    assert_true(fd >= 0);
    rig_send(fd, bytes, len);
    rig_send(fd, FOLLOWER, sizeof FOLLOWER - 1); /* may fail: the other side may be gone already */
    rig_drain(fd, &a, 5000);
    close(fd);
    if (a.status != status) fail_msg("%s: %d, not %d", name, a.status, status);
    if (!a.closed) fail_msg("%s: the connection stays open", name);
    if (strstr(a.bytes, " 200 OK")) fail_msg("%s: what stood behind it was answered", name);
}

static void test_hostile_requests(void **state)
{
    static long expected[USHERD_CAUSE_COUNT], before[USHERD_CAUSE_COUNT];
    size_t count = sizeof hostile / sizeof *hostile;
    long early = 0;

    (void)state;
    assert_true(count >= 40);
    for (unsigned cause = USHER_CAUSE_COUNT; cause < USHERD_CAUSE_COUNT; cause++) {
        long n = rig_counter(&daemon_, usherd_cause_word(cause));
        before[cause] = n < 0 ? 0 : n;
    }
    for (size_t i = 0; i < count; i++) {
        send_hostile(hostile[i].name, hostile[i].bytes, hostile[i].len, hostile[i].status);
        if (hostile[i].cause == EARLY)
            early++;
        else
            expected[hostile[i].cause]++;
    }
    for (unsigned cause = USHER_CAUSE_COUNT; cause < USHERD_CAUSE_COUNT; cause++) {
        long n = rig_counter(&daemon_, usherd_cause_word(cause));
        n = (n < 0 ? 0 : n) - before[cause];
        if (n != expected[cause])
            fail_msg("%s: counted %ld, not %ld", usherd_cause_word(cause), n, expected[cause]);
    }
    assert_true(rig_counter(&daemon_, "fruitless") >= early);
}

static void send_slowly(int fd, const char *bytes, size_t len)
{
    for (size_t at = 0; at < len; at++) {
        if (!rig_send(fd, bytes + at, 1)) return;
        if (bytes[at] == '\n') usleep(2000); /* so that the request line is read before the rest */
    }
}

static void test_in_small_pieces(void **state)
{
    static const char hidden[] = ":\n";

    (void)state;
    for (size_t i = 0; i < sizeof hostile / sizeof *hostile; i++) {
        static rig_answer a;
        int fd = rig_connect(&daemon_);

        send_slowly(fd, hostile[i].bytes, hostile[i].len);
        rig_drain(fd, &a, 5000);
        close(fd);
        if (memmem(hostile[i].bytes, hostile[i].len, hidden, 2)) continue; /* see the next test */
        /* The library may be faster to refuse it, in its own way. */
        if (a.status != hostile[i].status && (a.status < 400 || hostile[i].status < 400))
            fail_msg("%s: %d, not %d", hostile[i].name, a.status, hostile[i].status);
    }
}

/* A head that is not seen whole may hide a line end. It may be answered, but nothing behind it is.
 */
static void test_what_pieces_hide(void **state)
{
    static const struct {
        const char *name, *bytes;
        size_t len;
    } cases[] = {
#define HIDDEN(name, text) {name, text, sizeof(text) - 1}
        HIDDEN("colon LF", "GET /livez HTTP/1.1\r\n" HOST ":\n"),
        HIDDEN("NUL LF", "GET /livez HTTP/1.1\r\n" HOST "X: y\0\nY: z\r\n\r\n"),
        HIDDEN("NUL NUL LF LF", "GET /livez HTTP/1.1\r\n" HOST "X: y\0\0\n\n"),
        HIDDEN("nothing", "GET /livez HTTP/1.1\r\n" HOST "\r\n"),
#undef HIDDEN
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        static rig_answer a;
        int fd = rig_connect(&daemon_);

        send_slowly(fd, cases[i].bytes, cases[i].len);
        rig_send(fd, FOLLOWER, sizeof FOLLOWER - 1);
        rig_drain(fd, &a, 5000);
        close(fd);
        const char *first = strstr(a.bytes, "HTTP/1.1 ");
        if (!a.closed || (first && strstr(first + 1, "HTTP/1.1 ")))
            fail_msg("%s: closed %d: %s", cases[i].name, a.closed, a.bytes);
    }
}

static void test_one_piece_keeps_the_connection(void **state)
{
    static rig_answer a;
    int fd = rig_connect(&daemon_);

    (void)state;
    for (int i = 0; i < 5; i++) {
        assert_true(rig_send(fd, FOLLOWER, sizeof FOLLOWER - 1));
        assert_true(rig_receive(fd, &a, false));
        assert_int_equal(a.status, 200);
        assert_null(rig_header(&a, "Connection"));
    }
    for (int i = 0; i < 5; i++) /* several at once as well */
        assert_true(rig_send(fd, FOLLOWER FOLLOWER, 2 * (sizeof FOLLOWER - 1)));
    shutdown(fd, SHUT_WR);
    rig_drain(fd, &a, 5000);
    unsigned answers = 0;
    for (const char *p = a.bytes; (p = strstr(p, " 200 OK")); p++)
        answers++;
    assert_int_equal(answers, 10);
    close(fd);
}

/* Behind a good request on a kept connection: the buffer is not at its beginning then. */
static void test_after_a_good_request(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof hostile / sizeof *hostile; i++) {
        static rig_answer a;
        int fd = rig_connect(&daemon_);

        assert_true(rig_send(fd, FOLLOWER, sizeof FOLLOWER - 1));
        if (i % 2) assert_true(rig_receive(fd, &a, false)); /* or right behind it */
        rig_send(fd, hostile[i].bytes, hostile[i].len);
        rig_drain(fd, &a, 5000);
        close(fd);
        const char *second = a.bytes;
        if (i % 2 == 0) {
            assert_int_equal(a.status, 200);
            second = strstr(a.bytes + 1, "HTTP/1.1 ");
        }
        int status = second && second[0] ? (int)strtol(second + 9, NULL, 10) : 0;
        if (status != hostile[i].status)
            fail_msg("%s: %d, not %d", hostile[i].name, status, hostile[i].status);
        if (!a.closed) fail_msg("%s: the connection stays open", hostile[i].name);
    }
}

static char *repeat(const char *before, const char *what, size_t times, const char *after)
{
    size_t n = strlen(what), len = strlen(before);
    char *text = malloc(len + n * times + strlen(after) + 1);

    assert_non_null(text);
    memcpy(text, before, len);
    for (size_t i = 0; i < times; i++, len += n)
        memcpy(text + len, what, n);
    memcpy(text + len, after, strlen(after) + 1);
    return text;
}

#define GET "GET /livez HTTP/1.1\r\n" HOST

static void test_sizes(void **state)
{
    static const struct {
        const char *name, *before, *what;
        size_t times;
        const char *after;
        int status;
    } cases[] = {
        {"100 fields", GET, "X: y\r\n", 99, "\r\n", 200},
        {"101 fields", GET, "X: y\r\n", 100, "\r\n", 431},
        {"16000 fields", GET, "a:\r\n", 16000, "\r\n", 431},
        {"200000 fields", GET, "a:\r\n", 200000, "\r\n", 431},
        {"head of 64 KiB", GET "X: ", "y", 65536 - 38 - 7, "\r\n\r\n", 200},
        {"one byte more", GET "X: ", "y", 65536 - 38 - 6, "\r\n\r\n", 431},
        {"head of 1 MB", GET "X: ", "y", 1000000, "\r\n\r\n", 431},
        {"head without end", GET "X: ", "y", 1000000, "", 431},
        {"request line without end", "GET /", "y", 1000000, "", 414},
        {"target of 60 KB", "GET /livez?", "y", 60000, " HTTP/1.1\r\n" HOST "\r\n", 200},
        {"target of 100 KB", "GET /livez?", "y", 100000, " HTTP/1.1\r\n" HOST "\r\n", 414},
        {"target of 300 KB", "GET /livez?", "y", 300000, " HTTP/1.1\r\n" HOST "\r\n", 414},
        {"20000 parameters", "GET /livez?", "y&", 20000, " HTTP/1.1\r\n" HOST "\r\n", 200},
        {"cookie of 60 KB", GET "Cookie: a=", "y", 60000, "\r\n\r\n", 200},
        {"180 cookies", GET "Cookie: ", "a=b; ", 180, "\r\n\r\n", 200},
        {"30000 cookies", GET "Cookie: ", "a;", 30000, "\r\n\r\n", 200},
        {"body of 64 KiB", "POST /livez HTTP/1.1\r\n" HOST "Content-Length: 65536\r\n\r\n", "y",
         65536, "", 405},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        static rig_answer a;
        char *text = repeat(cases[i].before, cases[i].what, cases[i].times, cases[i].after);
        int fd = rig_connect(&daemon_);

        rig_send(fd, text, strlen(text)); /* may fail half way */
        if (!rig_receive(fd, &a, false) || a.status != cases[i].status)
            fail_msg("%s: %d, not %d", cases[i].name, a.status, cases[i].status);
        close(fd);
        free(text);
    }
}

/* 4 KiB chunks until the daemon has had enough: an answer, or at least an end. */
static void test_endless_chunked_body(void **state)
{
    static const char head[] =
        "POST /api/auth/signin HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n";
    static char chunk[4096 + 8];
    static rig_answer a;
    int fd = rig_connect(&daemon_), sent = 0;

    (void)state;
    memcpy(chunk, "1000\r\n", 6);
    memset(chunk + 6, 'y', 4096);
    memcpy(chunk + 6 + 4096, "\r\n", 2);
    assert_true(rig_send(fd, head, sizeof head - 1));
    while (sent < 100000 && rig_send(fd, chunk, sizeof chunk))
        sent++;
    assert_true(sent < 100000); /* 64 KiB are allowed, 400 MB are not even read */
    close(fd);

    /* One that is too large but ends is told so. */
    fd = rig_connect(&daemon_);
    assert_true(rig_send(fd, head, sizeof head - 1));
    for (int i = 0; i < 17; i++)
        assert_true(rig_send(fd, chunk, sizeof chunk));
    assert_true(rig_send(fd, "0\r\n\r\n", 5));
    assert_true(rig_receive(fd, &a, false));
    assert_int_equal(a.status, 413);
    close(fd);
    assert_true(rig_counter(&daemon_, "body_too_large") >= 2);
}

static void test_sound_requests(void **state)
{
    static const struct {
        const char *name, *bytes;
        int status;
    } cases[] = {
        {"HTTP/1.0 without Host", "GET /livez HTTP/1.0\r\n\r\n", 200},
        {"nginx to its upstream", "GET /livez HTTP/1.0\r\nHost: up\r\nConnection: close\r\n\r\n",
         200},
        {"no space after the colon", "GET /livez HTTP/1.1\r\nHost:a\r\nX:\r\n\r\n", 200},
        {"white space around values", "GET /livez HTTP/1.1\r\nHost: \t a\t \r\nX: \t \r\n\r\n",
         200},
        {"query with every sign", "GET /livez?a=b&c=%20+%zz&;=&&=?? HTTP/1.1\r\n" HOST "\r\n", 200},
        {"value of other bytes", "GET /livez HTTP/1.1\r\n" HOST "X: caf\xc3\xa9 \xff\r\n\r\n", 200},
        {"two Cookie fields", "GET /livez HTTP/1.1\r\n" HOST "Cookie: a=b\r\nCookie: c=d\r\n\r\n",
         200},
        {"odd cookies", "GET /livez HTTP/1.1\r\n" HOST "Cookie: ;;=;a;=b;\"; c=\"d;e\"; =\r\n\r\n",
         200},
        {"unknown method", "BREW /livez HTTP/1.1\r\n" HOST "\r\n", 405},
        {"GET with a body", "GET /livez HTTP/1.1\r\n" HOST "Content-Length: 3\r\n\r\nabc", 200},
        {"Expect that we do not know", "GET /livez HTTP/1.1\r\n" HOST "Expect: tea\r\n\r\n", 200},
        {"IPv6 host", "GET /livez HTTP/1.1\r\nHost: [::1]:3000\r\n\r\n", 200},
        {"empty Host", "GET /livez HTTP/1.1\r\nHost:\r\n\r\n", 200},
        {"chunked",
         "POST /nowhere HTTP/1.1\r\n" HOST
         "Transfer-Encoding: chunked\r\n\r\n3;x=y\r\nabc\r\n0\r\nTrailer: z\r\n\r\n",
         404},
        {"escaped path is no other path", "GET /%6civez HTTP/1.1\r\n" HOST "\r\n", 404},
        {"path that only begins so", "GET /livezz HTTP/1.1\r\n" HOST "\r\n", 404},
        {"dots", "GET /a/../livez HTTP/1.1\r\n" HOST "\r\n", 404},
        {"base path as a prefix", "GET /api/authx HTTP/1.1\r\n" HOST "\r\n", 404},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        static rig_answer a;
        if (!rig_ask(&daemon_, cases[i].bytes, &a) || a.status != cases[i].status)
            fail_msg("%s: %d, not %d", cases[i].name, a.status, cases[i].status);
    }
}

static void test_it_still_works(void **state)
{
    static rig_answer a;

    (void)state;
    assert_true(rig_ask(&daemon_, FOLLOWER, &a));
    assert_int_equal(a.status, 200);
    assert_string_equal(a.body, "ok\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_hostile_requests),
        cmocka_unit_test(test_in_small_pieces),
        cmocka_unit_test(test_what_pieces_hide),
        cmocka_unit_test(test_one_piece_keeps_the_connection),
        cmocka_unit_test(test_after_a_good_request),
        cmocka_unit_test(test_sizes),
        cmocka_unit_test(test_endless_chunked_body),
        cmocka_unit_test(test_sound_requests),
        cmocka_unit_test(test_it_still_works),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
