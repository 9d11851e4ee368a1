/* A head is accepted exactly if a slow and plain reader of the raw bytes accepts it too. That
 * reader shares no code with the one under test. */
#include <assert.h>
#include <stdint.h>

#include "hosts/daemon/request_view_rig.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

typedef struct plain {
    const char *p, *end;
    unsigned fields, hosts, lengths, encodings;
    bool good_length, chunked;
} plain;

static bool take(plain *r, const char *z)
{
    size_t n = strlen(z);

    if ((size_t)(r->end - r->p) < n || memcmp(r->p, z, n) != 0) return false;
    r->p += n;
    return true;
}

static usher_str take_until(plain *r, const char *stops, size_t stop_count)
{
    const char *start = r->p;

    while (r->p < r->end && !memchr(stops, *r->p, stop_count))
        r->p++;
    return (usher_str){start, (size_t)(r->p - start)};
}

static bool all_of(usher_str s, const char *set)
{
    for (size_t i = 0; i < s.len; i++)
        if (!s.ptr[i] || !strchr(set, s.ptr[i])) return false;
    return true;
}

#define ALPHANUM "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
#define TOKEN    ALPHANUM "!#$%&'*+-.^_`|~"

static bool plain_field(plain *r)
{
    usher_str name = take_until(r, ":\r\n", 3);

    if (!name.len || !all_of(name, TOKEN) || !take(r, ":")) return false;
    usher_str value = take_until(r, "\r\n", 2);
    for (size_t i = 0; i < value.len; i++)
        if (((unsigned char)value.ptr[i] < 32 && value.ptr[i] != '\t') || value.ptr[i] == 127)
            return false;
    if (!take(r, "\r\n")) return false;
    value = usher_str_trim(value);
    r->fields++;
    if (usher_str_eq_case(name, USHER_STR("HOST"))) {
        r->hosts++;
        if (value.len > 255 || !all_of(value, ALPHANUM ".-_:[]%~")) return false;
    }
    if (usher_str_eq_case(name, USHER_STR("CONTENT-LENGTH"))) {
        uint64_t n;
        r->lengths++;
        r->good_length = usher_str_u64(&n, value) && all_of(value, "0123456789");
    }
    if (usher_str_eq_case(name, USHER_STR("TRANSFER-ENCODING"))) {
        r->encodings++;
        r->chunked = usher_str_eq_case(value, USHER_STR("CHUNKED"));
    }
    return true;
}

static bool plain_accepts(const char *bytes, size_t len)
{
    plain r = {.p = bytes, .end = bytes + len};
    usher_str method = take_until(&r, " \r\n", 3), target;

    if (!method.len || method.len > 32 || !all_of(method, TOKEN) || !take(&r, " ")) return false;
    if (r.p == r.end || *r.p != '/') return false;
    target = take_until(&r, " \r\n", 3);
    for (size_t i = 0; i < target.len; i++)
        if ((unsigned char)target.ptr[i] < 32 || target.ptr[i] == 127 || target.ptr[i] == '#')
            return false;
    bool new = take(&r, " HTTP/1.1\r\n");
    if (!new && !take(&r, " HTTP/1.0\r\n")) return false;
    while (!take(&r, "\r\n"))
        if (!plain_field(&r)) return false;
    return r.fields <= 100 && r.hosts <= 1 && (r.hosts || !new) && r.lengths <= 1 &&
           (!r.lengths || r.good_length) && r.encodings <= 1 && (!r.encodings || r.chunked) &&
           !(r.encodings && (r.lengths || !new));
}

/* A library that reports something else than what it read: each of these is seen. */
static bool misreport(rig *r, unsigned kind)
{
    static char elsewhere[] = "/elsewhere";
    usher_str other = {elsewhere, sizeof elsewhere - 1};
    usherd_head *h = &r->head;
    usher_header *last = h->field_count ? &h->fields[h->field_count - 1] : NULL;

    if (kind >= 9 && (!last || h->field_count > USHERD_FIELDS_MAX)) return false;
    switch (kind) {
    case 0: h->method = other; break;
    case 1: h->method.len = h->size + 1; break;
    case 2: h->version = other; break;
    case 3: h->version = (usher_str){0}; break;
    case 4: h->target_at = NULL; break;
    case 5: h->target.len = h->size + 1; break;
    case 6: h->version.ptr = h->start; break;
    case 7: h->size--; break;
    case 8: h->target.len = 0; break;
    case 9: last->name = (usher_str){0}; break;
    case 10: last->value = other; break;
    case 11: last->value.len = h->size; break;
    case 12: last->value.ptr = last->name.ptr; break;
    case 13: last->name.ptr = h->start; break;
    case 14: last->name.len += 1; break;
    default: return false;
    }
    return true;
}

/* Behind 0xfe the second byte says what goes wrong: a report, or, above 15, a byte of the head that
 * a decoder in between wrote over. */
static void check_misreport(unsigned kind, const char *bytes, size_t size)
{
    usherd_framing framing;
    rig r;

    if (rig_read_pieces(&r, bytes, size, size) && r.head.start == r.bytes) {
        if (kind < 16 && misreport(&r, kind)) {
            assert(usherd_head_check(&r.head, &framing) != 0);
        } else if (kind >= 16) {
            size_t at = kind - 16;
            if (at < r.head.size) r.bytes[r.head.size - 1 - at] = 'x';
            (void)!usherd_head_check(&r.head, &framing);
        }
    }
    rig_free(&r);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    usherd_framing framing;
    rig r;

    if (size < 2) return 0;
    /* The first two bytes say how much has arrived when the request line is read. */
    size_t arrived = (size_t)data[0] << 8 | data[1];
    const char *bytes = (const char *)data + 2;
    size -= 2;
    if (arrived > size) arrived = size;
    if (data[0] == 0xfe) {
        check_misreport(data[1], bytes, size);
        return 0;
    }
    bool read = rig_read_pieces(&r, bytes, size, arrived);
    bool accepted = read && usherd_head_check(&r.head, &framing) == 0;
    /* Lines that were dropped before the request line are seen by where the head begins. */
    accepted = accepted && r.head.start == r.bytes;
    bool sound = plain_accepts(bytes, size);
    assert(accepted || !sound);
    assert(sound || !accepted || (!r.head.scan.whole && framing.close_after));
    if (accepted) {
        assert(r.head.field_count <= USHERD_FIELDS_MAX);
        assert(framing.close_after || !framing.chunked);
        for (size_t i = 0; i < r.head.field_count; i++) {
            assert(all_of(r.head.fields[i].name, TOKEN));
            assert(!memchr(r.head.fields[i].value.ptr, 0, r.head.fields[i].value.len));
        }
    }
    rig_free(&r);
    return 0;
}
