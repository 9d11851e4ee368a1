/* info - which libcrypto does the work. Node has one of its own, and exports it: a module that is
 * linked to the system's would silently run on Node's unless it is loaded apart. */
#include <dlfcn.h>
#include <node_api.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>

#include "base/buf.h"
#include "base/str.h"
#include "hosts/node/addon.h"
#include "wire/json.h"

/* The file that a function comes from; absent if nobody knows. */
static usher_str file_of(const void *function)
{
    Dl_info info;

    return dladdr(function, &info) && info.dli_fname ? usher_str_z(info.dli_fname) : (usher_str){0};
}

/* An address of a function, where C lets it be compared only. */
static const void *address_of(const void *function_pointer)
{
    return *(const void *const *)function_pointer;
}

napi_value addon_info(napi_env env, napi_callback_info unused)
{
    EVP_CIPHER_CTX *(*crypto)(void) = EVP_CIPHER_CTX_new;
    napi_value (*own)(napi_env, napi_callback_info) = addon_info;
    usher_error err = {0};
    napi_value value = NULL;
    usher_json_writer w;
    usher_arena a;
    usher_str text;
    usher_buf b;

    (void)unused;
    usher_str library = file_of(address_of(&crypto)), module = file_of(address_of(&own));
    usher_arena_init(&a, usher_allocator_default(), 1024, (size_t)64 << 10);
    usher_buf_init(&b, &a, (size_t)32 << 10);
    usher_json_write_init(&w, &b);
    usher_json_open_object(&w);
    usher_json_put_member(&w, USHER_STR("version"), USHER_STR(USHER_VERSION));
    usher_json_put_member(&w, USHER_STR("libcrypto"),
                          usher_str_z(OpenSSL_version(OPENSSL_VERSION)));
    usher_json_put_member(&w, USHER_STR("libcryptoFile"), library);
    usher_json_put_member(&w, USHER_STR("addonFile"), module);
    usher_json_name(&w, USHER_STR("libcryptoInside"));
    usher_json_put_bool(&w, usher_str_eq(library, module));
    usher_json_close_object(&w);
    usher_status rc = usher_buf_take(&text, &b, &err);
    if (rc)
        addon_throw(env, rc, &err);
    else
        value = addon_string(env, text);
    usher_arena_deinit(&a);
    return value;
}
