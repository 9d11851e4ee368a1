/* nearest - "did you mean": the setting whose name is closest to one that does not exist. */
#ifndef USHER_SITE_NEAREST_H
#define USHER_SITE_NEAREST_H

#include "site/table.h"

/* The path of a row, or of a group of rows ("session"), like `path`; absent if none is close
 * enough. Case and '_' make no difference: the originals' maxAge is max_age here. */
usher_str usher_setting_nearest(const usher_setting_table *table, usher_str path);

#endif
