#include "site/reader.h"

#include "base/buf.h"
#include "base/str.h"
#include "gate/path.h"
#include "site/nearest.h"
#include "wire/url.h"
#include "wire/utf8.h"

#define PATH_MAX_LEN 128 /* of a setting's path; the longest row has a quarter of it */

usher_str usher_setting_full_name(usher_complaints *c, usher_str name, usher_str path)
{
    usher_str text = {0};
    usher_buf b;

    if (usher_problems_full(c->list)) return path; /* nobody will read it */
    usher_buf_init(&b, &c->list->arena, 512);
    usher_buf_put(&b, name);
    usher_buf_put_char(&b, '.');
    usher_buf_put(&b, path);
    if (usher_buf_take(&text, &b, NULL) == USHER_E_NOMEM) c->no_memory = true;
    return text.ptr ? text : name;
}

static void complain_value(usher_complaints *c, usher_str what, const usher_node *node,
                           const char *text, usher_str v2, usher_str v3)
{
    usher_complain(c, usher_place_of(node), text, what, v2, v3);
}

/* Splits "12h" into 12 and "h". */
static bool number_and_unit(uint64_t *n, usher_str *unit, usher_str text)
{
    size_t digits = 0;

    while (digits < text.len && text.ptr[digits] >= '0' && text.ptr[digits] <= '9')
        digits++;
    *unit = usher_str_from(text, digits);
    return usher_str_u64(n, usher_str_of(text.ptr, digits));
}

static bool scaled(int64_t *out, uint64_t n, uint64_t scale)
{
    if (n > (uint64_t)INT64_MAX / scale) return false;
    *out = (int64_t)(n * scale);
    return true;
}

bool usher_duration_read(int64_t *out, usher_str text, usher_setting_unit unit)
{
    static const struct {
        usher_str unit;
        uint64_t ms;
    } units[] = {
        {USHER_STR_INIT(""), 1000},       {USHER_STR_INIT("s"), 1000},
        {USHER_STR_INIT("ms"), 1},        {USHER_STR_INIT("m"), 60000},
        {USHER_STR_INIT("h"), 3600000},   {USHER_STR_INIT("d"), 86400000},
        {USHER_STR_INIT("w"), 604800000},
    };
    uint64_t n;
    usher_str written;
    int64_t ms;

    *out = 0;
    if (!number_and_unit(&n, &written, text)) return false;
    for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
        if (!usher_str_eq(units[i].unit, written)) continue;
        if (!scaled(&ms, n, units[i].ms) || (unit == USHER_UNIT_S && ms % 1000)) return false;
        *out = unit == USHER_UNIT_S ? ms / 1000 : ms;
        return true;
    }
    return false;
}

bool usher_bytes_read(int64_t *out, usher_str text)
{
    uint64_t n;
    usher_str unit;

    *out = 0;
    if (!number_and_unit(&n, &unit, text)) return false;
    if (unit.len == 0) return scaled(out, n, 1);
    if (usher_str_eq(unit, USHER_STR("KiB"))) return scaled(out, n, 1024);
    return usher_str_eq(unit, USHER_STR("MiB")) && scaled(out, n, 1024 * 1024);
}

static bool has_control(usher_str text)
{
    for (size_t i = 0; i < text.len; i++)
        if ((unsigned char)text.ptr[i] < 0x20 || text.ptr[i] == 0x7f) return true;
    return false;
}

static usher_str number_text(char digits[20], int64_t n)
{
    size_t at = 20;

    do
        digits[--at] = (char)('0' + n % 10);
    while (n /= 10);
    return (usher_str){digits + at, 20 - at};
}

static void complain_range(usher_complaints *c, const usher_setting *row, usher_str what,
                           const usher_node *node, const char *text)
{
    char low[20], high[20];

    complain_value(c, what, node, text, number_text(low, row->min), number_text(high, row->max));
}

static bool check_range(usher_complaints *c, const usher_setting *row, usher_str what,
                        const usher_node *node, int64_t n, const char *text)
{
    if (n >= row->min && n <= row->max) return true;
    complain_range(c, row, what, node, text);
    return false;
}

static bool is_text(usher_complaints *c, const usher_setting *row, usher_str what,
                    const usher_node *node)
{
    if (!usher_utf8_valid(node->text)) {
        complain_value(c, what, node, "$1 is not valid UTF-8", USHER_NIL, USHER_NIL);
        return false;
    }
    if (row->type != USHER_SETTING_SECRET && row->type != USHER_SETTING_SECRETS &&
        has_control(node->text)) {
        complain_value(c, what, node, "$1 has a control character or a line end in it", USHER_NIL,
                       USHER_NIL);
        return false;
    }
    return true;
}

