#include "tests/kit/store.h"

#include "tests/kit/kit.h"

#include "base/str.h"
#include "wire/json_set.h"

#define MEMORY ((size_t)1 << 20)

void kit_store_init(kit_store *s)
{
    memset(s, 0, sizeof *s);
    s->fail_at = SIZE_MAX;
    s->failure = USHER_EVENT_STORE_FAILED;
}

/* --- rows ------------------------------------------------------------------------------------- */

static kit_row *find(kit_store *s, kit_table table, usher_str key)
{
    for (size_t i = 0; i < s->count; i++)
        if (s->rows[i].table == table && usher_str_eq(kit_str(s->rows[i].key), key))
            return &s->rows[i];
    return NULL;
}

const char *kit_store_get(const kit_store *s, kit_table table, const char *key)
{
    const kit_row *row = find((kit_store *)(uintptr_t)s, table, kit_str(key));

    return row ? row->json : NULL;
}

static void put(kit_store *s, kit_table table, usher_str key, usher_str json)
{
    kit_row *row = find(s, table, key);

    assert_true(key.len < sizeof row->key && json.len < sizeof row->json);
    if (!row) {
        assert_true(s->count < KIT_ROWS_MAX);
        row = &s->rows[s->count++];
    }
    row->table = table;
    snprintf(row->key, sizeof row->key, "%.*s", (int)key.len, key.ptr);
    snprintf(row->json, sizeof row->json, "%.*s", (int)json.len, json.ptr);
}

void kit_store_put(kit_store *s, kit_table table, const char *key, const char *json)
{
    put(s, table, kit_str(key), kit_str(json));
}

static void drop(kit_store *s, kit_row *row)
{
    *row = s->rows[--s->count];
}

size_t kit_store_count(const kit_store *s, kit_table table)
{
    size_t n = 0;

    for (size_t i = 0; i < s->count; i++)
        n += s->rows[i].table == table;
    return n;
}

const char *kit_store_steps(kit_store *s)
{
    size_t n = 0;

    s->answer[0] = 0;
    for (size_t i = 0; i < s->step_count; i++)
        n += (size_t)snprintf(s->answer + n, sizeof s->answer - n, "%s%s", i ? " " : "",
                              usher_store_op_word(s->steps[i]));
    return s->answer;
}

/* --- columns ---------------------------------------------------------------------------------- */

static usher_json_object members(usher_arena *a, usher_str json)
{
    usher_json_object o;

    assert_ok(usher_json_read_object(&o, a, json, &usher_json_limits_document, NULL));
    return o;
}

static usher_str column(usher_arena *a, usher_str json, const char *name)
{
    usher_json_object o = members(a, json);
    usher_json value = usher_json_get(&o, kit_str(name));
    usher_str text = value.text;

    if (value.type == USHER_JSON_STRING) assert_ok(usher_json_string(&text, a, value, NULL));
    return text;
}

static usher_str account_key(usher_arena *a, usher_str provider, usher_str id)
{
    char *key = usher_arena_get(a, provider.len + id.len + 2);

    snprintf(key, provider.len + id.len + 2, "%.*s %.*s", (int)provider.len, provider.ptr,
             (int)id.len, id.ptr);
    return kit_str(key);
}

static kit_row *user_of(kit_store *s, usher_arena *a, const char *json)
{
    return find(s, KIT_USERS, column(a, kit_str(json), "userId"));
}

static kit_row *by_email(kit_store *s, usher_arena *a, usher_str email)
{
    for (size_t i = 0; i < s->count; i++)
        if (s->rows[i].table == KIT_USERS &&
            usher_str_eq(column(a, kit_str(s->rows[i].json), "email"), email))
            return &s->rows[i];
    return NULL;
}

/* `changes` laid over `row`. */
static usher_str merged(usher_arena *a, usher_str row, usher_str changes)
{
    usher_json_object over = members(a, changes);

    for (size_t i = 0; i < over.count; i++) {
        usher_json_object o = members(a, row);
        assert_ok(usher_json_set(&row, a, &o, over.members[i].name, over.members[i].value.text,
                                 USHER_STR(""), NULL));
    }
    return row;
}

/* --- steps ------------------------------------------------------------------------------------ */

static usher_event_kind answer(kit_store *s, usher_str *out, usher_str row)
{
    snprintf(s->answer, sizeof s->answer, "%.*s", row.ptr ? (int)row.len : 4,
             row.ptr ? row.ptr : "null");
    *out = kit_str(s->answer);
    return USHER_EVENT_STORED;
}

static usher_event_kind answer_row(kit_store *s, usher_str *out, const kit_row *row)
{
    return answer(s, out, row ? kit_str(row->json) : (usher_str){0});
}

static usher_event_kind session_and_user(kit_store *s, usher_arena *a, const usher_store *w,
                                         usher_str *out)
{
    kit_row *session = find(s, KIT_SESSIONS, w->id);
    kit_row *user = session ? user_of(s, a, session->json) : NULL;
    char *both = usher_arena_get(a, 3 * KIT_ROW_MAX);

    if (!user) return answer(s, out, (usher_str){0});
    snprintf(both, 3 * KIT_ROW_MAX, "{\"session\":%s,\"user\":%s}", session->json, user->json);
    return answer(s, out, kit_str(both));
}

