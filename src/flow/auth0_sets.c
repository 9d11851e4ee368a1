/* The object of an Auth0 session: made at sign-in, searched for the tokens that somebody asks for,
 * and changed by what a refresh brings. Values that nobody looks at keep their bytes. */
#include <math.h>

#include "base/error.h"
#include "base/str.h"
#include "flow/auth0.h"
#include "wire/base64url.h"
#include "wire/json_set.h"

#define JSON_MAX ((size_t)512 << 10)

/* --- small things ----------------------------------------------------------------------------- */

static const usher_str id_token_name = USHER_STR_INIT("idToken");
static const usher_str refresh_token_name = USHER_STR_INIT("refreshToken");
static const usher_str requested_name = USHER_STR_INIT("requestedScope");

usher_status usher_auth0_text_of(usher_str *out, usher_arena *a, const usher_json_object *o,
                                 const char *name, usher_error *err)
{
    usher_json value = usher_json_get(o, usher_str_z(name));

    *out = (usher_str){0};
    return value.type == USHER_JSON_STRING ? usher_json_string(out, a, value, err) : USHER_OK;
}

/* One word after the other of a scope; false at the end. */
static bool next_word(usher_str *word, usher_str *rest)
{
    *word = (usher_str){0};
    while (rest->ptr && !word->len)
        *word = usher_str_cut(*rest, ' ', rest);
    return word->len != 0;
}

static bool has_word(usher_str scope, usher_str wanted)
{
    usher_str word;

    while (next_word(&word, &scope))
        if (usher_str_eq(word, wanted)) return true;
    return false;
}

static bool covers(usher_str scope, usher_str wanted)
{
    usher_str word;

    if (usher_str_eq(scope, wanted)) return true;
    while (next_word(&word, &wanted))
        if (!has_word(scope, word)) return false;
    return true;
}

static size_t words(usher_str scope)
{
    usher_str word;
    size_t count = 0;

    while (next_word(&word, &scope))
        count++;
    return count;
}

static void put_words(usher_buf *b, usher_str scope)
{
    usher_str word;

    while (next_word(&word, &scope)) {
        if (has_word(usher_buf_view(b), word)) continue;
        if (b->len) usher_buf_put_char(b, ' ');
        usher_buf_put(b, word);
    }
}

/* Each word once, in the order in which they come first. */
static usher_status join_scopes(usher_str *out, usher_arena *a, usher_str one, usher_str other,
                                usher_error *err)
{
    usher_buf b;

    usher_buf_init(&b, a, one.len + other.len + 2);
    put_words(&b, one);
    put_words(&b, other);
    return usher_buf_take(out, &b, err);
}

static usher_status quoted(usher_str *out, usher_arena *a, usher_str text, usher_error *err)
{
    usher_json_writer w;
    usher_buf b;

    *out = (usher_str){0};
    if (!text.ptr) return USHER_OK;
    usher_buf_init(&b, a, JSON_MAX);
    usher_json_write_init(&w, &b);
    usher_json_put_string(&w, text);
    return usher_buf_take(out, &b, err);
}

/* expires_in counts from when the answer was made, which another exchange may have asked for. */
static usher_status expires(usher_str *out, usher_exchange *ex, usher_error *err)
{
    const usher_tokens *t = &ex->sign_in.tokens;
    int64_t fetched_ms = ex->auth0 ? ex->auth0->tokens_ms : 0;
    bool before = fetched_ms > 0 && fetched_ms < ex->now_ms;
    int64_t from_s = before ? fetched_ms / 1000 : usher_now_s(ex);
    usher_buf b;

    *out = USHER_STR("null");
    if (!t->has_expires) return USHER_OK;
    usher_buf_init(&b, &ex->arena, 24);
    usher_buf_put_i64(&b, from_s + t->expires_in_s);
    return usher_buf_take(out, &b, err);
}

/* --- a new session ---------------------------------------------------------------------------- */