static bool parse_text(usher_value *out, usher_complaints *c, const usher_setting *row,
                       usher_str what, const usher_node *node)
{
    out->text = node->text;
    if (node->text.len == 0 && row->min > 0) {
        complain_value(c, what, node, "$1 is empty; give a value or remove it", USHER_NIL,
                       USHER_NIL);
        return false;
    }
    return is_text(c, row, what, node) &&
           check_range(c, row, what, node, (int64_t)node->text.len, "$1 must have $2 to $3 bytes");
}

static bool parse_bool(usher_value *out, usher_complaints *c, usher_str what,
                       const usher_node *node)
{
    bool yes = usher_str_eq(node->text, USHER_STR("true"));

    out->number = yes;
    if (!node->quoted && (yes || usher_str_eq(node->text, USHER_STR("false")))) return true;
    complain_value(c, what, node, "$1 is '$2'; write true or false, without quotes", node->text,
                   USHER_NIL);
    return false;
}

static bool parse_integer(usher_value *out, usher_complaints *c, const usher_setting *row,
                          usher_str what, const usher_node *node)
{
    uint64_t n;

    if (node->quoted || !usher_str_u64(&n, node->text) || n > INT64_MAX) {
        complain_value(c, what, node, "$1 is '$2'; write a whole number, without quotes",
                       node->text, USHER_NIL);
        return false;
    }
    out->number = (int64_t)n;
    return check_range(c, row, what, node, out->number, "$1 must be from $2 to $3");
}

static bool parse_bytes(usher_value *out, usher_complaints *c, const usher_setting *row,
                        usher_str what, const usher_node *node)
{
    if (!usher_bytes_read(&out->number, node->text)) {
        complain_value(c, what, node, "$1 is '$2'; write a number of bytes: 65536, 64KiB or 1MiB",
                       node->text, USHER_NIL);
        return false;
    }
    return check_range(c, row, what, node, out->number, "$1 must be from $2 to $3 bytes");
}

static bool parse_duration(usher_value *out, usher_complaints *c, const usher_setting *row,
                           usher_str what, const usher_node *node)
{
    if (!usher_duration_read(&out->number, node->text, row->unit)) {
        complain_value(
            c, what, node,
            "$1 is '$2'; write a time: seconds (3600) or a number with s, m, h, d or w (12h)",
            node->text, USHER_NIL);
        return false;
    }
    return check_range(c, row, what, node, out->number,
                       row->unit == USHER_UNIT_MS ? "$1 must be from $2 to $3 milliseconds"
                                                  : "$1 must be from $2 to $3 seconds");
}

/* "a|b|c" as people read it: "a, b or c" */
static usher_str words_text(usher_complaints *c, const char *words)
{
    usher_str text = {0}, word;
    usher_buf b;

    usher_buf_init(&b, &c->list->arena, 256);
    for (size_t i = 0; (word = usher_setting_word(words, i)).ptr; i++) {
        bool last = !usher_setting_word(words, i + 1).ptr;
        if (i) usher_buf_put(&b, last ? USHER_STR(" or ") : USHER_STR(", "));
        usher_buf_put(&b, word);
    }
    if (usher_buf_take(&text, &b, NULL)) c->no_memory = true;
    return text;
}

static bool parse_word(usher_value *out, usher_complaints *c, const usher_setting *row,
                       usher_str what, const usher_node *node)
{
    usher_str word;

    for (size_t i = 0; (word = usher_setting_word(row->words, i)).ptr; i++) {
        if (!usher_str_eq(word, node->text)) continue;
        out->number = (int64_t)i;
        out->text = word;
        return true;
    }
    complain_value(c, what, node, "$1 is '$2'; it must be $3", node->text,
                   words_text(c, row->words));
    return false;
}

static bool parse_url(usher_value *out, usher_complaints *c, const usher_setting *row,
                      usher_str what, const usher_node *node)
{
    usher_url url;

    if (!parse_text(out, c, row, what, node)) return false;
    if (usher_url_read(&url, node->text, NULL) == USHER_OK) return true;
    complain_value(c, what, node, /* not shown: there may be a password in it */
                   "$1 is no URL that can be used; write https://host or https://host:port",
                   USHER_NIL, USHER_NIL);
    return false;
}

