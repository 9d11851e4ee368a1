#include "io/settings_file.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/str.h"
#include "site/complain.h"

#define SECRET_MAX 4096

typedef struct loading {
    usher_arena *arena;
    usher_complaints c;
    usher_str folder; /* of the settings file, with its last '/', or empty */
    bool others_read; /* the settings file is readable by everybody */
    bool development;
    usher_status status;
} loading;

/* strerror speaks the locale's language; these are what happens in practice. */
static const char *reason(int error)
{
    switch (error) {
    case ENOENT: return "there is no such file";
    case EACCES:
    case EPERM: return "this user may not read it";
    case EISDIR: return "it is a folder";
    case ENOTDIR: return "a part of its path is no folder";
    case ELOOP: return "its symbolic links go in a circle";
    case ENAMETOOLONG: return "its name is too long";
    default: return "the system refuses to read it";
    }
}

/* All of a file, at most `max` bytes; 0, or an errno, or EFBIG. Pipes are fine. */
static int read_all(usher_buf *b, int fd, size_t max)
{
    for (;;) {
        char *room = usher_buf_room(b, 4096);
        if (!room) return ENOMEM;
        ssize_t got = read(fd, room, 4096);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return errno;
        if (got == 0) return 0;
        usher_buf_wrote(b, (size_t)got);
        if (usher_buf_view(b).len > max) return EFBIG;
    }
}

static int read_path(usher_str *out, usher_arena *a, const char *path, size_t max,
                     bool *others_read)
{
    struct stat st;
    usher_buf b;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    int error;

    *out = (usher_str){0};
    if (fd < 0) return errno;
    usher_buf_init(&b, a, max + 8192);
    error = read_all(&b, fd, max);
    *others_read = fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && (st.st_mode & S_IROTH);
    (void)close(fd);
    if (!error && usher_buf_take(out, &b, NULL)) error = ENOMEM;
    return error;
}

/* `name`, which is relative to the settings file, as the system wants it: with a NUL at its end. */
static const char *system_path(loading *l, usher_str name)
{
    usher_str path;
    usher_buf b;

    usher_buf_init(&b, l->arena, 8192);
    if (!usher_str_starts(name, USHER_STR("/"))) usher_buf_put(&b, l->folder);
    usher_buf_put(&b, name);
    usher_buf_put_char(&b, '\0');
    usher_status rc = usher_buf_take(&path, &b, NULL);
    if (rc && !l->status) l->status = rc;
    return rc ? NULL : path.ptr;
}

static usher_str without_line_end(usher_str text)
{
    if (usher_str_ends(text, USHER_STR("\n"))) text.len--;
    if (usher_str_ends(text, USHER_STR("\r"))) text.len--;
    return text;
}

/* Puts the file's content where its name stood. */
static void take_content(loading *l, usher_node *n)
{
    bool others_read;
    usher_str text;

    if (n->kind != USHER_NODE_SCALAR || !n->text.len) return; /* the table complains about it */
    const char *path = system_path(l, n->text);
    if (!path) return;
    int error = read_path(&text, l->arena, path, SECRET_MAX + 2, &others_read);
    if (error == ENOMEM) {
        l->status = USHER_E_NOMEM;
        return;
    }
    if (error)
        usher_complain(
            &l->c, usher_place_of(n), "the file '$1' cannot be used: $2", n->text,
            usher_str_z(error == EFBIG ? "a secret has at most 4096 bytes" : reason(error)),
            USHER_NIL);
    else if (!without_line_end(text).len || usher_str_has(text, '\0'))
        usher_complain(&l->c, usher_place_of(n), "the file '$1' cannot be used: $2", n->text,
                       text.len ? USHER_STR("there is a NUL or only a line end in it")
                                : USHER_STR("it is empty"),
                       USHER_NIL);
    else if (others_read && !l->development)
        usher_warn(&l->c, usher_place_of(n),
                   "everybody on this machine can read the secret in '$1'; chmod 600 the file",
                   n->text, USHER_NIL, USHER_NIL);
    n->text = without_line_end(text);
    n->quoted = true;
}

