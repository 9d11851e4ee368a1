/* YAML as a tree with places, by libyaml's events. Of YAML only what every reader of such a file
 * expects is taken: maps, lists and scalars. All plain scalars arrive as text; the table of
 * settings gives them their types, so neither `no` nor `012` surprises anybody. */
#include <string.h>

#include <yaml.h>

#include "base/error.h"
#include "base/secret.h"
#include "base/str.h"
#include "io/settings_file.h"
#include "site/complain.h"

typedef struct reader {
    yaml_parser_t parser;
    usher_arena *arena;
    usher_complaints c;
    usher_str text;
    usher_place end; /* behind the last character */
    size_t nodes;
    bool stop;           /* the text cannot be read further; a problem says why */
    usher_status status; /* the first failure that is not a problem of the text */
} reader;

/* libyaml ends the last line itself; what it then finds to be missing it places on the line after
 * that, which is not there. */
static usher_place place_of_mark(const reader *r, yaml_mark_t mark)
{
    usher_place at = {mark.line + 1, mark.column + 1};

    return at.line > r->end.line ? r->end : at;
}

static void complain(reader *r, yaml_mark_t mark, const char *text)
{
    usher_complain(&r->c, place_of_mark(r, mark), text, USHER_NIL, USHER_NIL, USHER_NIL);
}

/* Bytes of the line end that YAML 1.1 sees here (CR LF is one, and NEL, U+2028 and U+2029 are three
 * more); 0 if there is none. */
static size_t line_end(usher_str rest)
{
    static const usher_str ends[] = {
        USHER_STR_INIT("\r\n"),     USHER_STR_INIT("\n"),           USHER_STR_INIT("\r"),
        USHER_STR_INIT("\xc2\x85"), USHER_STR_INIT("\xe2\x80\xa8"), USHER_STR_INIT("\xe2\x80\xa9")};
    unsigned char first = rest.len ? (unsigned char)rest.ptr[0] : 0;

    /* each character of a file comes by here */
    if (first != '\r' && first != '\n' && first != 0xc2 && first != 0xe2) return 0;
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++)
        if (usher_str_starts(rest, ends[i])) return ends[i].len;
    return 0;
}

/* Counts as libyaml does, for the end of the text and the few errors that have only an offset. */
static usher_place place_of_offset(usher_str text, size_t offset)
{
    usher_place p = {1, 1};

    for (size_t i = 0; i < offset && i < text.len;) {
        size_t end = line_end(usher_str_from(text, i));
        if (end)
            p = (usher_place){p.line + 1, 1};
        else if (((unsigned char)text.ptr[i] & 0xc0) != 0x80)
            p.column++;
        i += end ? end : 1;
    }
    return p;
}

/* libyaml counts characters. */
static bool is_tab_at(usher_str text, size_t index)
{
    for (size_t i = 0; i < text.len; i++) {
        if (((unsigned char)text.ptr[i] & 0xc0) == 0x80) continue;
        if (index-- == 0) return text.ptr[i] == '\t';
    }
    return false;
}

static void complain_syntax(reader *r)
{
    const yaml_parser_t *p = &r->parser;
    bool by_offset = p->error == YAML_READER_ERROR;
    usher_place at =
        by_offset ? place_of_offset(r->text, p->problem_offset) : place_of_mark(r, p->problem_mark);

    r->stop = true;
    if (p->error == YAML_MEMORY_ERROR)
        r->status = USHER_E_NOMEM;
    else if (!by_offset && is_tab_at(r->text, p->problem_mark.index))
        usher_complain(&r->c, at, "a tab stands here; indent with spaces", USHER_NIL, USHER_NIL,
                       USHER_NIL);
    else
        usher_complain(&r->c, at, "the YAML cannot be read: $1",
                       usher_str_z(p->problem ? p->problem : "it is malformed"), USHER_NIL,
                       USHER_NIL);
}

static bool next_event(reader *r, yaml_event_t *event)
{
    if (r->stop || r->status) return false;
    if (yaml_parser_parse(&r->parser, event)) return true;
    complain_syntax(r);
    return false;
}

/* The event's copy of a scalar may be a secret. */
static void drop_event(yaml_event_t *event)
{
    if (event->type == YAML_SCALAR_EVENT)
        usher_wipe(event->data.scalar.value, event->data.scalar.length);
    yaml_event_delete(event);
}

