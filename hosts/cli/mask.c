#include "hosts/cli/mask.h"

#include <stdio.h>

#include "base/str.h"

#define LEVELS 48 /* the writer nests up to 64, and others are around us */

static bool has_word(usher_str name, usher_str word)
{
    for (size_t i = 0; i + word.len <= name.len; i++)
        if (usher_str_eq_case((usher_str){name.ptr + i, word.len}, word)) return true;
    return false;
}

/* Written in both manners, token_type and tokenType; the rest of a name is what it describes. */
static bool only_describes(usher_str name)
{
    static const usher_str ends[] = {
        USHER_STR_INIT("type"),       USHER_STR_INIT("use"),        USHER_STR_INIT("expires"),
        USHER_STR_INIT("expires_at"), USHER_STR_INIT("expires_in"), USHER_STR_INIT("expiresat"),
        USHER_STR_INIT("expiresin"),  USHER_STR_INIT("endpoint"),
    };

    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
        if (name.len <= ends[i].len) continue;
        usher_str tail = usher_str_from(name, name.len - ends[i].len);
        if (usher_str_eq_case(tail, ends[i])) return true;
    }
    return false;
}

bool cli_is_secret_name(usher_str name)
{
    static const usher_str words[] = {
        USHER_STR_INIT("token"),    USHER_STR_INIT("secret"),      USHER_STR_INIT("password"),
        USHER_STR_INIT("verifier"), USHER_STR_INIT("private_key"), USHER_STR_INIT("privatekey"),
        USHER_STR_INIT("api_key"),  USHER_STR_INIT("apikey"),
    };

    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (has_word(name, words[i])) return !only_describes(name);
    return false;
}

static void put_hidden(usher_json_writer *w, usher_str text)
{
    char words[48];
    int len = snprintf(words, sizeof words, "(hidden, %zu characters)", text.len);

    usher_json_put_string(w, (usher_str){words, (size_t)len});
}

static usher_status put_value(usher_json_writer *w, usher_arena *a, usher_json value,
                              unsigned level, usher_error *err);

static usher_status put_members(usher_json_writer *w, usher_arena *a,
                                const usher_json_object *object, unsigned level, usher_error *err)
{
    usher_status rc = USHER_OK;

    usher_json_open_object(w);
    for (size_t i = 0; i < object->count && rc == USHER_OK; i++) {
        const usher_json_member *m = &object->members[i];
        usher_json quoted = {
            USHER_JSON_STRING, m->name_escaped, {m->name.ptr - 1, m->name.len + 2}};
        usher_str name;

        if ((rc = usher_json_string(&name, a, quoted, err))) return rc;
        usher_json_name(w, name);
        if (m->value.type > USHER_JSON_TRUE && cli_is_secret_name(name))
            put_hidden(w, m->value.text);
        else
            rc = put_value(w, a, m->value, level, err);
    }
    if (rc == USHER_OK) usher_json_close_object(w);
    return rc;
}

static usher_status put_items(usher_json_writer *w, usher_arena *a, usher_json value,
                              unsigned level, usher_error *err)
{
    usher_str rest = value.text;
    usher_json item;
    usher_status rc = USHER_OK;

    usher_json_open_array(w);
    while (rc == USHER_OK && usher_json_next(&item, &rest))
        rc = put_value(w, a, item, level, err);
    if (rc == USHER_OK) usher_json_close_array(w);
    return rc;
}

static usher_status put_value(usher_json_writer *w, usher_arena *a, usher_json value,
                              unsigned level, usher_error *err)
{
    usher_json_object object;
    usher_status rc;
    bool inside = value.type == USHER_JSON_OBJECT || value.type == USHER_JSON_ARRAY;

    if (inside && level == LEVELS) {
        put_hidden(w, value.text);
        return USHER_OK;
    }
    if (value.type == USHER_JSON_ARRAY) return put_items(w, a, value, level + 1, err);
    if (value.type != USHER_JSON_OBJECT) {
        usher_json_put_raw(w, value.text);
        return USHER_OK;
    }
    if ((rc = usher_json_members(&object, a, value, err))) return rc;
    return put_members(w, a, &object, level + 1, err);
}

usher_status cli_put_masked(usher_json_writer *w, usher_arena *a, const usher_json_object *object,
                            usher_error *err)
{
    return put_members(w, a, object, 0, err);
}