/* What of a user's claims is kept where no program says otherwise. */
static const usher_str kept[] = {
    USHER_STR_INIT("sub"),
    USHER_STR_INIT("name"),
    USHER_STR_INIT("nickname"),
    USHER_STR_INIT("given_name"),
    USHER_STR_INIT("family_name"),
    USHER_STR_INIT("picture"),
    USHER_STR_INIT("email"),
    USHER_STR_INIT("email_verified"),
    USHER_STR_INIT("org_id"),
    USHER_STR_INIT("act"),
    USHER_STR_INIT("urn:auth0:my_org_current_user_permissions"),
};

static bool is_kept(const usher_json_member *claim)
{
    for (size_t i = 0; i < sizeof kept / sizeof *kept; i++)
        if (usher_json_is_named(claim, kept[i])) return true;
    return false;
}

static void put_user(usher_json_writer *w, const usher_json_object *claims, bool all)
{
    usher_json_open_object(w);
    for (size_t i = 0; i < claims->count; i++) {
        if (!all && !is_kept(&claims->members[i])) continue;
        usher_json_name_raw(w, usher_json_quoted_name(&claims->members[i]));
        usher_json_put_raw(w, claims->members[i].value.text);
    }
    usher_json_close_object(w);
}

static usher_status put_token_set(usher_json_writer *w, usher_exchange *ex, usher_error *err)
{
    const usher_auth0_transaction *t = &ex->auth0->transaction;
    const usher_tokens *tokens = &ex->sign_in.tokens;
    usher_str end;
    usher_status rc = expires(&end, ex, err);

    if (rc) return rc;
    usher_json_open_object(w);
    usher_json_put_member(w, USHER_STR("accessToken"), tokens->access_token);
    usher_json_put_member(w, id_token_name, tokens->id_token);
    usher_json_put_member(w, USHER_STR("scope"), tokens->scope);
    usher_json_put_member(w, requested_name, t->scope);
    usher_json_put_member(w, USHER_STR("audience"), t->audience);
    usher_json_put_member(w, refresh_token_name, tokens->refresh_token);
    usher_json_name(w, USHER_STR("expiresAt"));
    usher_json_put_raw(w, end);
    usher_json_close_object(w);
    return USHER_OK;
}

/* The provider's session id, when this one began, its ceiling if the provider set one, and an id of
 * our own, which stays when the session is written again. */
static usher_status put_internal(usher_json_writer *w, usher_exchange *ex, usher_error *err)
{
    usher_json sid = usher_json_get(&ex->sign_in.id_claims, USHER_STR("sid"));
    usher_json end = usher_json_get(&ex->sign_in.id_claims, USHER_STR("session_expiry"));
    uint8_t random[16];
    char id[22];
    double end_s;

    if (!ex->entropy.fill(ex->entropy.ctx, random, sizeof random))
        return usher_fail(err, USHER_E_CRYPTO, "auth0: no entropy for a session's id", 0);
    usher_base64url_encode(id, random, sizeof random);
    usher_json_open_object(w);
    if (sid.type == USHER_JSON_STRING) {
        usher_json_name(w, USHER_STR("sid"));
        usher_json_put_raw(w, sid.text);
    }
    usher_json_name(w, USHER_STR("createdAt"));
    usher_json_put_int(w, usher_now_s(ex));
    if (usher_json_double(&end_s, end) && end_s > 0 && end_s < 1e10) {
        usher_json_name(w, USHER_STR("sessionExpiresAt"));
        usher_json_put_raw(w, end.text);
    }
    usher_json_put_member(w, USHER_STR("usid"), usher_str_of(id, sizeof id));
    usher_json_close_object(w);
    return USHER_OK;
}

usher_status usher_auth0_new_session(usher_str *json, usher_exchange *ex, usher_error *err)
{
    usher_json_writer w;
    usher_buf b;
    usher_status rc;

    *json = (usher_str){0};
    usher_buf_init(&b, &ex->arena, JSON_MAX);
    usher_json_write_init(&w, &b);
    usher_json_open_object(&w);
    usher_json_name(&w, USHER_STR("user"));
    put_user(&w, &ex->sign_in.id_claims, usher_auth0_is_hooked(ex));
    usher_json_name(&w, USHER_STR("tokenSet"));
    if ((rc = put_token_set(&w, ex, err))) return rc;
    usher_json_name(&w, USHER_STR("internal"));
    if ((rc = put_internal(&w, ex, err))) return rc;
    usher_json_close_object(&w);
    return usher_buf_take(json, &b, err);
}

