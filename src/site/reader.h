/* reader - a map of the settings tree, read by its table of rows: unknown and repeated keys
 * refused, every value of its row's type and range, defaults filled in. What values mean together
 * is judged by who reads them (build.c, providers.c, daemon.c). */
#ifndef USHER_SITE_READER_H
#define USHER_SITE_READER_H

#include "site/complain.h"
#include "site/table.h"

typedef struct usher_value {
    const usher_node *node; /* where it was written; NULL: the default */
    bool bad;               /* written, but refused: complained about already */
    usher_str text;         /* of a text, secret, URL, path or word */
    int64_t number;         /* bool, integer, bytes, duration, or the index of the word */
} usher_value;

/* Fills values[table->count]. `name` is how the map is called in messages ("site",
 * "site.providers[2]"); `map` may be NULL: then all are defaults. Lists are not copied: read
 * values[row].node->first; their items are right in themselves. */
void usher_settings_read(usher_value *values, usher_complaints *c, const usher_setting_table *table,
                         usher_str name, const usher_node *map);

/* One scalar against its row, as the environment gives it too. `what` is how it is called in
 * messages. False after a complaint. */
bool usher_setting_parse(usher_value *out, usher_complaints *c, const usher_setting *row,
                         usher_str what, const usher_node *scalar);

/* 90, 90s, 15m, 12h, 30d, 2w, 500ms; without a unit they are seconds. In `unit`; false if it is no
 * duration, too large, or no whole number of them. */
bool usher_duration_read(int64_t *out, usher_str text, usher_setting_unit unit);
/* 65536, 64KiB, 1MiB */
bool usher_bytes_read(int64_t *out, usher_str text);

/* "name.path", in the list's memory: how messages call a setting. */
usher_str usher_setting_full_name(usher_complaints *c, usher_str name, usher_str path);

#endif