static bool parse_path(usher_value *out, usher_complaints *c, const usher_setting *row,
                       usher_str what, const usher_node *node)
{
    usher_str path;

    if (!parse_text(out, c, row, what, node)) return false;
    if (node->text.len == 0) return true; /* the row's minimum allows it */
    if (usher_path_classify(&path, node->text) == USHER_PATH_CANONICAL &&
        path.len == node->text.len)
        return true;
    complain_value(c, what, node,
                   "$1 is '$2'; write a plain path that begins with '/': no query, escapes or dots",
                   node->text, USHER_NIL);
    return false;
}

static bool is_nothing(const usher_node *node)
{
    return !node->quoted && (node->text.len == 0 || usher_str_eq(node->text, USHER_STR("null")) ||
                             usher_str_eq(node->text, USHER_STR("~")));
}

bool usher_setting_parse(usher_value *out, usher_complaints *c, const usher_setting *row,
                         usher_str what, const usher_node *node)
{
    switch (row->type) {
    case USHER_SETTING_BOOL: return parse_bool(out, c, what, node);
    case USHER_SETTING_INTEGER: return parse_integer(out, c, row, what, node);
    case USHER_SETTING_BYTES: return parse_bytes(out, c, row, what, node);
    case USHER_SETTING_DURATION: return parse_duration(out, c, row, what, node);
    case USHER_SETTING_WORD: return parse_word(out, c, row, what, node);
    case USHER_SETTING_URL: return parse_url(out, c, row, what, node);
    case USHER_SETTING_PATH: return parse_path(out, c, row, what, node);
    default: return parse_text(out, c, row, what, node);
    }
}

static bool is_list_type(usher_setting_type type)
{
    return type >= USHER_SETTING_TEXTS;
}

/* The row for one item of a list. */
static usher_setting item_row(const usher_setting *row)
{
    usher_setting item = *row;

    item.type = row->type == USHER_SETTING_WORDS     ? USHER_SETTING_WORD
                : row->type == USHER_SETTING_SECRETS ? USHER_SETTING_SECRET
                                                     : USHER_SETTING_TEXT;
    item.min = 1;
    item.max = 4096;
    return item;
}

static bool parse_item(usher_complaints *c, const usher_setting *row, usher_str what,
                       const usher_node *item)
{
    usher_setting one = item_row(row);
    usher_value ignored = {0};

    if (row->type == USHER_SETTING_MAPS) {
        if (item->kind == USHER_NODE_MAP) return true;
        complain_value(c, what, item, "each entry of $1 is a map", USHER_NIL, USHER_NIL);
        return false;
    }
    if (item->kind != USHER_NODE_SCALAR || is_nothing(item)) {
        complain_value(c, what, item, "each entry of $1 is one text", USHER_NIL, USHER_NIL);
        return false;
    }
    return usher_setting_parse(&ignored, c, &one, what, item);
}

static bool parse_list(usher_complaints *c, const usher_setting *row, usher_str what,
                       const usher_node *list)
{
    int64_t count = 0;
    bool good = true;

    if (list->kind != USHER_NODE_LIST) {
        complain_value(c, what, list,
                       "$1 is a list: write [one, two], or lines that begin with '- '", USHER_NIL,
                       USHER_NIL);
        return false;
    }
    for (const usher_node *item = list->first; item; item = item->next, count++)
        good &= parse_item(c, row, what, item);
    return check_range(c, row, what, list, count, "$1 must have $2 to $3 entries") && good;
}

static bool parse_written(usher_value *out, usher_complaints *c, const usher_setting *row,
                          usher_str what, const usher_node *node)
{
    if (node->kind == USHER_NODE_SCALAR && is_nothing(node)) {
        complain_value(c, what, node, "$1 has no value; give one or remove it", USHER_NIL,
                       USHER_NIL);
        return false;
    }
    if (is_list_type(row->type)) return parse_list(c, row, what, node);
    if (node->kind == USHER_NODE_SCALAR) return usher_setting_parse(out, c, row, what, node);
    complain_value(c, what, node,
                   node->kind == USHER_NODE_LIST ? "$1 takes one value, not a list"
                                                 : "$1 takes one value, not a map",
                   USHER_NIL, USHER_NIL);
    return false;
}

/* Reading one table: where its values go and how its map is called. */
typedef struct table_walk {
    usher_value *values;
    usher_complaints *c;
    const usher_setting_table *table;
    usher_str name;
} table_walk;

