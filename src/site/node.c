#include "site/node.h"

#include "base/str.h"
#include "site/complain.h"

const usher_node *usher_node_get(const usher_node *map, usher_str key)
{
    if (!map || map->kind != USHER_NODE_MAP) return NULL;
    for (const usher_node *n = map->first; n; n = n->next)
        if (usher_str_eq(n->key, key)) return n;
    return NULL;
}

#define PROBLEMS_MEMORY (4u << 20)

usher_problems *usher_problems_new_with(const usher_allocator *alloc)
{
    usher_problems *list = alloc->get(alloc->ctx, sizeof *list);

    if (!list) return NULL;
    *list = (usher_problems){.alloc = alloc};
    usher_arena_init(&list->arena, alloc, 1024, PROBLEMS_MEMORY);
    return list;
}

usher_problems *usher_problems_new(void)
{
    return usher_problems_new_with(usher_allocator_default());
}

static bool make_room(usher_problems *list)
{
    size_t room = list->room ? list->room * 2 : 8;

    if (list->count < list->room) return true;
    void *items = usher_arena_grow(&list->arena, list->items, list->room * sizeof *list->items,
                                   room * sizeof *list->items);
    if (!items) return false;
    list->items = items;
    list->room = room;
    return true;
}

bool usher_problems_full(const usher_problems *list)
{
    return list->count >= USHER_PROBLEMS_MAX;
}

bool usher_problems_add(usher_problems *list, usher_str file, size_t line, size_t column,
                        bool warning, usher_str message)
{
    usher_problem p = {.line = line, .column = column, .warning = warning};

    if (!warning) list->errors++; /* first: an error that cannot be kept still counts */
    if (usher_problems_full(list)) return true;
    if (list->count == USHER_PROBLEMS_MAX - 1)
        message = USHER_STR("there are more problems; correct these first");
    if (usher_arena_dup(&p.file, &list->arena, file, NULL) ||
        usher_arena_dup(&p.message, &list->arena, message, NULL) || !make_room(list))
        return false;
    list->items[list->count++] = p;
    return true;
}

void usher_problems_free(usher_problems *list)
{
    if (!list) return;
    const usher_allocator *alloc = list->alloc;
    usher_arena_deinit(&list->arena);
    alloc->put(alloc->ctx, list, sizeof *list);
}

size_t usher_problems_count(const usher_problems *list)
{
    return list ? list->count : 0;
}

const usher_problem *usher_problems_at(const usher_problems *list, size_t index)
{
    return list && index < list->count ? &list->items[index] : NULL;
}

bool usher_settings_check_top(const usher_node *root, usher_str file, usher_problems *problems)
{
    usher_complaints c = {problems, file, false};

    if (root->kind != USHER_NODE_MAP)
        usher_complain(
            &c, usher_place_of(root),
            "settings are a map; begin with 'site:' and write its settings below, indented",
            USHER_NIL, USHER_NIL, USHER_NIL);
    for (const usher_node *n = root->kind == USHER_NODE_MAP ? root->first : NULL; n; n = n->next)
        if (!usher_str_eq(n->key, USHER_STR("site")) && !usher_str_eq(n->key, USHER_STR("daemon")))
            usher_complain(&c, usher_place_of_key(n),
                           "unknown setting '$1'; at the top there are only 'site' and 'daemon'",
                           n->key, USHER_NIL, USHER_NIL);
    return !c.no_memory;
}
