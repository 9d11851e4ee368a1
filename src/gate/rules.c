#include "gate/rules.h"

#include "base/error.h"
#include "base/str.h"
#include "gate/path.h"

static usher_status refuse(usher_error *err, const char *what, size_t at)
{
    return usher_fail(err, USHER_E_SETTING, what, at);
}

usher_status usher_rules_check(usher_str pattern, usher_error *err)
{
    usher_str rest, path;
    size_t star = usher_str_cut(pattern, '*', &rest).len;

    if (pattern.len == 0 || pattern.ptr[0] != '/')
        return refuse(err, "rules: a pattern begins with '/'", 0);
    if (rest.ptr && (rest.len || pattern.ptr[star - 1] != '/'))
        return refuse(err, "rules: '*' stands only at the end, after '/'", star);
    if (usher_path_classify(&path, pattern) != USHER_PATH_CANONICAL)
        return refuse(err, "rules: the path is not in its plain form", 0);
    if (path.len != pattern.len) return refuse(err, "rules: a query cannot be matched", path.len);
    return USHER_OK;
}

/* `path` is canonical. Compared with case: two spellings of one file on some systems, but two paths
 * to most servers, and the one that was not named stays closed. */
static bool matches(usher_str pattern, usher_str path)
{
    if (!usher_str_ends(pattern, USHER_STR("/*"))) return usher_str_eq(pattern, path);
    usher_str folder = {pattern.ptr, pattern.len - 1}; /* with its '/' */
    usher_str itself = {pattern.ptr, pattern.len - 2};
    return usher_str_starts(path, folder) || usher_str_eq(path, itself);
}

bool usher_rules_open(const usher_rules *rules, usher_str target)
{
    usher_str path;

    if (!rules || usher_path_classify(&path, target) != USHER_PATH_CANONICAL) return false;
    for (size_t i = 0; i < rules->open_count; i++)
        if (matches(rules->open[i], path)) return true;
    return false;
}