static const usher_setting *row_of(const usher_setting_table *table, usher_str path)
{
    for (size_t i = 0; i < table->count; i++)
        if (usher_str_eq(usher_str_z(table->rows[i].path), path)) return &table->rows[i];
    return NULL;
}

/* "session" is a group because there is "session.max_age". */
static bool is_group(const usher_setting_table *table, usher_str path)
{
    for (size_t i = 0; i < table->count; i++) {
        usher_str row = usher_str_z(table->rows[i].path);
        if (row.len > path.len && row.ptr[path.len] == '.' && usher_str_starts(row, path))
            return true;
    }
    return false;
}

static void complain_unknown(table_walk *w, usher_str path, const usher_node *entry)
{
    usher_str near = usher_setting_nearest(w->table, path);
    usher_str full = usher_setting_full_name(w->c, w->name, path);

    if (usher_str_has(entry->key, '.'))
        usher_complain(w->c, usher_place_of_key(entry),
                       "unknown setting '$1': groups are maps, so nest it instead of writing dots",
                       full, USHER_NIL, USHER_NIL);
    else if (near.len)
        usher_complain(w->c, usher_place_of_key(entry), "unknown setting '$1' (did you mean '$2'?)",
                       full, usher_setting_full_name(w->c, w->name, near), USHER_NIL);
    else
        usher_complain(w->c, usher_place_of_key(entry),
                       "unknown setting '$1'; docs/settings.md lists them all", full, USHER_NIL,
                       USHER_NIL);
}

static void read_row(table_walk *w, const usher_setting *row, const usher_node *entry)
{
    usher_value *value = &w->values[row - w->table->rows];
    usher_str what = usher_setting_full_name(w->c, w->name, usher_str_z(row->path));

    if (value->node) {
        usher_complain(w->c, usher_place_of_key(entry), "'$1' is given twice", what, USHER_NIL,
                       USHER_NIL);
        return;
    }
    value->node = entry;
    value->bad = !parse_written(value, w->c, row, what, entry);
}

/* "group.key" in `out`; a path too long to be one is cut, and then unknown. */
static usher_str join_path(char out[PATH_MAX_LEN], usher_str group, usher_str key)
{
    size_t len = 0;

    for (size_t i = 0; i < group.len && len < PATH_MAX_LEN; i++)
        out[len++] = group.ptr[i];
    if (group.len && len < PATH_MAX_LEN) out[len++] = '.';
    for (size_t i = 0; i < key.len && len < PATH_MAX_LEN; i++)
        out[len++] = key.ptr[i];
    return (usher_str){out, len};
}

static void read_group(table_walk *w, usher_str group, const usher_node *map)
{
    for (const usher_node *entry = map->first; entry; entry = entry->next) {
        char text[PATH_MAX_LEN];
        usher_str path = join_path(text, group, entry->key);
        const usher_setting *row = usher_str_has(entry->key, '.') ? NULL : row_of(w->table, path);

        if (row)
            read_row(w, row, entry);
        else if (entry->key.len == 0 || usher_str_has(entry->key, '.') || !is_group(w->table, path))
            complain_unknown(w, path, entry);
        else if (entry->kind == USHER_NODE_MAP)
            read_group(w, path, entry); /* the table's depth bounds this */
        else
            usher_complain(w->c, usher_place_of(entry),
                           "$1 is a map: write its settings below it, indented",
                           usher_setting_full_name(w->c, w->name, path), USHER_NIL, USHER_NIL);
    }
}

/* Defaults are written as settings are; a row's own default that does not parse is a bug of ours,
 * which a test looks for. */
static void fill_default(usher_value *value, usher_complaints *c, const usher_setting *row)
{
    usher_node text = {.kind = USHER_NODE_SCALAR, .text = usher_str_z(row->fallback)};

    if (row->fallback) (void)usher_setting_parse(value, c, row, usher_str_z(row->path), &text);
}

void usher_settings_read(usher_value *values, usher_complaints *c, const usher_setting_table *table,
                         usher_str name, const usher_node *map)
{
    table_walk w = {values, c, table, name};

    for (size_t i = 0; i < table->count; i++)
        values[i] = (usher_value){0};
    if (map && map->kind == USHER_NODE_MAP)
        read_group(&w, USHER_NIL, map);
    else if (map)
        usher_complain(c, usher_place_of(map), "$1 is a map: write its settings below it, indented",
                       name, USHER_NIL, USHER_NIL);
    for (size_t i = 0; i < table->count; i++)
        if (!values[i].node || values[i].bad) fill_default(&values[i], c, &table->rows[i]);
}
