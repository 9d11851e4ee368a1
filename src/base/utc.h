/* utc - the three ways in which this field writes a point in time. Text only: the clock is the
 * caller's. Proleptic Gregorian calendar, years 0000-9999; anything else is clamped to those. */
#ifndef USHER_BASE_UTC_H
#define USHER_BASE_UTC_H

#include "usher/base.h"

#define USHER_ISO_LEN       24 /* 2026-01-01T00:00:00.000Z (what JavaScript's toISOString prints) */
#define USHER_HTTP_DATE_LEN 29 /* Thu, 01 Jan 2026 00:00:00 GMT (RFC 9110 section 5.6.7) */

void usher_iso_from_ms(char out[USHER_ISO_LEN], int64_t ms);
void usher_http_date_from_s(char out[USHER_HTTP_DATE_LEN], int64_t seconds);
/* Accepts what usher_iso_from_ms writes, with or without the milliseconds. */
bool usher_iso_to_ms(int64_t *ms, usher_str text);

#endif
