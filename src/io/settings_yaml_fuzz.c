/* Settings as YAML, whatever is in them: a tree that keeps its promises, or a reason. What comes of
 * the tree afterwards (a site, a daemon's settings) may not depend on what libyaml let through;
 * that takes most of the time, and is asked of one input in eight. An input "!NN…" has the
 * allocation of that number fail. */
#include <assert.h>

#include "base/str.h"
#include "io/settings_file.h"
#include "site/site_rig.h"
#include "wire/utf8.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static size_t count_lines(usher_str text)
{
    size_t lines = 1;

    for (size_t i = 0; i < text.len; i++)
        lines += text.ptr[i] == '\n' || text.ptr[i] == '\r' ||
                 (unsigned char)text.ptr[i] == 0xc2 || /* NEL and U+2028 end lines in YAML too */
                 (unsigned char)text.ptr[i] == 0xe2;
    return lines;
}

static void check_tree(const usher_node *n, size_t depth, size_t lines, size_t *nodes)
{
    assert(depth <= USHER_NODE_DEPTH_MAX && ++*nodes <= USHER_NODES_MAX);
    assert(n->line >= 1 && n->line <= lines && n->column >= 1);
    assert(!usher_str_has(n->text, '\0') && usher_utf8_valid(n->text));
    assert(n->kind != USHER_NODE_SCALAR || !n->first);
    for (const usher_node *child = n->first; child; child = child->next) {
        if (n->kind == USHER_NODE_MAP) {
            assert(child->key.ptr && child->key_line >= 1 && child->key_line <= lines);
            assert(usher_node_get(n, child->key) == child); /* no key is repeated */
        } else {
            assert(!child->key.ptr);
        }
        check_tree(child, depth + (child->kind != USHER_NODE_SCALAR), lines, nodes);
    }
}

static void check_problems(const usher_problems *list, size_t lines)
{
    for (size_t i = 0; i < usher_problems_count(list); i++) {
        const usher_problem *p = usher_problems_at(list, i);
        assert(p->message.len && p->line <= lines && (p->line == 0) == (p->column == 0));
        assert(usher_utf8_valid(p->message));
    }
}

typedef struct run {
    kit_alloc f;
    usher_allocator alloc;
    usher_arena arena;
    usher_problems *problems;
} run;

static void use_tree(run *r, const usher_node *root)
{
    kit_random random = {.seed = 1, .fail_at = SIZE_MAX};
    usher_site_parts parts = {&r->alloc, kit_entropy(&random), NULL, NULL};
    usher_daemon_settings daemon;
    usher_site *site;

    (void)usher_settings_check_top(root, kit_str("f"), r->problems);
    usher_status rc = usher_site_build(&site, r->problems, root, kit_str("f"), &parts, NULL);
    assert((rc == USHER_OK) == (site != NULL));
    assert(rc == USHER_OK || rc == USHER_E_SETTING || (rc == USHER_E_NOMEM && r->f.failed));
    usher_site_unref(site);
    rc = usher_daemon_settings_from_node(&daemon, &r->arena, r->problems, root, kit_str("f"), NULL);
    assert(rc == USHER_OK || rc == USHER_E_SETTING || (rc == USHER_E_NOMEM && r->f.failed));
    if (rc) return;
    assert(daemon.listen.len && daemon.workers >= 1 && daemon.head_timeout_s >= 1);
    assert(daemon.head_max >= 4096 && daemon.check_path.ptr[0] == '/');
}

static void read_and_use(run *r, usher_str text, bool use)
{
    size_t lines = count_lines(text), nodes = 0;
    usher_node *root;
    usher_status rc = usher_node_from_yaml(&root, &r->arena, text, kit_str("f"), r->problems, NULL);

    assert((rc == USHER_OK) == (root != NULL));
    assert(rc == USHER_OK || rc == USHER_E_SETTING || (rc == USHER_E_NOMEM && r->f.failed));
    assert((rc == USHER_E_SETTING) <= (r->problems->errors > 0));
    if (root) {
        check_tree(root, root->kind != USHER_NODE_SCALAR, lines, &nodes);
        if (use) use_tree(r, root);
    }
    check_problems(r->problems, lines);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    run r = {.f = {.fail_at = SIZE_MAX}};
    bool use = kit_sampled(data, size, 8);

    if (size >= 3 && data[0] == '!') {
        r.f.fail_at = (size_t)(data[1] << 8 | data[2]);
        data += 3, size -= 3;
    }
    r.alloc = kit_allocator(&r.f);
    usher_arena_init(&r.arena, &r.alloc, 1024, USHER_NODE_MEMORY);
    r.problems = usher_problems_new_with(&r.alloc);
    if (r.problems) read_and_use(&r, (usher_str){(const char *)data, size}, use);
    usher_problems_free(r.problems);
    usher_arena_deinit(&r.arena);
    assert(r.f.live == 0);
    return 0;
}
