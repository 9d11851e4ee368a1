#include "hosts/daemon/request_view.h"

#include "base/str.h"

/* bytes */

/* The characters of a token (RFC 9110, section 5.6.2), one bit for each. */
static bool is_token_char(unsigned char c)
{
    static const uint32_t bits[4] = {0x00000000, 0x03ff6cfa, 0xc7fffffe, 0x57ffffff};

    return c < 128 && (bits[c / 32] >> c % 32 & 1);
}

static bool is_token(usher_str s)
{
    for (size_t i = 0; i < s.len; i++)
        if (!is_token_char((unsigned char)s.ptr[i])) return false;
    return s.len > 0;
}

static bool read_length(uint64_t *out, usher_str s)
{
    return s.len > 0 && usher_str_u64(out, s); /* digits only, and no overflow */
}

/* before */

static unsigned check_name(usher_str name)
{
    if (name.len && (name.ptr[name.len - 1] == ' ' || name.ptr[name.len - 1] == '\t'))
        return USHERD_HEAD_SPACING;
    if (usher_str_has(name, '\r')) return USHERD_HEAD_BARE_CR;
    return is_token(name) ? USHER_CAUSE_NONE : USHERD_HEAD_NAME;
}

/* No name begins so: what the first letter of a Cookie field's name becomes. */
#define HIDDEN '\x01'

static bool is_hidden_cookie(usher_str name)
{
    return name.len == 6 && name.ptr[0] == HIDDEN &&
           usher_str_eq_case(usher_str_from(name, 1), USHER_STR("ookie"));
}

/* A line up to its LF, which is not part of it. */
static unsigned scan_line(usher_str line)
{
    usher_str value, name;
    uint64_t length;
    unsigned cause;

    if (!line.len || line.ptr[line.len - 1] != '\r') return USHERD_HEAD_BARE_LF;
    line.len--;
    if (usher_str_has(line, '\r')) return USHERD_HEAD_BARE_CR;
    if (line.ptr[0] == ' ' || line.ptr[0] == '\t') return USHERD_HEAD_FOLDED;
    name = usher_str_cut(line, ':', &value);
    if ((cause = check_name(name))) return cause;
    /* The library would answer this by itself, and send the head of its answer twice. */
    if (usher_str_eq_case(name, USHER_STR("content-length")) &&
        !read_length(&length, usher_str_trim(value)))
        return USHERD_LENGTH_MALFORMED;
    return value.ptr ? USHER_CAUSE_NONE : USHERD_HEAD_NAME;
}

/* The name may be there and its line not yet. */
static void hide_cookie(usherd_scan *scan, char *line, size_t len)
{
    static const usher_str cookie = USHER_STR_INIT("cookie:");

    if (len < cookie.len || !usher_str_eq_case((usher_str){line, cookie.len}, cookie)) return;
    line[0] = HIDDEN;
    scan->cookies++;
}

void usherd_head_scan(usherd_scan *scan, char *bytes, size_t len)
{
    *scan = (usherd_scan){0};
    while (!scan->cause) {
        usher_str rest, line = usher_str_cut((usher_str){bytes, len}, '\n', &rest);
        bool complete = rest.ptr && !usher_str_has(line, '\0');
        if (complete && line.len == 1 && line.ptr[0] == '\r') {
            scan->whole = true;
            return;
        }
        if (complete) scan->cause = scan_line(line);
        if (!scan->cause) hide_cookie(scan, bytes, len);
        if (!complete) return;
        bytes += line.len + 1;
        len -= line.len + 1;
    }
}

/* account */

/* Addresses, since pointers of a request gone wrong may point into different buffers. */
static uintptr_t at(const char *p)
{
    return (uintptr_t)p;
}

static bool inside(const usherd_head *h, usher_str s)
{
    uintptr_t start = at(h->start), end = start + h->size;

    return s.ptr && at(s.ptr) >= start && at(s.ptr) <= end && s.len <= end - at(s.ptr);
}

/* What stands between the end of one part and the start of the next, when a line should end there:
 * both bytes of CR LF were made NUL. */
