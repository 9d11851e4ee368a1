#include "site/daemon.h"

#include "base/error.h"
#include "base/str.h"
#include "site/reader.h"

#define D(symbol) USHER_ROW_DAEMON_##symbol

/* An address as 16 bytes; IPv4 in the last four. Only judged here: who compares peers with it reads
 * it by the same rules (no short forms, no zones, no leading zeros). */
typedef struct address {
    uint8_t bytes[16];
    size_t first; /* 12 for IPv4, 0 for IPv6 */
} address;

static bool read_ipv4(uint8_t out[4], usher_str text)
{
    usher_str rest = text;

    for (size_t i = 0; i < 4; i++) {
        uint64_t n;
        if (!rest.ptr) return false;
        usher_str part = usher_str_cut(rest, '.', &rest);
        if (part.len > 3 || (part.len > 1 && part.ptr[0] == '0')) return false;
        if (!usher_str_u64(&n, part) || n > 255) return false;
        out[i] = (uint8_t)n;
    }
    return !rest.ptr;
}

static bool read_group(uint8_t out[2], usher_str text)
{
    unsigned n = 0;

    if (text.len == 0 || text.len > 4) return false;
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        unsigned digit = c >= '0' && c <= '9'   ? (unsigned)(c - '0')
                         : c >= 'a' && c <= 'f' ? (unsigned)(c - 'a' + 10)
                         : c >= 'A' && c <= 'F' ? (unsigned)(c - 'A' + 10)
                                                : 16u;
        if (digit > 15) return false;
        n = n << 4 | digit;
    }
    out[0] = (uint8_t)(n >> 8);
    out[1] = (uint8_t)n;
    return true;
}

/* Groups with ':' between, and perhaps an IPv4 address as the last two of them. */
static bool read_groups(uint8_t *out, size_t room, size_t *len, usher_str text)
{
    usher_str rest = text;

    *len = 0;
    if (text.len == 0) return true;
    while (rest.ptr) {
        usher_str part = usher_str_cut(rest, ':', &rest);
        if (usher_str_has(part, '.')) {
            if (rest.ptr || room - *len < 4 || !read_ipv4(out + *len, part)) return false;
            *len += 4;
        } else {
            if (room - *len < 2 || !read_group(out + *len, part)) return false;
            *len += 2;
        }
    }
    return true;
}

static bool read_ipv6(uint8_t out[16], usher_str text)
{
    size_t gap = usher_str_find(text, USHER_STR("::")), head_len, tail_len;
    uint8_t tail[16];

    for (size_t i = 0; i < 16; i++)
        out[i] = 0;
    if (gap == SIZE_MAX) return read_groups(out, 16, &head_len, text) && head_len == 16;
    usher_str head = {text.ptr, gap};
    if (usher_str_has(head, '.')) return false;
    if (!read_groups(out, 14, &head_len, head) ||
        !read_groups(tail, 14 - head_len, &tail_len, usher_str_from(text, gap + 2)))
        return false;
    for (size_t i = 0; i < tail_len; i++)
        out[16 - tail_len + i] = tail[i];
    return true;
}

static bool read_address(address *out, usher_str text)
{
    *out = (address){.first = 12};
    if (read_ipv4(out->bytes + 12, text)) return true;
    out->first = 0;
    return read_ipv6(out->bytes, text);
}

static bool is_loopback(const address *a)
{
    if (a->first) return a->bytes[12] == 127;
    for (size_t i = 0; i < 15; i++)
        if (a->bytes[i]) return false;
    return a->bytes[15] == 1;
}

/* The bits after the prefix are zero: "10.0.0.1/8" is somebody's mistake. */
static bool is_network(const address *a, uint64_t prefix)
{
    for (uint64_t bit = a->first * 8 + prefix; bit < 128; bit++)
        if (a->bytes[bit / 8] & (0x80u >> bit % 8)) return false;
    return true;
}

static const char *peer_fault(usher_str text, uint64_t *prefix)
{
    usher_str bits, host = usher_str_cut(text, '/', &bits);
    address a;

    if (!read_address(&a, host))
        return "$1: '$2' is neither an address nor a network; write 127.0.0.1, ::1 or 10.0.0.0/8";
    *prefix = 128 - a.first * 8;
    if (!bits.ptr) return NULL;
    if (bits.len > 3 || (bits.len > 1 && bits.ptr[0] == '0') || !usher_str_u64(prefix, bits) ||
        *prefix > 128 - a.first * 8)
        return "$1: '$2' has a prefix length that is none; write 10.0.0.0/8 or fd00::/8";
    return is_network(&a, *prefix) ? NULL
                                   : "$1: '$2' has bits set after its prefix; is that one address?";
}

/* A daemon's settings while they are read. */
typedef struct reading {
    usher_complaints c;
    usher_arena *arena;
    usher_daemon_settings *out;
    usher_value v[USHER_ROWS_DAEMON];
    usher_status status;
} reading;