/* --- which tokens are meant ------------------------------------------------------------------- */

typedef struct set_texts {
    usher_str audience, requested, scope;
} set_texts;

static usher_status read_texts(set_texts *out, usher_arena *a, const usher_json_object *set,
                               usher_error *err)
{
    usher_status rc = usher_auth0_text_of(&out->audience, a, set, "audience", err);

    if (rc == USHER_OK) rc = usher_auth0_text_of(&out->requested, a, set, "requestedScope", err);
    return rc ? rc : usher_auth0_text_of(&out->scope, a, set, "scope", err);
}

static usher_str configured(const usher_exchange *ex, const char *name)
{
    return usher_form_first(&ex->site->auth0.parameters, usher_str_z(name));
}

static usher_str configured_scope(const usher_exchange *ex)
{
    return ex->site->provider_count ? ex->site->providers[0].scope : (usher_str){0};
}

static usher_str audience_of(const usher_auth0_pick *p, const usher_exchange *ex)
{
    return p->question.audience.len ? p->question.audience : configured(ex, "audience");
}

static bool main_fits(const usher_auth0_pick *p, const usher_exchange *ex, const set_texts *t)
{
    usher_str audience = audience_of(p, ex);
    usher_str own = t->audience.len ? t->audience : configured(ex, "audience");
    usher_str scope = t->requested.len ? t->requested : configured_scope(ex);

    return (!audience.len || usher_str_eq(audience, own)) &&
           (!p->wanted.len || covers(scope, p->wanted));
}

/* Among the sets of other audiences, the one that was granted least and is enough. */
static usher_status choose_entry(usher_auth0_pick *p, usher_exchange *ex, usher_error *err)
{
    usher_json list = usher_json_get(&p->session, USHER_STR("accessTokens")), item;
    usher_str rest = list.text, audience = audience_of(p, ex);
    size_t least = SIZE_MAX;
    usher_status rc;

    if (list.type != USHER_JSON_ARRAY || !audience.len) return USHER_OK;
    for (size_t i = 0; usher_json_next(&item, &rest); i++) {
        usher_json_object set;
        set_texts t;

        if (item.type != USHER_JSON_OBJECT) continue;
        if ((rc = usher_json_members(&set, &ex->arena, item, err)) ||
            (rc = read_texts(&t, &ex->arena, &set, err)))
            return rc;
        if (!usher_str_eq(t.audience, audience) || words(t.scope) >= least ||
            !covers(t.requested.len ? t.requested : t.scope, p->wanted))
            continue;
        least = words(t.scope);
        p->set = set;
        p->entry = i;
    }
    return USHER_OK;
}

/* A number, or one in a string; anything else is not known. */
static usher_status read_end(usher_auth0_pick *p, usher_arena *a, usher_error *err)
{
    usher_json value = usher_json_get(&p->set, USHER_STR("expiresAt"));
    usher_str text;
    uint64_t whole;
    usher_status rc;

    p->has_end = usher_json_double(&p->end_s, value) && isfinite(p->end_s);
    if (p->has_end || value.type != USHER_JSON_STRING) return USHER_OK;
    if ((rc = usher_json_string(&text, a, value, err))) return rc;
    p->has_end = usher_str_u64(&whole, text);
    p->end_s = (double)whole;
    return USHER_OK;
}

static usher_status read_session(usher_auth0_pick *p, usher_exchange *ex, usher_error *err)
{
    usher_arena *a = &ex->arena;
    usher_status rc = usher_json_read_object(&p->session, a, ex->held.auth0->json,
                                             &usher_json_limits_claims, err);

    if (rc) return rc;
    return usher_json_members(&p->main, a, usher_json_get(&p->session, USHER_STR("tokenSet")), err);
}

