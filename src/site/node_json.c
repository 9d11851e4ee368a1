/* Settings written as JSON, as a tree with places. wire/json validates the text first, so that what
 * follows can walk it without a case for malformed input. */
#include <string.h>

#include "base/error.h"
#include "base/str.h"
#include "site/complain.h"
#include "site/node.h"
#include "wire/json.h"

typedef struct walk {
    usher_arena *arena;
    usher_complaints complaints;
    const char *at, *end;
    const char *marked; /* up to where line and column were counted */
    usher_place place;
    size_t nodes;
    usher_status status; /* the first failure that is not a problem of the text */
} walk;

/* Counts on from the last place: the whole text is counted once, however many places are asked. */
static usher_place place_at(walk *w, const char *at)
{
    for (; w->marked < at; w->marked++) {
        if (*w->marked == '\n')
            w->place = (usher_place){w->place.line + 1, 1};
        else if (((unsigned char)*w->marked & 0xc0) != 0x80) /* a character, not a byte of one */
            w->place.column++;
    }
    return w->place;
}

static void skip_space(walk *w)
{
    while (w->at < w->end && (*w->at == ' ' || *w->at == '\t' || *w->at == '\n' || *w->at == '\r'))
        w->at++;
}

/* The source of the string that begins here, quotes included. */
static usher_json take_string(walk *w)
{
    usher_json s = {.type = USHER_JSON_STRING, .text = {w->at, 0}};

    for (w->at++; w->at < w->end && *w->at != '"'; w->at++) {
        if (*w->at != '\\') continue;
        s.escaped = true;
        w->at++;
    }
    w->at++;
    s.text.len = (size_t)(w->at - s.text.ptr);
    return s;
}

static usher_str string_text(walk *w, usher_place at)
{
    usher_str text = {0};
    usher_status rc = usher_json_string(&text, w->arena, take_string(w), NULL);

    if (rc)
        w->status = rc;
    else if (usher_str_has(text, '\0'))
        usher_complain(&w->complaints, at, "a NUL character cannot be part of a setting", USHER_NIL,
                       USHER_NIL, USHER_NIL);
    return text;
}

static usher_node *node_new(walk *w)
{
    usher_node *n =
        w->nodes++ < USHER_NODES_MAX ? usher_arena_get_zero(w->arena, 1, sizeof *n) : NULL;

    if (n) return n;
    w->status = w->nodes > USHER_NODES_MAX ? USHER_E_LIMIT : usher_arena_fail(w->arena, NULL);
    return NULL;
}

static void refuse_repeated(walk *w, const usher_node *map, const usher_node *entry)
{
    const usher_node *first = usher_node_get(map, entry->key);

    if (first != entry)
        usher_complain(&w->complaints, usher_place_of_key(entry), "'$1' is given twice in this map",
                       entry->key, USHER_NIL, USHER_NIL);
}

static usher_node *take_value(walk *w);

static void take_name(walk *w, usher_str *key, usher_place *at)
{
    *at = place_at(w, w->at);
    *key = string_text(w, *at);
    skip_space(w);
    w->at++; /* ':' */
}

static void take_children(walk *w, usher_node *parent)
{
    char close = *w->at == '{' ? '}' : ']';
    usher_node **tail = &parent->first;

    w->at++;
    for (skip_space(w); *w->at != close && !w->status; skip_space(w)) {
        usher_str key = {0};
        usher_place key_at = {0};

        if (*w->at == ',') {
            w->at++;
            continue;
        }
        if (close == '}') take_name(w, &key, &key_at);
        usher_node *child = take_value(w);
        if (!child) return;
        child->key = key;
        child->key_line = key_at.line;
        child->key_column = key_at.column;
        *tail = child;
        tail = &child->next;
        if (close == '}') refuse_repeated(w, parent, child);
    }
    w->at++;
}

static usher_node *take_value(walk *w)
{
    usher_node *n = node_new(w);

    if (!n) return NULL;
    skip_space(w);
    usher_place at = place_at(w, w->at);
    n->line = at.line;
    n->column = at.column;
    if (*w->at == '{' || *w->at == '[') {
        n->kind = *w->at == '{' ? USHER_NODE_MAP : USHER_NODE_LIST;
        take_children(w, n); /* the reader's limit bounds the depth */
    } else if (*w->at == '"') {
        n->quoted = true;
        n->text = string_text(w, at);
    } else {
        const char *start = w->at;
        while (w->at < w->end && !memchr(",]} \t\r\n", *w->at, 7))
            w->at++;
        n->text = (usher_str){start, (size_t)(w->at - start)};
    }
    return w->status ? NULL : n;
}

static usher_status refuse_text(walk *w, usher_str text, const usher_error *why)
{
    size_t at = why->at < text.len ? why->at : text.len;

    usher_complain(&w->complaints, place_at(w, text.ptr + at), "the JSON cannot be read: $1",
                   usher_str_z(why->what), USHER_NIL, USHER_NIL);
    return USHER_E_SETTING;
}

static usher_status finish(usher_node **out, walk *w, usher_node *root, size_t errors_before,
                           usher_error *err)
{
    if (w->status == USHER_E_LIMIT && w->nodes > USHER_NODES_MAX) {
        usher_complain(&w->complaints, w->place, "more values than settings can have", USHER_NIL,
                       USHER_NIL, USHER_NIL);
        w->status = USHER_OK;
    }
    if (w->complaints.no_memory)
        return usher_fail(err, USHER_E_NOMEM, "settings: out of memory", 0);
    if (w->status) return usher_fail(err, w->status, "settings: the tree could not be built", 0);
    if (w->complaints.list->errors > errors_before)
        return usher_fail(err, USHER_E_SETTING, "settings: see the problems", 0);
    *out = root;
    return USHER_OK;
}

usher_status usher_node_from_json(usher_node **out, usher_arena *a, usher_str text, usher_str file,
                                  usher_problems *problems, usher_error *err)
{
    const usher_json_limits limits = {USHER_NODE_DEPTH_MAX, USHER_NODES_MAX};
    walk w = {.arena = a, .complaints = {problems, file, false}, .place = {1, 1}};
    size_t errors_before = problems->errors;
    usher_error why = {0};
    usher_json value;
    usher_node *root = NULL;

    *out = NULL;
    if (!text.ptr) text = USHER_STR("");
    w.at = w.marked = text.ptr;
    w.end = text.ptr + text.len;
    if (text.len > USHER_SETTINGS_MAX)
        usher_complain(&w.complaints, (usher_place){0, 0},
                       "settings of more than 1 MiB are not read", USHER_NIL, USHER_NIL, USHER_NIL);
    else if (usher_json_read(&value, text, &limits, &why))
        (void)refuse_text(&w, text, &why);
    else
        root = take_value(&w);
    return finish(out, &w, root, errors_before, err);
}