/* What is handed out lives as long as the caller's arena, whatever the tree's does. */
static usher_str keep(reading *r, usher_str text)
{
    usher_str copy = {0};
    usher_status rc = usher_arena_dup(&copy, r->arena, text, NULL);

    if (rc && !r->status) r->status = rc;
    return copy;
}

static void read_peers(reading *r)
{
    const usher_value *v = &r->v[D(TRUSTED_PEERS)];
    const usher_node *first = v->node && !v->bad ? v->node->first : NULL;
    size_t count = 0;

    for (const usher_node *n = first; n; n = n->next)
        count++;
    usher_str *peers = count ? usher_arena_get(r->arena, count * sizeof *peers) : NULL;
    if (count && !peers) r->status = usher_arena_fail(r->arena, NULL);
    if (!peers) return;
    count = 0;
    for (const usher_node *n = first; n; n = n->next) {
        uint64_t prefix = 0;
        const char *fault = peer_fault(n->text, &prefix);
        peers[count++] = keep(r, n->text);
        if (fault)
            usher_complain(&r->c, usher_place_of(n), fault, USHER_STR("daemon.trusted_peers"),
                           n->text, USHER_NIL);
        else if (prefix == 0)
            usher_warn(&r->c, usher_place_of(n),
                       "daemon.trusted_peers: '$1' is everybody: anybody may say where a request "
                       "came from",
                       n->text, USHER_NIL, USHER_NIL);
    }
    r->out->trusted_peers = peers;
    r->out->trusted_peer_count = count;
}

/* "127.0.0.1:3000" or "[::1]:3000" into host and port. */
static bool split_listen(usher_str *host, usher_str *port, usher_str text)
{
    if (!usher_str_starts(text, USHER_STR("["))) {
        *host = usher_str_cut(text, ':', port);
        return port->ptr != NULL;
    }
    *host = usher_str_cut(usher_str_from(text, 1), ']', port);
    if (!port->len || port->ptr[0] != ':' || !usher_str_has(*host, ':')) return false;
    *port = usher_str_from(*port, 1);
    return true;
}

static bool read_listen(bool *loopback, usher_str text)
{
    usher_str host, port;
    uint64_t number;
    address a;

    *loopback = false;
    if (!split_listen(&host, &port, text)) return false;
    if (port.len > 5 || (port.len > 1 && port.ptr[0] == '0')) return false;
    if (!usher_str_u64(&number, port) || number > 65535) return false;
    if (usher_str_eq(host, USHER_STR("localhost"))) return *loopback = true;
    if (!read_address(&a, host)) return false;
    *loopback = is_loopback(&a);
    return true;
}

static void set_all(reading *r)
{
    const usher_value *v = r->v;

    *r->out = (usher_daemon_settings){
        .listen = keep(r, v[D(LISTEN)].text),
        .threads = (uint32_t)v[D(THREADS)].number,
        .workers = (uint32_t)v[D(WORKERS)].number,
        .head_timeout_s = (uint32_t)v[D(HEAD_TIMEOUT)].number,
        .body_timeout_s = (uint32_t)v[D(BODY_TIMEOUT)].number,
        .drain_timeout_s = (uint32_t)v[D(DRAIN_TIMEOUT)].number,
        .head_max = (size_t)v[D(HEAD_MAX)].number,
        .body_max = (size_t)v[D(BODY_MAX)].number,
        .connections_max = (uint32_t)v[D(CONNECTIONS_MAX)].number,
        .check_path = keep(r, v[D(CHECK_PATH)].text),
        .files = v[D(FILES)].bad ? USHER_NIL : keep(r, v[D(FILES)].text),
    };
    if (!read_listen(&r->out->loopback, r->out->listen))
        usher_complain(&r->c, usher_place_of(v[D(LISTEN)].node),
                       "daemon.listen is '$1'; write an address and a port: 127.0.0.1:3000 or "
                       "\"[::1]:3000\"",
                       r->out->listen, USHER_NIL, USHER_NIL);
    read_peers(r);
}

usher_status usher_daemon_settings_from_node(usher_daemon_settings *out, usher_arena *a,
                                             usher_problems *problems, const usher_node *root,
                                             usher_str file, usher_error *err)
{
    reading r = {.c = {problems, file, false}, .arena = a, .out = out};
    size_t errors_before = problems->errors;

    *out = (usher_daemon_settings){0};
    usher_settings_read(r.v, &r.c, &usher_daemon_table, USHER_STR("daemon"),
                        usher_node_get(root, USHER_STR("daemon")));
    set_all(&r);
    if (r.c.no_memory) return usher_fail(err, USHER_E_NOMEM, "daemon: out of memory", 0);
    if (r.status) return usher_fail(err, r.status, "daemon: out of memory", 0);
    if (problems->errors > errors_before)
        return usher_fail(err, USHER_E_SETTING, "daemon: see the problems", 0);
    return USHER_OK;
}