usher_status usher_auth0_choose(usher_auth0_pick *p, usher_exchange *ex, usher_error *err)
{
    usher_arena *a = &ex->arena;
    usher_str own =
        p->question.default_scope.ptr ? p->question.default_scope : configured_scope(ex);
    set_texts t;
    usher_status rc;

    if (p->question.no_merge) own = (usher_str){0};
    p->entry = SIZE_MAX;
    if ((rc = join_scopes(&p->wanted, a, own, p->question.scope, err)) ||
        (rc = read_session(p, ex, err)) || (rc = read_texts(&t, a, &p->main, err)))
        return rc;
    if (main_fits(p, ex, &t))
        p->set = p->main;
    else if ((rc = choose_entry(p, ex, err)))
        return rc;
    if ((rc = usher_auth0_text_of(&p->token, a, &p->set, "accessToken", err)) ||
        (rc = usher_auth0_text_of(&p->refresh_token, a, &p->main, "refreshToken", err)))
        return rc;
    return read_end(p, a, err);
}

/* --- what a refresh changes ------------------------------------------------------------------- */

typedef struct change {
    usher_str name, value; /* source text; absent: the member goes */
} change;

static const change *find_change(const change *list, size_t count, const usher_json_member *m)
{
    for (size_t i = 0; i < count; i++)
        if (usher_json_is_named(m, list[i].name)) return &list[i];
    return NULL;
}

/* The object with members replaced where they stand, left out, or put last. */
static usher_status apply(usher_str *out, usher_json_object *changed, usher_arena *a,
                          const usher_json_object *o, const change *list, size_t count,
                          usher_error *err)
{
    usher_json_writer w;
    usher_buf b;
    usher_status rc;

    usher_buf_init(&b, a, JSON_MAX);
    usher_json_write_init(&w, &b);
    usher_json_open_object(&w);
    for (size_t i = 0; i < o->count; i++) {
        const change *c = find_change(list, count, &o->members[i]);

        if (c && !c->value.ptr) continue;
        usher_json_name_raw(&w, usher_json_quoted_name(&o->members[i]));
        usher_json_put_raw(&w, c ? c->value : o->members[i].value.text);
    }
    for (size_t i = 0; i < count; i++) {
        if (!list[i].value.ptr || usher_json_get(o, list[i].name).type) continue;
        usher_json_name(&w, list[i].name);
        usher_json_put_raw(&w, list[i].value);
    }
    usher_json_close_object(&w);
    if ((rc = usher_buf_take(out, &b, err))) return rc;
    return usher_json_read_object(changed, a, *out, &usher_json_limits_claims, err);
}

usher_status usher_auth0_filter(usher_str *json, usher_exchange *ex, usher_error *err)
{
    usher_arena *a = &ex->arena;
    usher_json_object session, user, ignored;
    usher_json_writer w;
    usher_str text;
    usher_buf b;
    usher_status rc;

    if ((rc = usher_json_read_object(&session, a, *json, &usher_json_limits_claims, err)) ||
        (rc = usher_json_members(&user, a, usher_json_get(&session, USHER_STR("user")), err)))
        return rc;
    usher_buf_init(&b, a, JSON_MAX);
    usher_json_write_init(&w, &b);
    put_user(&w, &user, false);
    if ((rc = usher_buf_take(&text, &b, err))) return rc;
    const change changes[] = {{USHER_STR("user"), text}};
    return apply(json, &ignored, a, &session, changes, 1, err);
}

/* The values that the answer brought, as source texts. */
typedef struct answer {
    usher_str token, id_token, scope, refresh_token, end, wanted, audience;
} answer;