static usher_node *node_new(reader *r, usher_node_kind kind, yaml_mark_t mark)
{
    usher_node *n = NULL;

    if (r->nodes++ == USHER_NODES_MAX) {
        complain(r, mark, "more values than settings can have");
        r->stop = true;
    } else if (!(n = usher_arena_get_zero(r->arena, 1, sizeof *n))) {
        r->status = usher_arena_fail(r->arena, NULL);
    }
    if (!n) return NULL;
    usher_place at = place_of_mark(r, mark);
    n->kind = kind;
    n->line = at.line;
    n->column = at.column;
    return n;
}

static void refuse_anchor_and_tag(reader *r, yaml_mark_t mark, const yaml_char_t *anchor,
                                  const yaml_char_t *tag)
{
    if (anchor) complain(r, mark, "anchors (&name) are not used in settings; write the value");
    if (tag) complain(r, mark, "tags (!type) are not used in settings; write the value alone");
}

static usher_str scalar_text(reader *r, const yaml_event_t *event)
{
    usher_str text = {(const char *)event->data.scalar.value, event->data.scalar.length},
              copy = {0};
    usher_status rc = usher_arena_dup(&copy, r->arena, text, NULL);

    if (rc) r->status = rc;
    if (usher_str_has(text, '\0'))
        complain(r, event->start_mark, "a NUL character cannot be part of a setting");
    return copy;
}

static usher_node *take_scalar(reader *r, const yaml_event_t *event)
{
    usher_node *n = node_new(r, USHER_NODE_SCALAR, event->start_mark);

    if (!n) return NULL;
    n->text = scalar_text(r, event);
    n->quoted = event->data.scalar.style != YAML_PLAIN_SCALAR_STYLE;
    refuse_anchor_and_tag(r, event->start_mark, event->data.scalar.anchor, event->data.scalar.tag);
    return n;
}

static usher_node *take_node(reader *r, const yaml_event_t *event, unsigned depth);

/* The key of a map's entry. What is no scalar is read over, so that what follows is found too. */
static usher_str take_key(reader *r, const yaml_event_t *event, unsigned depth)
{
    usher_str key = {0};

    if (event->type != YAML_SCALAR_EVENT) {
        complain(r, event->start_mark, "a key is one text");
        (void)take_node(r, event, depth);
        return USHER_STR("?");
    }
    refuse_anchor_and_tag(r, event->start_mark, event->data.scalar.anchor, event->data.scalar.tag);
    key = scalar_text(r, event);
    if (event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE && usher_str_eq(key, USHER_STR("<<")))
        complain(r, event->start_mark,
                 "merge keys (<<) are not used in settings; write the values");
    return key;
}

static void refuse_repeated(reader *r, const usher_node *map, const usher_node *entry)
{
    if (usher_node_get(map, entry->key) != entry && !usher_str_eq(entry->key, USHER_STR("?")))
        usher_complain(&r->c, usher_place_of_key(entry), "'$1' is given twice in this map",
                       entry->key, USHER_NIL, USHER_NIL);
}

static void append(usher_node *parent, usher_node ***tail, usher_node *child)
{
    if (!*tail) *tail = &parent->first;
    **tail = child;
    *tail = &child->next;
}

static void take_items(reader *r, usher_node *list, unsigned depth)
{
    usher_node **tail = NULL;
    yaml_event_t event;

    while (next_event(r, &event)) {
        bool end = event.type == YAML_SEQUENCE_END_EVENT;
        usher_node *item = end ? NULL : take_node(r, &event, depth);
        drop_event(&event);
        if (!item) return;
        append(list, &tail, item);
    }
}

static void take_entries(reader *r, usher_node *map, unsigned depth)
{
    usher_node **tail = NULL;
    yaml_event_t event;

    while (next_event(r, &event)) {
        bool end = event.type == YAML_MAPPING_END_EVENT;
        usher_place at = place_of_mark(r, event.start_mark);
        usher_str key = end ? USHER_NIL : take_key(r, &event, depth);
        drop_event(&event);
        if (end || !next_event(r, &event)) return;
        usher_node *value = take_node(r, &event, depth);
        drop_event(&event);
        if (!value) return;
        value->key = key;
        value->key_line = at.line;
        value->key_column = at.column;
        append(map, &tail, value);
        refuse_repeated(r, map, value);
    }
}

