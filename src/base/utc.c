#include "base/utc.h"

#include <string.h>

/* Days since 1970 of a civil date and back, after Howard Hinnant's "chrono-compatible low-level
 * date algorithms": eras of 400 years that begin on 1 March. */
static int64_t days_from_civil(int64_t y, unsigned m, unsigned d)
{
    y -= m <= 2;
    int64_t era = (y >= 0 ? y : y - 399) / 400;
    int64_t yoe = y - era * 400;
    int64_t doy = (153 * (int64_t)(m > 2 ? m - 3 : m + 9) + 2) / 5 + d - 1;
    int64_t doe = yoe * 365 + yoe / 4 - yoe / 100 + doy;

    return era * 146097 + doe - 719468;
}

typedef struct civil {
    int64_t year;
    unsigned month, day, hour, minute, second, milli, weekday; /* Sunday is 0 */
} civil;

#define MS_FIRST INT64_C(-62167219200000) /* 0000-01-01 */
#define MS_LAST  INT64_C(253402300799999) /* 9999-12-31 */

static civil civil_from_ms(int64_t ms)
{
    if (ms < MS_FIRST) ms = MS_FIRST;
    if (ms > MS_LAST) ms = MS_LAST;
    int64_t days = ms / 86400000, rest = ms % 86400000;
    if (rest < 0) {
        rest += 86400000;
        days--;
    }
    /* Days since 1 March of the year -400, so that none is negative. */
    unsigned z = (unsigned)(days + 719468 + 146097), of_day = (unsigned)rest;
    unsigned era = z / 146097, doe = z % 146097;
    unsigned yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
    unsigned doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    unsigned mp = (5 * doy + 2) / 153;
    civil c = {.year = (int64_t)yoe + (int64_t)era * 400 - 400,
               .month = mp < 10 ? mp + 3 : mp - 9,
               .day = doy - (153 * mp + 2) / 5 + 1,
               .hour = of_day / 3600000,
               .minute = of_day / 60000 % 60,
               .second = of_day / 1000 % 60,
               .milli = of_day % 1000,
               .weekday = (z + 3) % 7};
    c.year += c.month <= 2;
    return c;
}

static void two_digits(char *out, unsigned n)
{
    out[0] = (char)('0' + n / 10);
    out[1] = (char)('0' + n % 10);
}

static void year_digits(char *out, int64_t year)
{
    two_digits(out, (unsigned)year / 100);
    two_digits(out + 2, (unsigned)year % 100);
}

static void clock_digits(char *out, const civil *c)
{
    two_digits(out, c->hour);
    two_digits(out + 3, c->minute);
    two_digits(out + 6, c->second);
}

void usher_iso_from_ms(char out[USHER_ISO_LEN], int64_t ms)
{
    civil c = civil_from_ms(ms);

    memcpy(out, "0000-00-00T00:00:00.000Z", USHER_ISO_LEN);
    year_digits(out, c.year);
    two_digits(out + 5, c.month);
    two_digits(out + 8, c.day);
    clock_digits(out + 11, &c);
    out[20] = (char)('0' + c.milli / 100);
    two_digits(out + 21, c.milli % 100);
}

void usher_http_date_from_s(char out[USHER_HTTP_DATE_LEN], int64_t seconds)
{
    static const char weekdays[] = "SunMonTueWedThuFriSat";
    static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    int64_t ms = seconds > MS_LAST / 1000    ? MS_LAST
                 : seconds < MS_FIRST / 1000 ? MS_FIRST
                                             : seconds * 1000;
    civil c = civil_from_ms(ms);

    memcpy(out, "Sun, 00 Jan 0000 00:00:00 GMT", USHER_HTTP_DATE_LEN);
    memcpy(out, weekdays + 3 * c.weekday, 3);
    two_digits(out + 5, c.day);
    memcpy(out + 8, months + 3 * (c.month - 1), 3);
    year_digits(out + 12, c.year);
    clock_digits(out + 17, &c);
}

static bool number(unsigned *out, usher_str s, size_t at, size_t count)
{
    *out = 0;
    for (size_t i = at; i < at + count; i++) {
        if (i >= s.len || s.ptr[i] < '0' || s.ptr[i] > '9') return false;
        *out = *out * 10 + (unsigned)(s.ptr[i] - '0');
    }
    return true;
}

bool usher_iso_to_ms(int64_t *ms, usher_str s)
{
    static const unsigned char month_days[] = {31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    unsigned y, mo, d, h, mi, sec, milli = 0;

    *ms = 0;
    if (s.len != 24 && s.len != 20) return false;
    if (!number(&y, s, 0, 4) || !number(&mo, s, 5, 2) || !number(&d, s, 8, 2) ||
        !number(&h, s, 11, 2) || !number(&mi, s, 14, 2) || !number(&sec, s, 17, 2) ||
        (s.len == 24 && (s.ptr[19] != '.' || !number(&milli, s, 20, 3))))
        return false;
    if (s.ptr[4] != '-' || s.ptr[7] != '-' || s.ptr[10] != 'T' || s.ptr[13] != ':' ||
        s.ptr[16] != ':' || s.ptr[s.len - 1] != 'Z')
        return false;
    if (mo < 1 || mo > 12 || d < 1 || d > month_days[mo - 1] || h > 23 || mi > 59 || sec > 59)
        return false;
    if (mo == 2 && d == 29 && (y % 4 || (y % 100 == 0 && y % 400))) return false;
    *ms = ((days_from_civil(y, mo, d) * 24 + h) * 60 + mi) * 60000 + (int64_t)sec * 1000 + milli;
    return true;
}
