/* Which secrets there are (the originals' order of settings and environment), and whether they are
 * worth the name. */
#include "base/str.h"
#include "site/build.h"
#include "site/weak.h"

static void add(usher_building *b, usher_str name, usher_str text, usher_place place)
{
    if (b->secret_count < USHER_SECRETS_MAX)
        b->secrets[b->secret_count++] = (usher_found_secret){text, place, name};
}

static bool add_env(usher_building *b, const char *name)
{
    usher_str text = usher_build_env(b, name);

    if (text.ptr) add(b, usher_str_z(name), text, (usher_place){0, 0});
    return text.ptr != NULL;
}

/* The first of the plain variables; the numbered ones only if there is none. */
static void from_environment(usher_building *b)
{
    const usher_environment *names = usher_build_environment(b);

    if (add_env(b, names->secret[0]) || add_env(b, names->secret[1])) return;
    for (size_t i = 0; i < 3; i++)
        if (names->numbered[i]) add_env(b, names->numbered[i]);
}

static void from_settings(usher_building *b)
{
    const usher_value *one = &b->v[USHER_ROW_SITE_SECRET], *list = &b->v[USHER_ROW_SITE_SECRETS];

    if (one->node && list->node)
        usher_complain(&b->c, usher_place_of_key(list->node),
                       "site.secrets is given besides site.secret; put all of them in site.secrets",
                       USHER_NIL, USHER_NIL, USHER_NIL);
    if (one->node && !one->bad)
        add(b, USHER_STR("site.secret"), one->text, usher_place_of(one->node));
    if (list->node && !list->bad)
        for (const usher_node *n = list->node->first; n; n = n->next)
            add(b, USHER_STR("site.secrets"), n->text, usher_place_of(n));
}

void usher_build_judge_secret(usher_building *b, const usher_found_secret *s)
{
    const char *weakness = usher_secret_weakness(s->text);

    if (weakness)
        (b->site->development ? usher_warn : usher_complain)(
            &b->c, s->place,
            "$1 $2: whoever guesses it can sign in as anybody; `usher secret` makes one", s->name,
            usher_str_z(weakness), USHER_NIL);
    if (s->text.len && (unsigned char)s->text.ptr[s->text.len - 1] <= ' ')
        usher_warn(&b->c, s->place, "$1 ends with white space, which is part of the secret",
                   s->name, USHER_NIL, USHER_NIL);
}

static void judge(usher_building *b, size_t index)
{
    const usher_found_secret *s = &b->secrets[index];

    usher_build_judge_secret(b, s);
    for (size_t i = 0; i < index; i++)
        if (usher_str_eq(b->secrets[i].text, s->text))
            usher_warn(&b->c, s->place, "$1 has the same secret twice", s->name, USHER_NIL,
                       USHER_NIL);
}

/* Sessions end with the process, which is what one wants of a first try. */
static void make_one(usher_building *b)
{
    uint8_t bytes[32];

    if (!b->parts->entropy.fill(b->parts->entropy.ctx, bytes, sizeof bytes)) {
        if (!b->status) b->status = USHER_E_CRYPTO;
        return;
    }
    usher_base64url_encode(b->made, bytes, sizeof bytes);
    usher_wipe(bytes, sizeof bytes);
    add(b, USHER_STR("site.secret"), usher_str_of(b->made, sizeof b->made), (usher_place){0, 0});
    usher_warn(&b->c, (usher_place){0, 0},
               "there is no secret: a random one was made, and all sessions end with this process",
               USHER_NIL, USHER_NIL, USHER_NIL);
}

static void complain_missing(usher_building *b)
{
    usher_complain(&b->c, (usher_place){0, 0},
                   "there is no secret: set $1 or site.secret; `usher secret` makes one",
                   usher_str_z(usher_build_environment(b)->secret[0]), USHER_NIL, USHER_NIL);
}

void usher_build_secrets(usher_building *b)
{
    const usher_value *v = b->v;

    from_settings(b);
    if (v[USHER_ROW_SITE_SECRET].node || v[USHER_ROW_SITE_SECRETS].node ||
        v[USHER_ROW_SITE_SECRET_FILE].node || v[USHER_ROW_SITE_SECRETS_FILES].node) {
        for (size_t i = 0; i < b->secret_count; i++)
            judge(b, i);
        return;
    }
    from_environment(b);
    for (size_t i = 0; i < b->secret_count; i++)
        judge(b, i);
    if (b->secret_count) return;
    if (b->site->development)
        make_one(b);
    else
        complain_missing(b);
}