static unsigned check_line_end(const char *end, const char *next)
{
    uintptr_t gap = at(next) - at(end);

    if (gap == 2) return end[0] || end[1] ? USHERD_HEAD_BYTES : USHER_CAUSE_NONE;
    if (gap == 1) return USHERD_HEAD_BARE_LF;
    /* The value was cut short: there is a NUL, and what the sender put behind it. */
    return gap > 2 && gap < SIZE_MAX / 2 && end[0] == 0 ? USHERD_HEAD_NUL : USHERD_HEAD_BYTES;
}

/* Method, one space, target, one space, version. */
static unsigned check_request_line(const usherd_head *h, const char **end)
{
    if (h->method.ptr != h->start || !inside(h, h->method) || !inside(h, h->version))
        return USHERD_HEAD_BYTES;
    const char *p = h->start + h->method.len;
    if (!h->target_at || h->target_at != p + 1 || *p) return USHERD_HEAD_SPACING;
    p = h->target_at + h->target.len;
    if (!inside(h, (usher_str){h->target_at, h->target.len})) return USHERD_HEAD_BYTES;
    /* The copy ends at the first NUL: a target with one is shorter than its place. */
    if (h->version.ptr != p + 1)
        return at(h->version.ptr) > at(p) ? USHERD_HEAD_NUL : USHERD_HEAD_SPACING;
    if (*p) return USHERD_HEAD_SPACING;
    *end = h->version.ptr + h->version.len;
    return USHER_CAUSE_NONE;
}

/* Name, colon (a NUL now), perhaps white space, value. */
static unsigned check_field_bytes(const usherd_head *h, const usher_header *field)
{
    const char *p = field->name.ptr + field->name.len;

    if (!inside(h, field->value) || at(field->value.ptr) <= at(p) || *p) return USHERD_HEAD_FOLDED;
    for (p++; p < field->value.ptr; p++)
        if (*p != ' ' && *p != '\t') return USHERD_HEAD_BYTES;
    return USHER_CAUSE_NONE;
}

/* The end of the last line and the empty line: CR LF CR LF, all NUL now. */
static unsigned check_head_end(const usherd_head *h, const char *end)
{
    size_t left = h->size - (size_t)(at(end) - at(h->start));

    if (left == 2 || left == 3) return USHERD_HEAD_BARE_LF;
    if (left > 4 && *end == 0) return USHERD_HEAD_NUL;
    if (left != 4 || end[0] || end[1] || end[2] || end[3]) return USHERD_HEAD_BYTES;
    return USHER_CAUSE_NONE;
}

static unsigned check_account(const usherd_head *h)
{
    const char *end = NULL;
    unsigned cause = check_request_line(h, &end);

    for (size_t i = 0; i < h->field_count && !cause; i++) {
        const usher_header *field = &h->fields[i];
        /* A continued line is joined to its name, elsewhere. */
        if (!inside(h, field->name)) return USHERD_HEAD_FOLDED;
        if ((cause = check_line_end(end, field->name.ptr)) || (cause = check_field_bytes(h, field)))
            return cause;
        end = field->value.ptr + field->value.len;
    }
    return cause ? cause : check_head_end(h, end);
}

/* meaning */

static unsigned check_target(usher_str target)
{
    if (target.len == 0 || target.ptr[0] != '/') return USHERD_TARGET;
    for (size_t i = 0; i < target.len; i++) {
        unsigned char c = (unsigned char)target.ptr[i];
        if (c == ' ') return USHERD_HEAD_SPACING;
        if (c < ' ' || c == 0x7f || c == '#') return USHERD_TARGET;
    }
    return USHER_CAUSE_NONE;
}

static unsigned check_line(const usherd_head *h)
{
    if (!is_token(h->method) || h->method.len > USHERD_METHOD_MAX) return USHERD_METHOD;
    if (!usher_str_eq(h->version, USHER_STR("HTTP/1.1")) &&
        !usher_str_eq(h->version, USHER_STR("HTTP/1.0")))
        return USHERD_VERSION;
    return check_target(h->target);
}

