#include "oauth/userprofile.h"

#include "base/error.h"

#define TEXT_MAX 2048

/* The claim if it is a string of a reasonable length; otherwise *out stays as it was. */
static usher_status take(usher_str *out, usher_arena *a, const usher_json_object *claims,
                         usher_str name, usher_error *err)
{
    usher_json value = usher_json_get(claims, name);
    usher_status rc;
    usher_str text;

    if (value.type != USHER_JSON_STRING) return USHER_OK;
    if ((rc = usher_json_string(&text, a, value, err))) return rc;
    if (text.len <= TEXT_MAX) *out = text;
    return USHER_OK;
}

usher_status usher_userprofile_read(usher_userprofile *out, usher_arena *a,
                                    const usher_json_object *claims, usher_error *err)
{
    usher_status rc;
    usher_userprofile p = {0};
    const struct {
        usher_str claim, *to;
    } rows[] = {
        {USHER_STR("sub"), &p.id},        {USHER_STR("name"), &p.name},
        {USHER_STR("nickname"), &p.name}, {USHER_STR("preferred_username"), &p.name},
        {USHER_STR("email"), &p.email},   {USHER_STR("picture"), &p.image},
    };

    *out = p;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (!rows[i].to->ptr && (rc = take(rows[i].to, a, claims, rows[i].claim, err))) return rc;
    if (p.id.len == 0) return usher_fail(err, USHER_E_SYNTAX, "userprofile: no subject", 0);
    *out = p;
    return USHER_OK;
}
