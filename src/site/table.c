#include "site/table.h"

#include "base/str.h"

#define ROW(prefix, symbol, path, type, unit, words, min, max, fallback, note, env, help, example) \
    [USHER_ROW_##prefix##_##symbol] = {path,                                                       \
                                       USHER_SETTING_##type,                                       \
                                       USHER_UNIT_##unit,                                          \
                                       words,                                                      \
                                       min,                                                        \
                                       max,                                                        \
                                       fallback,                                                   \
                                       note,                                                       \
                                       env,                                                        \
                                       "0.1",                                                      \
                                       help,                                                       \
                                       example},
#define SITE_ROW(...)     ROW(SITE, __VA_ARGS__)
#define ACCEPT_ROW(...)   ROW(ACCEPT, __VA_ARGS__)
#define PROVIDER_ROW(...) ROW(PROVIDER, __VA_ARGS__)
#define USER_ROW(...)     ROW(USER, __VA_ARGS__)
#define FIELD_ROW(...)    ROW(FIELD, __VA_ARGS__)
#define DAEMON_ROW(...)   ROW(DAEMON, __VA_ARGS__)

static const usher_setting site_rows[] = {USHER_SITE_SETTINGS(SITE_ROW)};
static const usher_setting accept_rows[] = {USHER_ACCEPT_SETTINGS(ACCEPT_ROW)};
static const usher_setting provider_rows[] = {USHER_PROVIDER_SETTINGS(PROVIDER_ROW)};
static const usher_setting user_rows[] = {USHER_USER_SETTINGS(USER_ROW)};
static const usher_setting field_rows[] = {USHER_FIELD_SETTINGS(FIELD_ROW)};
static const usher_setting daemon_rows[] = {USHER_DAEMON_SETTINGS(DAEMON_ROW)};

const usher_setting_table usher_site_table = {
    "site",
    "The site whose sessions are kept. In JSON given to usher_site_new this level may be left out.",
    site_rows, USHER_ROWS_SITE};
const usher_setting_table usher_accept_table = {
    "site.accept[]",
    "A kind of session cookie that is read besides the site's own. The first that holds a valid "
    "session counts.",
    accept_rows, USHER_ROWS_ACCEPT};
const usher_setting_table usher_provider_table = {"site.providers[]", "One identity provider each.",
                                                  provider_rows, USHER_ROWS_PROVIDER};
const usher_setting_table usher_user_table = {"site.providers[].users[]",
                                              "The people whom a development provider offers.",
                                              user_rows, USHER_ROWS_USER};
const usher_setting_table usher_field_table = {"site.providers[].fields[]",
                                               "What a credentials provider's form asks for.",
                                               field_rows, USHER_ROWS_FIELD};
const usher_setting_table usher_daemon_table = {
    "daemon", "What usherd needs besides its site. A program that embeds the library ignores it.",
    daemon_rows, USHER_ROWS_DAEMON};

const usher_setting_table *const usher_setting_tables[USHER_SETTING_TABLES] = {
    &usher_site_table, &usher_accept_table, &usher_provider_table,
    &usher_user_table, &usher_field_table,  &usher_daemon_table};

usher_str usher_setting_word(const char *words, size_t index)
{
    usher_str rest = usher_str_z(words), word = {0};

    for (size_t i = 0; i <= index; i++) {
        if (!rest.ptr) return (usher_str){0};
        word = usher_str_cut(rest, '|', &rest);
    }
    return word;
}
