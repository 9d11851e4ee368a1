#include "hosts/daemon/files.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/str.h"

#define PATH_LEN_MAX 1024
#define ITEMS_MAX    (USHERD_FILES_MAX * 2) /* a page may answer under a second name */

typedef struct reading {
    usherd_files *files;
    int root;
    usher_str folder; /* for messages */
    usher_problems *problems;
    size_t read;  /* files */
    bool refused; /* a problem that is no warning */
    usher_error *err;
} reading;

static const struct {
    usher_str extension;
    const char *type;
} types[] = {
    {USHER_STR_INIT(".html"), "text/html; charset=utf-8"},
    {USHER_STR_INIT(".css"), "text/css; charset=utf-8"},
    {USHER_STR_INIT(".js"), "text/javascript; charset=utf-8"},
    {USHER_STR_INIT(".mjs"), "text/javascript; charset=utf-8"},
    {USHER_STR_INIT(".json"), "application/json"},
    {USHER_STR_INIT(".webmanifest"), "application/manifest+json"},
    {USHER_STR_INIT(".txt"), "text/plain; charset=utf-8"},
    {USHER_STR_INIT(".svg"), "image/svg+xml"},
    {USHER_STR_INIT(".png"), "image/png"},
    {USHER_STR_INIT(".jpg"), "image/jpeg"},
    {USHER_STR_INIT(".jpeg"), "image/jpeg"},
    {USHER_STR_INIT(".gif"), "image/gif"},
    {USHER_STR_INIT(".webp"), "image/webp"},
    {USHER_STR_INIT(".avif"), "image/avif"},
    {USHER_STR_INIT(".ico"), "image/x-icon"},
    {USHER_STR_INIT(".woff2"), "font/woff2"},
    {USHER_STR_INIT(".wasm"), "application/wasm"},
};

static const char *type_of(usher_str name)
{
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if (usher_str_ends(name, types[i].extension)) return types[i].type;
    return "application/octet-stream"; /* with nosniff: downloaded, never run */
}

/* Names that mean the same in a URL as on the disk, whoever decodes it. */
static bool is_plain(usher_str name)
{
    for (size_t i = 0; i < name.len; i++) {
        char c = name.ptr[i];
        bool ok = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                  c == '.' || c == '-' || c == '_';
        if (!ok) return false;
    }
    return name.len > 0 && name.ptr[0] != '.';
}

/* Problems have the place of the file, not of the setting. */
static usher_status complain(reading *r, usher_str path, bool warning, const char *what)
{
    usher_buf text;
    usher_str file;
    usher_status rc;

    usher_buf_init(&text, &r->files->arena, PATH_LEN_MAX * 2);
    usher_buf_put(&text, r->folder);
    usher_buf_put(&text, path);
    if ((rc = usher_buf_take(&file, &text, r->err))) return rc;
    r->refused |= !warning;
    if (usher_problems_add(r->problems, file, 0, 0, warning, usher_str_z(what))) return USHER_OK;
    return usher_fail(r->err, USHER_E_NOMEM, "files: no memory for a message", 0);
}

/* Below the root, whatever links say: a link that leads out is refused by the kernel. O_NONBLOCK
 * since a FIFO must not hold us. */
static int open_inside(const reading *r, const char *path)
{
    const int flags = O_RDONLY | O_NONBLOCK | O_CLOEXEC;
    struct open_how how = {.flags = (unsigned long long)flags, .resolve = RESOLVE_BENEATH};
    int fd = (int)syscall(SYS_openat2, r->root, path, &how, sizeof how);

    /* An old kernel or a container's filter: then no link is followed at all. */
    if (fd < 0 && (errno == ENOSYS || errno == EPERM))
        fd = openat(r->root, path, flags | O_NOFOLLOW);
    return fd;
}

static usher_status join(usher_str *out, reading *r, usher_str folder, usher_str name)
{
    usher_buf path;

    usher_buf_init(&path, &r->files->arena, PATH_LEN_MAX);
    usher_buf_put(&path, folder);
    usher_buf_put_char(&path, '/');
    usher_buf_put(&path, name);
    usher_buf_put_char(&path, '\0'); /* for the system; not part of the view */
    usher_status rc = usher_buf_take(out, &path, r->err);
    if (!rc) out->len--;
    return rc;
}

static void add_item(reading *r, usher_str path, usher_str body, const char *type)
{
    r->files->items[r->files->count++] = (usherd_file){path, body, type};
}

/* "/x.html" answers as "/x" too, and "/index.html" as "/". */
static void add_file(reading *r, usher_str path, usher_str body)
{
    static const usher_str html = USHER_STR_INIT(".html"), index = USHER_STR_INIT("/index.html");
    const char *type = type_of(path);

    add_item(r, path, body, type);
    if (usher_str_ends(path, index))
        add_item(r, (usher_str){path.ptr, path.len - index.len + 1}, body, type);
    else if (usher_str_ends(path, html) && path.len > html.len + 1)
        add_item(r, (usher_str){path.ptr, path.len - html.len}, body, type);
}