static usher_node *take_collection(reader *r, const yaml_event_t *event, unsigned depth)
{
    bool list = event->type == YAML_SEQUENCE_START_EVENT;

    if (depth == USHER_NODE_DEPTH_MAX) {
        complain(r, event->start_mark, "nested more deeply than settings are");
        r->stop = true;
        return NULL;
    }
    usher_node *n = node_new(r, list ? USHER_NODE_LIST : USHER_NODE_MAP, event->start_mark);
    if (!n) return NULL;
    if (list) {
        refuse_anchor_and_tag(r, event->start_mark, event->data.sequence_start.anchor,
                              event->data.sequence_start.tag);
        take_items(r, n, depth + 1);
    } else {
        refuse_anchor_and_tag(r, event->start_mark, event->data.mapping_start.anchor,
                              event->data.mapping_start.tag);
        take_entries(r, n, depth + 1);
    }
    return n;
}

static usher_node *take_node(reader *r, const yaml_event_t *event, unsigned depth)
{
    switch (event->type) {
    case YAML_SCALAR_EVENT: return take_scalar(r, event);
    case YAML_SEQUENCE_START_EVENT:
    case YAML_MAPPING_START_EVENT: return take_collection(r, event, depth);
    default: /* an alias; nothing else can stand here */
        complain(r, event->start_mark, "aliases (*name) are not used in settings; write the value");
        return node_new(r, USHER_NODE_SCALAR, event->start_mark);
    }
}

/* stream start, document start, the node, document end, stream end */
static usher_node *take_document(reader *r)
{
    usher_node *root = NULL;
    yaml_event_t event;
    size_t documents = 0;

    while (next_event(r, &event)) {
        yaml_event_type_t type = event.type;
        if (type == YAML_DOCUMENT_START_EVENT && ++documents == 2) {
            complain(r, event.start_mark, "a second document begins here; settings are one");
            r->stop = true;
        } else if (type != YAML_STREAM_START_EVENT && type != YAML_DOCUMENT_START_EVENT &&
                   type != YAML_DOCUMENT_END_EVENT && type != YAML_STREAM_END_EVENT) {
            root = take_node(r, &event, 0);
        }
        drop_event(&event);
        if (type == YAML_STREAM_END_EVENT) break;
    }
    if (!root && !r->stop && !r->status)
        usher_complain(&r->c, (usher_place){1, 1}, "the settings are empty; begin with 'site:'",
                       USHER_NIL, USHER_NIL, USHER_NIL);
    return root;
}

/* libyaml frees its buffers as they are, and the file's text, secrets included, is in them. */
static void delete_parser(yaml_parser_t *p)
{
    if (p->raw_buffer.start)
        usher_wipe(p->raw_buffer.start, (size_t)(p->raw_buffer.end - p->raw_buffer.start));
    if (p->buffer.start) usher_wipe(p->buffer.start, (size_t)(p->buffer.end - p->buffer.start));
    yaml_parser_delete(p);
}

static bool refuse_whole(reader *r)
{
    const char *nul = r->text.len ? memchr(r->text.ptr, 0, r->text.len) : NULL;

    if (r->text.len > USHER_SETTINGS_MAX)
        usher_complain(&r->c, (usher_place){0, 0}, "settings of more than 1 MiB are not read",
                       USHER_NIL, USHER_NIL, USHER_NIL);
    else if (nul)
        usher_complain(&r->c, place_of_offset(r->text, (size_t)(nul - r->text.ptr)),
                       "a NUL character cannot be part of settings", USHER_NIL, USHER_NIL,
                       USHER_NIL);
    return r->text.len > USHER_SETTINGS_MAX || nul;
}

usher_status usher_node_from_yaml(usher_node **out, usher_arena *a, usher_str text, usher_str file,
                                  usher_problems *problems, usher_error *err)
{
    reader r = {.arena = a, .c = {problems, file, false}, .text = text};
    size_t errors_before = problems->errors;
    usher_node *root = NULL;

    *out = NULL;
    if (!refuse_whole(&r)) {
        if (!yaml_parser_initialize(&r.parser))
            return usher_fail(err, USHER_E_NOMEM, "settings: out of memory", 0);
        yaml_parser_set_encoding(&r.parser, YAML_UTF8_ENCODING);
        yaml_parser_set_input_string(&r.parser, (const unsigned char *)(text.len ? text.ptr : ""),
                                     text.len);
        r.end = place_of_offset(text, text.len);
        root = take_document(&r);
        delete_parser(&r.parser);
    }
    if (r.c.no_memory) return usher_fail(err, USHER_E_NOMEM, "settings: out of memory", 0);
    if (r.status) return usher_fail(err, r.status, "settings: the tree could not be built", 0);
    if (problems->errors > errors_before)
        return usher_fail(err, USHER_E_SETTING, "settings: see the problems", 0);
    *out = root;
    return USHER_OK;
}
