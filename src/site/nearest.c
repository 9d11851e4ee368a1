#include "site/nearest.h"

#include "base/str.h"

#define NAME_MAX_LEN 48

/* Lower case, without '_' and '-': what is left of a name when only its style differs. */
static size_t plain(char out[NAME_MAX_LEN], usher_str name)
{
    size_t len = 0;

    for (size_t i = 0; i < name.len && len < NAME_MAX_LEN; i++) {
        char c = name.ptr[i];
        if (c == '_' || c == '-') continue;
        out[len++] = c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
    }
    return len;
}

static size_t least(size_t a, size_t b, size_t c)
{
    size_t ab = a < b ? a : b;

    return ab < c ? ab : c;
}

/* Insertions, deletions, replacements and swapped neighbours, row by row. */
static size_t edit_distance(const char *a, size_t a_len, const char *b, size_t b_len)
{
    size_t rows[3][NAME_MAX_LEN + 1];

    for (size_t j = 0; j <= b_len; j++)
        rows[0][j] = j;
    for (size_t i = 1; i <= a_len; i++) {
        size_t *now = rows[i % 3], *last = rows[(i + 2) % 3], *before = rows[(i + 1) % 3];
        now[0] = i;
        for (size_t j = 1; j <= b_len; j++) {
            now[j] = least(last[j] + 1, now[j - 1] + 1, last[j - 1] + (a[i - 1] != b[j - 1]));
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] &&
                before[j - 2] + 1 < now[j])
                now[j] = before[j - 2] + 1;
        }
    }
    return rows[a_len % 3][b_len];
}

/* The groups before it are right, or they would have been complained about themselves. */
static usher_str last_segment(usher_str path)
{
    usher_str rest = path, segment = path;

    while (rest.ptr)
        segment = usher_str_cut(rest, '.', &rest);
    return segment;
}

typedef struct search {
    char wanted[NAME_MAX_LEN];
    size_t wanted_len;
    usher_str best;
    size_t distance;
} search;

static void consider(search *s, usher_str candidate)
{
    char text[NAME_MAX_LEN];
    size_t len = plain(text, candidate);
    size_t longer = len > s->wanted_len ? len : s->wanted_len;

    /* each letter that one has more is one edit */
    if (2 * longer - len - s->wanted_len >= s->distance) return;
    size_t d = edit_distance(s->wanted, s->wanted_len, text, len);
    if (d >= s->distance) return;
    s->distance = d;
    s->best = candidate;
}

usher_str usher_setting_nearest(const usher_setting_table *table, usher_str path)
{
    search s = {.best = {0}};

    if (path.len > NAME_MAX_LEN) return (usher_str){0};
    s.wanted_len = plain(s.wanted, path);
    s.distance = last_segment(path).len / 3 + 1; /* a third of the letters may be wrong */
    for (size_t i = 0; i < table->count; i++) {
        usher_str row = usher_str_z(table->rows[i].path);
        consider(&s, row);
        for (size_t j = 0; j < row.len; j++)
            if (row.ptr[j] == '.') consider(&s, usher_str_of(row.ptr, j));
    }
    return s.best;
}
