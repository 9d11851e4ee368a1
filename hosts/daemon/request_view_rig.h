/* request_view_rig - reads a head as libmicrohttpd 0.9.75 does, in place: for tests of the request
 * view that have no sockets. Written from what the library was seen to do with raw requests
 * (daemon_test sends the same to the real one). */
#ifndef USHERD_REQUEST_VIEW_RIG_H
#define USHERD_REQUEST_VIEW_RIG_H

#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "hosts/daemon/request_view.h"

typedef struct rig {
    char *bytes; /* the library's buffer */
    size_t len, at;
    char *elsewhere[16]; /* where continued lines are joined */
    size_t joined;
    char *target; /* the copy that is taken before the query is hidden */
    usherd_head head;
    usher_header fields[USHERD_FIELDS_MAX];
} rig;

/* The next line, its end made NUL; NULL if there is none. */
static inline char *rig_line(rig *r, size_t *len)
{
    char *start = r->bytes + r->at;
    char *lf = r->at < r->len ? memchr(start, '\n', r->len - r->at) : NULL;

    if (!lf) return NULL;
    *len = (size_t)(lf - start);
    *lf = 0;
    if (*len && lf[-1] == '\r') start[--*len] = 0;
    r->at = (size_t)(lf - r->bytes) + 1;
    return start;
}

static inline bool rig_request_line(rig *r, char *line, size_t len, size_t arrived)
{
    char *space = memchr(line, ' ', len), *target, *version;

    if (!space) return false;
    *space = 0;
    for (target = space + 1; target < line + len && *target == ' ';)
        target++;
    if (target == line + len) return false;
    for (version = line + len - 1; version > target && *version == ' ';)
        version--;
    while (version > target && *version != ' ')
        version--;
    if (version == target) return false; /* HTTP/0.9: the daemon sees an empty version */
    *version++ = 0;
    if (memchr(version, 0, (size_t)(line + len - version))) return false; /* no version it knows */
    r->head.method = usher_str_z(line);
    r->head.start = line;
    r->head.version = usher_str_z(version);
    r->head.target_at = target;
    size_t target_len = strlen(target);
    r->target = malloc(target_len + 1);
    if (!r->target) abort();
    memcpy(r->target, target, target_len);
    r->head.target = (usher_str){r->target, target_len};
    usherd_head_scan(&r->head.scan, r->bytes + r->at, arrived - r->at);
    if (r->head.scan.cause) memcpy(r->bytes + r->at, "\r\n", 2); /* as the listener does */
    return true;
}

static inline void rig_add(rig *r, const char *name, const char *value)
{
    if (r->head.field_count < USHERD_FIELDS_MAX)
        r->head.fields[r->head.field_count] = (usher_header){usher_str_z(name), usher_str_z(value)};
    r->head.field_count++;
}

static inline bool rig_fields(rig *r)
{
    char *name = NULL, *value = NULL;
    bool first = true;
    size_t line_len;

    for (char *line; (line = rig_line(r, &line_len)); first = false) {
        if (name && (*line == ' ' || *line == '\t')) { /* joined to the name, of all things */
            size_t len = strlen(name), more = strlen(line);
            char *joined = malloc(len + more + 1);
            if (!joined) abort();
            memcpy(joined, name, len);
            memcpy(joined + len, line, more + 1);
            name = r->elsewhere[r->joined++] = joined;
            if (r->joined == sizeof r->elsewhere / sizeof *r->elsewhere) return false;
            continue;
        }
        if (name) rig_add(r, name, value);
        name = NULL;
        bool empty = !*line;
        if (!empty) {
            if (!(value = strchr(line, ':'))) return false;
            name = line;
            *value++ = 0;
            empty = !*line && !first; /* a line that began with ':' passes for the empty one */
        }
        if (empty) {
            r->head.size = (size_t)(r->bytes + r->at - r->head.start);
            return true;
        }
        while (*value == ' ' || *value == '\t')
            value++;
    }
    return false;
}

/* False if the library refuses it by itself, or waits for more. Free in either case. `arrived`
 * bytes are there when the request line is read, or as many more as that takes. */
static inline bool rig_read_pieces(rig *r, const void *bytes, size_t len, size_t arrived)
{
    char *line;
    size_t line_len;

    *r = (rig){.bytes = malloc(len + 1), .len = len};
    if (!r->bytes) abort();
    r->head.fields = r->fields;
    memcpy(r->bytes, bytes, len);
    r->bytes[len] = 0;
    do
        line = rig_line(r, &line_len);
    while (line && !*line);
    if (!line) return false;
    if (arrived < r->at) arrived = r->at;
    return rig_request_line(r, line, line_len, arrived) && rig_fields(r);
}

static inline bool rig_read(rig *r, const void *bytes, size_t len)
{
    return rig_read_pieces(r, bytes, len, len);
}

static inline void rig_free(rig *r)
{
    free(r->bytes);
    for (size_t i = 0; i < r->joined; i++)
        free(r->elsewhere[i]);
    free(r->target);
}

#endif