/* settings name -> what it becomes when its files were read */
static const struct {
    const char *file, *content;
} references[] = {
    {"secret_file", "secret"},
    {"secrets_files", "secrets"},
    {"client_secret_file", "client_secret"},
    {"signing_keys_files", "signing_keys"},
};

static void resolve_entry(loading *l, usher_node *entry)
{
    for (size_t i = 0; i < sizeof references / sizeof *references; i++) {
        if (!usher_str_eq(entry->key, usher_str_z(references[i].file))) continue;
        entry->key = usher_str_z(references[i].content);
        if (entry->kind == USHER_NODE_SCALAR) take_content(l, entry);
        for (usher_node *n = entry->first; n; n = n->next)
            take_content(l, n);
        return;
    }
    for (size_t i = 0; i < sizeof references / sizeof *references; i++)
        if (l->others_read && usher_str_eq(entry->key, usher_str_z(references[i].content)))
            usher_warn(
                &l->c, usher_place_of_key(entry),
                "everybody on this machine can read this secret; chmod 600 the file, or keep the "
                "secret in a file of its own ($1)",
                usher_str_z(references[i].file), USHER_NIL, USHER_NIL);
}

static usher_node *find(usher_node *map, const char *key)
{
    for (usher_node *n = map && map->kind == USHER_NODE_MAP ? map->first : NULL; n; n = n->next)
        if (usher_str_eq(n->key, usher_str_z(key))) return n;
    return NULL;
}

static void resolve_map(loading *l, usher_node *map)
{
    for (usher_node *n = map && map->kind == USHER_NODE_MAP ? map->first : NULL; n; n = n->next)
        resolve_entry(l, n);
}

static void resolve_list(loading *l, usher_node *list)
{
    for (usher_node *n = list && list->kind == USHER_NODE_LIST ? list->first : NULL; n; n = n->next)
        resolve_map(l, n);
}

static void resolve_files(loading *l, usher_node *root)
{
    usher_node *site = find(root, "site"), *development = find(site, "development");

    /* A first try's file is as the editor made it; nothing in it protects anything. */
    l->development = development && usher_str_eq(development->text, USHER_STR("true"));
    if (l->development) l->others_read = false;
    resolve_map(l, site);
    resolve_map(l, find(site, "session"));
    resolve_list(l, find(site, "accept"));
    resolve_list(l, find(site, "providers"));
}

static usher_str folder_of(usher_str path)
{
    while (path.len && path.ptr[path.len - 1] != '/')
        path.len--;
    return path;
}

static usher_status read_settings(usher_str *text, loading *l, const char *path, usher_error *err)
{
    int error = read_path(text, l->arena, path, USHER_SETTINGS_MAX, &l->others_read);

    if (error == ENOMEM) return usher_fail(err, USHER_E_NOMEM, "settings: out of memory", 0);
    if (!error) return USHER_OK;
    usher_complain(&l->c, (usher_place){0, 0}, "the settings file cannot be used: $1",
                   usher_str_z(error == EFBIG ? "it has more than 1 MiB" : reason(error)),
                   USHER_NIL, USHER_NIL);
    return usher_fail(err, USHER_E_SETTING, "settings: the file cannot be read", 0);
}

usher_status usher_node_from_file(usher_node **out, usher_arena *a, const char *path,
                                  usher_problems *problems, usher_error *err)
{
    usher_str file = usher_str_z(path), text;
    loading l = {.arena = a, .c = {problems, file, false}, .folder = folder_of(file)};
    size_t errors_before = problems->errors;
    usher_node *root = NULL;
    usher_status rc;

    *out = NULL;
    if (!(rc = read_settings(&text, &l, path, err)) &&
        !(rc = usher_node_from_yaml(&root, a, text, file, problems, err)))
        resolve_files(&l, root);
    if (l.c.no_memory) return usher_fail(err, USHER_E_NOMEM, "settings: out of memory", 0);
    if (rc) return rc;
    if (l.status) return usher_fail(err, l.status, "settings: the files could not be read", 0);
    if (problems->errors > errors_before)
        return usher_fail(err, USHER_E_SETTING, "settings: see the problems", 0);
    *out = root;
    return USHER_OK;
}