static usher_status read_bytes(reading *r, int fd, usher_str path, size_t size)
{
    char *bytes = usher_arena_get(&r->files->arena, size);
    size_t len = 0;

    if (!bytes) return usher_arena_fail(&r->files->arena, r->err);
    while (len < size) {
        ssize_t n = read(fd, bytes + len, size - len);
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) return complain(r, path, false, "cannot be read to its end");
        len += (size_t)n;
    }
    add_file(r, path, (usher_str){bytes, len});
    return USHER_OK;
}

static usher_status read_folder(reading *r, usher_str path, int fd, unsigned depth);

static usher_status read_entry(reading *r, usher_str path, unsigned depth)
{
    struct stat st;
    usher_status rc;
    int fd = open_inside(r, path.ptr + 1);

    if (fd < 0)
        return complain(r, path, false, "cannot be opened, or is a link that leads outside");
    if (fstat(fd, &st) != 0) {
        rc = complain(r, path, false, "cannot be read");
    } else if (S_ISDIR(st.st_mode)) {
        if (depth < USHERD_FILES_DEPTH) return read_folder(r, path, fd, depth + 1); /* closes it */
        rc = complain(r, path, false, "folders are nested too deep");
    } else if (!S_ISREG(st.st_mode)) {
        rc = complain(r, path, true, "is no regular file and is left out");
    } else if (st.st_size > (off_t)USHERD_FILE_BYTES_MAX) {
        rc = complain(r, path, false, "is larger than 1 MiB");
    } else if (r->read++ >= USHERD_FILES_MAX) {
        rc = complain(r, path, false, "is one file too many: 256 can be served");
    } else {
        rc = read_bytes(r, fd, path, (size_t)st.st_size);
    }
    close(fd);
    return rc;
}

static usher_status read_folder(reading *r, usher_str path, int fd, unsigned depth)
{
    usher_status rc = USHER_OK;
    DIR *dir = fdopendir(fd);

    if (!dir) {
        close(fd);
        return complain(r, path, false, "cannot be listed");
    }
    for (struct dirent *e; !rc && (e = readdir(dir));) {
        usher_str entry, name = usher_str_z(e->d_name);
        if (name.ptr[0] == '.') continue;
        if ((rc = join(&entry, r, path, name))) break;
        if (is_plain(name))
            rc = read_entry(r, entry, depth);
        else
            rc = complain(r, entry, true,
                          "is left out: its name would be written differently in a URL");
    }
    closedir(dir);
    return rc;
}

static int by_path(const void *a, const void *b)
{
    const usherd_file *x = a, *y = b;

    return usher_str_cmp(x->path, y->path);
}

/* With "x" and "x.html" in the folder, "/x" is the former: it is called so. */
static void drop_doubles(usherd_files *files)
{
    size_t kept = 0;

    for (size_t i = 0; i < files->count; i++) {
        usherd_file *item = &files->items[i];
        usherd_file *before = kept ? &files->items[kept - 1] : NULL;
        if (before && usher_str_eq(before->path, item->path)) {
            if (before->type == types[0].type) *before = *item; /* the page gives way */
            continue;
        }
        files->items[kept++] = *item;
    }
    files->count = kept;
}

usher_status usherd_files_load(usherd_files *out, const usher_allocator *alloc, usher_str folder,
                               usher_problems *problems, usher_error *err)
{
    reading r = {.files = out, .folder = folder, .problems = problems, .err = err};
    usher_str path;
    usher_status rc;

    *out = (usherd_files){0};
    usher_arena_init(&out->arena, alloc, 4096,
                     (size_t)USHERD_FILES_MAX * USHERD_FILE_BYTES_MAX * 2);
    out->items = usher_arena_get_zero(&out->arena, ITEMS_MAX, sizeof *out->items);
    if (!out->items) {
        rc = usher_arena_fail(&out->arena, err);
        goto failed;
    }
    if ((rc = join(&path, &r, folder, USHER_STR("")))) goto failed;
    r.root = open(path.ptr, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (r.root < 0) {
        rc = complain(&r, USHER_STR(""), false, "is no folder that can be opened");
    } else {
        rc = read_folder(&r, USHER_STR(""), dup(r.root), 0);
        close(r.root);
    }
    if (!rc && r.refused)
        rc = usher_fail(err, USHER_E_SETTING, "files: a file cannot be served", 0);
    if (rc) goto failed;
    qsort(out->items, out->count, sizeof *out->items, by_path);
    drop_doubles(out);
    return USHER_OK;
failed:
    usherd_files_free(out);
    return rc;
}

void usherd_files_free(usherd_files *files)
{
    if (files->arena.alloc) usher_arena_deinit(&files->arena);
    *files = (usherd_files){0};
}

const usherd_file *usherd_files_find(const usherd_files *files, usher_str path)
{
    const usherd_file wanted = {.path = path};

    if (!files->count) return NULL;
    return bsearch(&wanted, files->items, files->count, sizeof *files->items, by_path);
}