static unsigned check_field(usher_header *field, unsigned *cookies)
{
    unsigned cause;

    if (is_hidden_cookie(field->name)) {
        if (!*cookies) return USHERD_HEAD_NAME; /* sent so, where it was not seen before */
        --*cookies;
        field->name = USHER_STR("Cookie");
    }
    if ((cause = check_name(field->name))) return cause;
    if (usher_str_has(field->value, '\r')) return USHERD_HEAD_BARE_CR;
    for (size_t i = 0; i < field->value.len; i++) {
        unsigned char c = (unsigned char)field->value.ptr[i];
        if ((c < ' ' && c != '\t') || c == 0x7f) return USHERD_HEAD_CONTROL;
    }
    field->value = usher_str_trim(field->value);
    return USHER_CAUSE_NONE;
}

static bool is_host(usher_str host)
{
    for (size_t i = 0; i < host.len; i++) {
        char c = host.ptr[i];
        bool ok = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                  usher_str_has(USHER_STR(".-_:[]%~"), c);
        if (!ok) return false;
    }
    return host.len <= 255;
}

/* What decides where the next request begins must be said once and clearly. */
typedef struct special {
    usher_str host, length, encoding;
    unsigned hosts, lengths, encodings;
} special;

static void note_special(special *s, const usher_header *field)
{
    static const struct {
        usher_str name;
        size_t value, count;
    } names[] = {
        {USHER_STR_INIT("host"), offsetof(special, host), offsetof(special, hosts)},
        {USHER_STR_INIT("content-length"), offsetof(special, length), offsetof(special, lengths)},
        {USHER_STR_INIT("transfer-encoding"), offsetof(special, encoding),
         offsetof(special, encodings)},
    };

    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (!usher_str_eq_case(field->name, names[i].name)) continue;
        *(usher_str *)(void *)((char *)s + names[i].value) = field->value;
        ++*(unsigned *)(void *)((char *)s + names[i].count);
    }
}

static unsigned check_special(const special *s, usherd_framing *framing, bool http_1_1)
{
    if (s->hosts > 1) return USHERD_HOST_REPEATED;
    if (s->hosts == 0 && http_1_1) return USHERD_HOST_MISSING;
    if (!is_host(s->host)) return USHERD_HOST_MALFORMED;
    if (s->lengths > 1) return USHERD_LENGTH_REPEATED;
    if (s->encodings && s->lengths) return USHERD_LENGTH_AND_CHUNKED;
    if (s->encodings > 1 || (s->encodings && !usher_str_eq_case(s->encoding, USHER_STR("chunked"))))
        return USHERD_TRANSFER_ENCODING;
    /* HTTP/1.0 has no transfer encodings: another party may not have seen this one. */
    if (s->encodings && !http_1_1) return USHERD_TRANSFER_ENCODING;
    if (s->lengths && !read_length(&framing->length, s->length)) return USHERD_LENGTH_MALFORMED;
    framing->chunked = s->encodings != 0;
    /* The library tolerates bare LFs between chunks, where nothing can be accounted for. Whatever a
     * front end made of them, no second request comes out of it. */
    framing->close_after = framing->chunked;
    return USHER_CAUSE_NONE;
}

unsigned usherd_head_check(usherd_head *head, usherd_framing *framing)
{
    special s = {0};
    unsigned cause, cookies = head->scan.cookies;

    *framing = (usherd_framing){.close_after = true};
    if (head->scan.cause) return head->scan.cause;
    if (head->field_count > USHERD_FIELDS_MAX) return USHERD_HEAD_FIELDS;
    if ((cause = check_account(head)) || (cause = check_line(head))) return cause;
    for (size_t i = 0; i < head->field_count; i++) {
        if ((cause = check_field(&head->fields[i], &cookies))) return cause;
        note_special(&s, &head->fields[i]);
    }
    cause = check_special(&s, framing, usher_str_eq(head->version, USHER_STR("HTTP/1.1")));
    framing->close_after |= !head->scan.whole;
    return cause;
}