static usher_status read_answer(answer *out, const usher_auth0_pick *p, usher_exchange *ex,
                                bool id_token, usher_error *err)
{
    const usher_tokens *t = &ex->sign_in.tokens;
    usher_arena *a = &ex->arena;
    usher_str none = {0};
    usher_status rc;

    if ((rc = quoted(&out->token, a, t->access_token, err)) ||
        (rc = quoted(&out->id_token, a, id_token ? t->id_token : none, err)) ||
        (rc = quoted(&out->scope, a, t->scope, err)) ||
        (rc = quoted(&out->wanted, a, p->wanted.len ? p->wanted : none, err)) ||
        (rc = quoted(&out->audience, a, p->question.audience.len ? p->question.audience : none,
                     err)) ||
        (rc = quoted(&out->refresh_token, a,
                     t->refresh_token.len ? t->refresh_token : p->refresh_token, err)))
        return rc;
    return expires(&out->end, ex, err);
}

/* The set with the answer in it: the asked audience if it had none. */
static usher_status renew_set(usher_str *out, usher_auth0_pick *p, usher_exchange *ex,
                              const answer *an, usher_error *err)
{
    usher_json audience = usher_json_get(&p->set, USHER_STR("audience"));
    bool is_entry = p->set.count && p->entry != SIZE_MAX;
    const change changes[] = {
        {USHER_STR("accessToken"), an->token},
        {id_token_name, is_entry ? (usher_str){0} : an->id_token},
        {USHER_STR("scope"), an->scope},
        {requested_name, an->wanted},
        {USHER_STR("expiresAt"), an->end},
        {USHER_STR("audience"), audience.type == USHER_JSON_STRING ? audience.text : an->audience},
        {USHER_STR("token_type"), USHER_STR("\"bearer\"")},
        {refresh_token_name, is_entry ? (usher_str){0} : an->refresh_token},
    };

    return apply(out, &p->set, &ex->arena, &p->set, changes, sizeof changes / sizeof *changes, err);
}

/* Does it take the place of the main set, or is it another audience's or a wider one? */
static bool becomes_main(const usher_exchange *ex, const set_texts *main_texts,
                         const set_texts *now)
{
    usher_str own = main_texts->audience.len ? main_texts->audience : configured(ex, "audience");
    usher_str scope = main_texts->requested.len ? main_texts->requested : configured_scope(ex);

    return (!now->audience.len || usher_str_eq(now->audience, own)) &&
           covers(scope, now->requested);
}

/* An entry of accessTokens has neither ID nor refresh token; those are the session's. */
static usher_status entry_text(usher_str *out, usher_auth0_pick *p, usher_exchange *ex,
                               usher_str requested, usher_str audience, usher_error *err)
{
    const change changes[] = {{id_token_name, {0}},
                              {refresh_token_name, {0}},
                              {requested_name, requested},
                              {USHER_STR("audience"), audience}};
    usher_json_object ignored;

    return apply(out, &ignored, &ex->arena, &p->set, changes, 4, err);
}

static bool same_scope(usher_str a, usher_str b)
{
    return covers(a, b) && covers(b, a);
}

/* The entry that the new one replaces: the one it came from, or one of the same audience with the
 * same granted scope, whose requested scope it takes over. */
static usher_status find_entry(size_t *at, usher_str *requested, usher_auth0_pick *p,
                               usher_exchange *ex, usher_json list, const set_texts *now,
                               usher_error *err)
{
    usher_str rest = list.text;
    usher_json item;
    usher_status rc;

    *at = p->entry;
    if (*at != SIZE_MAX || list.type != USHER_JSON_ARRAY) return USHER_OK;
    for (size_t i = 0; usher_json_next(&item, &rest); i++) {
        usher_json_object set;
        set_texts t;

        if (item.type != USHER_JSON_OBJECT) continue;
        if ((rc = usher_json_members(&set, &ex->arena, item, err)) ||
            (rc = read_texts(&t, &ex->arena, &set, err)))
            return rc;
        if (!usher_str_eq(t.audience, now->audience) || !same_scope(t.scope, now->scope)) continue;
        *at = i;
        return join_scopes(requested, &ex->arena, t.requested, now->requested, err);
    }
    return USHER_OK;
}

