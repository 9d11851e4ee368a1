/* values - texts and numbers between JavaScript and C. */
#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "hosts/node/addon.h"
#include "wire/utf8.h"

napi_value addon_throw_type(napi_env env, const char *name, const char *wanted)
{
    char message[200];

    (void)snprintf(message, sizeof message, "%s must be %s", name, wanted);
    napi_throw_type_error(env, "ERR_INVALID_ARG_TYPE", message);
    return NULL;
}

napi_value addon_throw(napi_env env, usher_status status, const usher_error *err)
{
    char message[300];

    (void)snprintf(message, sizeof message, "%s (%s)", err->what ? err->what : "usher: failed",
                   err->where ? err->where : "");
    napi_throw_error(env, usher_status_name(status), message);
    return NULL;
}

bool addon_no_memory(napi_env env)
{
    const usher_error err = {.what = "node: no memory for an argument"};

    addon_throw(env, USHER_E_NOMEM, &err);
    return false;
}

bool addon_is(napi_env env, napi_value value, napi_valuetype type)
{
    napi_valuetype found;

    return napi_typeof(env, value, &found) == napi_ok && found == type;
}

/* As UTF-8, with a NUL behind it. Where there are as many bytes as characters, one copy without a
 * look at each will do, and *is_ascii. False: an exception is pending. */
static bool read_text(usher_str *out, char **text, bool *is_ascii, napi_env env, usher_arena *arena,
                      napi_value value, const char *name)
{
    size_t len, copied;

    *out = (usher_str){0};
    if (napi_get_value_string_utf8(env, value, NULL, 0, &len) != napi_ok) {
        addon_throw_type(env, name, "a string");
        return false;
    }
    *text = usher_arena_get(arena, len + 1);
    if (!*text) return addon_no_memory(env);
    if (napi_get_value_string_latin1(env, value, *text, len + 1, &copied) != napi_ok) return false;
    *is_ascii = copied == len;
    if (!*is_ascii && napi_get_value_string_utf8(env, value, *text, len + 1, &len) != napi_ok)
        return false;
    *out = (usher_str){*text, len};
    return true;
}

bool addon_text(usher_str *out, napi_env env, usher_arena *arena, napi_value value,
                const char *name)
{
    bool is_ascii;
    char *text;

    return read_text(out, &text, &is_ascii, env, arena, value, name);
}

/* UTF-8 of characters up to U+00FF, back to one byte each, in place. */
static bool narrow(usher_str *text, char *bytes)
{
    size_t n = 0;

    for (size_t i = 0; i < text->len; i++) {
        unsigned char c = (unsigned char)bytes[i];
        if (c > 0xc3) return false;
        if (c >= 0xc2) c = (unsigned char)(c << 6 | ((unsigned char)bytes[++i] & 0x3f));
        bytes[n++] = (char)c;
    }
    text->len = n;
    return true;
}

bool addon_bytes(usher_str *out, napi_env env, usher_arena *arena, napi_value value,
                 const char *name)
{
    bool is_ascii;
    char *text;

    if (!read_text(out, &text, &is_ascii, env, arena, value, name)) return false;
    if (is_ascii || narrow(out, text)) return true;
    *out = (usher_str){0};
    addon_throw_type(env, name, "a string of characters up to U+00FF");
    return false;
}

bool addon_buffer(usher_str *out, napi_env env, usher_arena *arena, napi_value value,
                  const char *name)
{
    bool is_buffer = false;
    void *data;
    size_t len;

    *out = (usher_str){0};
    if (addon_is(env, value, napi_undefined) || addon_is(env, value, napi_null)) return true;
    if (napi_is_buffer(env, value, &is_buffer) != napi_ok || !is_buffer) {
        addon_throw_type(env, name, "a Buffer");
        return false;
    }
    if (napi_get_buffer_info(env, value, &data, &len) != napi_ok) return false;
    char *copy = usher_arena_get(arena, len); /* JavaScript may change it later */
    if (!copy) return addon_no_memory(env);
    if (len) memcpy(copy, data, len);
    *out = (usher_str){copy, len};
    return true;
}

bool addon_number(double *out, napi_env env, napi_value value, const char *name)
{
    if (napi_get_value_double(env, value, out) == napi_ok) return true;
    addon_throw_type(env, name, "a number");
    return false;
}

static bool is_ascii(usher_str text)
{
    unsigned char seen = 0;

    for (size_t i = 0; i < text.len; i++)
        seen |= (unsigned char)text.ptr[i];
    return seen < 0x80;
}

napi_value addon_string(napi_env env, usher_str text)
{
    napi_value value = NULL;

    if (is_ascii(text)) /* a byte a character, without a look at each */
        (void)napi_create_string_latin1(env, text.len ? text.ptr : "", text.len, &value);
    else
        (void)napi_create_string_utf8(env, text.ptr, text.len, &value);
    return value;
}

bool addon_arguments(napi_value *out, size_t want, napi_env env, napi_callback_info info)
{
    size_t count = want;

    return napi_get_cb_info(env, info, &count, out, NULL, NULL) == napi_ok;
}
