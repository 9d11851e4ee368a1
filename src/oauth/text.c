#include "oauth/text.h"

#include "base/error.h"
#include "base/str.h"

#define DOCUMENT_MAX (1u << 20)

bool usher_oauth_visible(usher_str text)
{
    for (size_t i = 0; i < text.len; i++)
        if (text.ptr[i] < 0x20 || text.ptr[i] > 0x7e) return false;
    return text.len > 0;
}

bool usher_oauth_is_json(usher_str content_type)
{
    static const usher_str application = USHER_STR_INIT("application/"),
                           suffix = USHER_STR_INIT("+json");
    usher_str rest, media = usher_str_trim(usher_str_cut(content_type, ';', &rest));

    if (media.len <= application.len ||
        !usher_str_eq_case((usher_str){media.ptr, application.len}, application))
        return false;
    media = usher_str_from(media, application.len);
    return usher_str_eq_case(media, USHER_STR("json")) ||
           (media.len > suffix.len &&
            usher_str_eq_case(usher_str_from(media, media.len - suffix.len), suffix));
}

usher_status usher_oauth_document(usher_json_object *out, usher_arena *a, usher_str body,
                                  usher_error *err)
{
    usher_status rc;
    usher_str copy;

    *out = (usher_json_object){0};
    if (body.len == 0 || body.len > DOCUMENT_MAX)
        return usher_fail(err, USHER_E_SYNTAX, "oauth: a document empty or too long", body.len);
    if ((rc = usher_arena_dup(&copy, a, body, err)) ||
        (rc = usher_json_read_object(out, a, copy, &usher_json_limits_document, err)))
        return rc;
    if (!out->duplicates) return USHER_OK;
    *out = (usher_json_object){0};
    return usher_fail(err, USHER_E_SYNTAX, "oauth: a member is repeated", 0);
}

usher_status usher_oauth_optional(usher_str *out, usher_arena *a, const usher_json_object *o,
                                  usher_str name, usher_error *err)
{
    usher_json value = usher_json_get(o, name);

    *out = (usher_str){0};
    if (value.type == USHER_JSON_ABSENT || value.type == USHER_JSON_NULL) return USHER_OK;
    return usher_json_string(out, a, value, err);
}