static usher_event_kind create_user(kit_store *s, usher_arena *a, const usher_store *w,
                                    usher_str *out)
{
    usher_str email = column(a, w->value, "email");
    usher_json_object o = members(a, w->value);
    usher_str row;
    char id[32];

    if (s->unique_email && email.len && by_email(s, a, email)) return USHER_EVENT_STORE_CONFLICT;
    snprintf(id, sizeof id, "%zu", ++s->users_made); /* numbers, as a serial column has them */
    assert_ok(usher_json_set(&row, a, &o, USHER_STR("id"), kit_str(id), USHER_STR(""), NULL));
    put(s, KIT_USERS, kit_str(id), row);
    return answer(s, out, row);
}

static usher_event_kind insert(kit_store *s, kit_table table, usher_str key, usher_str row,
                               usher_str *out)
{
    if (find(s, table, key)) return USHER_EVENT_STORE_CONFLICT;
    put(s, table, key, row);
    return answer(s, out, row);
}

static usher_event_kind change(kit_store *s, usher_arena *a, kit_row *row, usher_str changes,
                               usher_str *out)
{
    if (!row) return answer(s, out, (usher_str){0});
    usher_str json = merged(a, kit_str(row->json), changes);
    assert_true(json.len < sizeof row->json);
    snprintf(row->json, sizeof row->json, "%.*s", (int)json.len, json.ptr);
    return answer_row(s, out, row);
}

static usher_event_kind take(kit_store *s, kit_row *row, usher_str *out)
{
    usher_event_kind kind = answer_row(s, out, row);

    if (row) drop(s, row);
    return kind;
}

static usher_event_kind logged_out(kit_store *s, usher_arena *a, usher_str value, usher_str *out)
{
    usher_str sid = column(a, value, "sid"), sub = column(a, value, "sub");

    for (size_t i = s->count; i-- > 0;) {
        usher_str json = kit_str(s->rows[i].json);
        if (s->rows[i].table != KIT_RECORDS) continue;
        if ((sid.len && usher_str_eq(column(a, column(a, json, "internal"), "sid"), sid)) ||
            (sub.len && usher_str_eq(column(a, column(a, json, "user"), "sub"), sub)))
            drop(s, &s->rows[i]);
    }
    return answer(s, out, (usher_str){0});
}

static usher_event_kind perform(kit_store *s, usher_arena *a, const usher_store *w, usher_str *out)
{
    usher_str key;

    switch (w->op) {
    case USHER_STORE_GET_SESSION_AND_USER: return session_and_user(s, a, w, out);
    case USHER_STORE_CREATE_SESSION:
        return insert(s, KIT_SESSIONS, column(a, w->value, "sessionToken"), w->value, out);
    case USHER_STORE_UPDATE_SESSION:
        return change(s, a, find(s, KIT_SESSIONS, w->id), w->value, out);
    case USHER_STORE_DELETE_SESSION: return take(s, find(s, KIT_SESSIONS, w->id), out);
    case USHER_STORE_GET_USER: return answer_row(s, out, find(s, KIT_USERS, w->id));
    case USHER_STORE_GET_USER_BY_EMAIL: return answer_row(s, out, by_email(s, a, w->id));
    case USHER_STORE_GET_USER_BY_ACCOUNT: {
        kit_row *account = find(s, KIT_ACCOUNTS, account_key(a, w->provider, w->id));
        return answer_row(s, out, account ? user_of(s, a, account->json) : NULL);
    }
    case USHER_STORE_CREATE_USER: return create_user(s, a, w, out);
    case USHER_STORE_UPDATE_USER:
        return change(s, a, find(s, KIT_USERS, column(a, w->value, "id")), w->value, out);
    case USHER_STORE_LINK_ACCOUNT:
        key = account_key(a, column(a, w->value, "provider"),
                          column(a, w->value, "providerAccountId"));
        return insert(s, KIT_ACCOUNTS, key, w->value, out);
    case USHER_STORE_GET_RECORD: return answer_row(s, out, find(s, KIT_RECORDS, w->id));
    case USHER_STORE_SET_RECORD:
        put(s, KIT_RECORDS, w->id, w->value);
        return answer(s, out, w->value);
    case USHER_STORE_REPLACE_RECORD:
        if (!find(s, KIT_RECORDS, w->id)) return answer(s, out, (usher_str){0});
        put(s, KIT_RECORDS, w->id, w->value);
        return answer(s, out, w->value);
    case USHER_STORE_DELETE_RECORD: return take(s, find(s, KIT_RECORDS, w->id), out);
    case USHER_STORE_DELETE_BY_LOGOUT_TOKEN: return logged_out(s, a, w->value, out);
    default: return USHER_EVENT_STORE_FAILED;
    }
}

usher_event_kind kit_store_answer(kit_store *s, const usher_store *want, usher_str *row)
{
    usher_arena a;
    size_t step = s->step_count;
    usher_event_kind kind;

    *row = (usher_str){0};
    assert_true(step < KIT_STEPS_MAX);
    s->steps[s->step_count++] = want->op;
    if (step == s->fail_at) {
        if (s->failure == USHER_EVENT_STORED) *row = kit_str(s->garbage);
        return s->failure;
    }
    usher_arena_init(&a, usher_allocator_default(), 4096, MEMORY);
    kind = perform(s, &a, want, row);
    usher_arena_deinit(&a);
    return kind;
}