static usher_status put_entry(usher_str *list_text, usher_auth0_pick *p, usher_exchange *ex,
                              set_texts *now, usher_error *err)
{
    usher_json list = usher_json_get(&p->session, USHER_STR("accessTokens")), item;
    usher_str rest = list.text, requested = now->requested, quoted_scope, quoted_audience, entry;
    usher_json_writer w;
    usher_buf b;
    size_t at, i = 0;
    usher_status rc;

    if ((rc = find_entry(&at, &requested, p, ex, list, now, err)) ||
        (rc = quoted(&quoted_scope, &ex->arena, requested.len ? requested : (usher_str){0}, err)) ||
        (rc = quoted(&quoted_audience, &ex->arena, now->audience, err)) ||
        (rc = entry_text(&entry, p, ex, quoted_scope, quoted_audience, err)))
        return rc;
    usher_buf_init(&b, &ex->arena, JSON_MAX);
    usher_json_write_init(&w, &b);
    usher_json_open_array(&w);
    for (; list.type == USHER_JSON_ARRAY && usher_json_next(&item, &rest); i++)
        usher_json_put_raw(&w, i == at ? entry : item.text);
    if (at >= i) usher_json_put_raw(&w, entry);
    usher_json_close_array(&w);
    return usher_buf_take(list_text, &b, err);
}

static usher_status user_text(usher_str *out, usher_auth0_pick *p, usher_exchange *ex,
                              const usher_json_object *claims, usher_error *err)
{
    usher_json_object old;
    usher_json_writer w;
    usher_buf b;
    usher_status rc;

    if (!claims) {
        rc = usher_json_members(&old, &ex->arena, usher_json_get(&p->session, USHER_STR("user")),
                                err);
        if (rc) return rc;
        claims = &old;
    }
    usher_buf_init(&b, &ex->arena, JSON_MAX);
    usher_json_write_init(&w, &b);
    put_user(&w, claims, (ex->site->hooks & (1u << USHER_HAS_BEFORE_SAVED)) != 0);
    return usher_buf_take(out, &b, err);
}

/* The main set where another one was renewed: the ID and refresh tokens are the session's. A
 * rotated one is kept even if the set itself has no place (the original loses it, and with it the
 * user). */
static usher_status keep_main(usher_str *out, usher_auth0_pick *p, usher_exchange *ex,
                              const answer *an, usher_error *err)
{
    const change changes[] = {{id_token_name, an->id_token},
                              {refresh_token_name, an->refresh_token}};
    usher_json_object ignored;

    return apply(out, &ignored, &ex->arena, &p->main, changes, 2, err);
}

usher_status usher_auth0_renewed(usher_str *json, usher_auth0_pick *p, usher_exchange *ex,
                                 const usher_json_object *claims, usher_error *err)
{
    usher_arena *a = &ex->arena;
    usher_str user, set, main = {0}, list = {0};
    set_texts before, now;
    usher_json_object ignored;
    answer an;
    usher_status rc;

    if ((rc = read_answer(&an, p, ex, claims != NULL, err)) ||
        (rc = renew_set(&set, p, ex, &an, err)) || (rc = user_text(&user, p, ex, claims, err)) ||
        (rc = read_texts(&before, a, &p->main, err)) || (rc = read_texts(&now, a, &p->set, err)))
        return rc;
    if (becomes_main(ex, &before, &now))
        main = set;
    else if ((rc = keep_main(&main, p, ex, &an, err)))
        return rc;
    if (!now.audience.len) now.audience = configured(ex, "audience");
    if (main.ptr != set.ptr && now.audience.len && (rc = put_entry(&list, p, ex, &now, err)))
        return rc;
    usher_json old = usher_json_get(&p->session, USHER_STR("accessTokens"));
    const change changes[] = {{USHER_STR("user"), user},
                              {USHER_STR("tokenSet"), main},
                              {USHER_STR("accessTokens"), list.ptr ? list : old.text},
                              {USHER_STR("exp"), {0}}};
    return apply(json, &ignored, a, &p->session, changes, 4, err);
}
