#include <assert.h>

#include "base/str.h"
#include "gate/path.h"
#include "gate/rules.h"
#include "tests/kit/kit.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_safe(usher_str path)
{
    for (size_t i = 0; i < path.len; i++) {
        char c = path.ptr[i];
        assert(c > ' ' && c <= '~' && !usher_str_has(USHER_STR("%;\\#?\"<>^`{|}[]"), c));
    }
    assert(path.len && path.ptr[0] == '/');
    assert(usher_str_find(path, USHER_STR("//")) == SIZE_MAX);
    assert(usher_str_find(path, USHER_STR("/./")) == SIZE_MAX);
    assert(usher_str_find(path, USHER_STR("/../")) == SIZE_MAX);
    assert(!usher_str_ends(path, USHER_STR("/.")) && !usher_str_ends(path, USHER_STR("/..")));
}

/* A line feed divides a pattern from a target; without one the target meets the widest rule. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    usher_str target, pattern = usher_str_cut((usher_str){(const char *)data, size}, '\n', &target);

    if (!target.ptr) {
        target = pattern;
        pattern = USHER_STR("/*");
    }
    usher_str path;
    usher_path_kind kind = usher_path_classify(&path, target);
    assert(path.ptr == target.ptr && path.len <= target.len && !usher_str_has(path, '?'));
    if (kind == USHER_PATH_CANONICAL) check_safe(path);

    if (usher_rules_check(pattern, NULL)) return 0;
    usher_rules rules = {&pattern, 1};
    bool open = usher_rules_open(&rules, target);
    assert(!open || kind == USHER_PATH_CANONICAL);
    assert(open == usher_rules_open(&rules, path)); /* the query plays no part */
    if (open && usher_str_ends(pattern, USHER_STR("/*"))) {
        usher_str folder = {pattern.ptr, pattern.len - 2}, below = usher_str_from(path, folder.len);
        assert(usher_str_starts(path, folder) && (below.len == 0 || below.ptr[0] == '/'));
    } else if (open) {
        assert(usher_str_eq(path, pattern));
    }
    return 0;
}
