#include <assert.h>

#include "base/str.h"
#include "gate/matcher.h"
#include "gate/path.h"
#include "tests/kit/kit.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define ROOM ((size_t)16 << 20)

/* What a query says plays no part in which paths are named, and no answer is a no by accident. */
static void check_request(const usher_matcher *m, usher_arena *a, const usher_request *request)
{
    usher_matched got = {true, true};
    usher_str path;
    bool guards = false;
    usher_status rc = usher_matcher_ask(&got, m, a, request, NULL);

    assert(rc == USHER_OK || (!got.raw && !got.decoded));
    if (rc == USHER_OK && usher_matcher_guards(&guards, m, a, request, NULL) == USHER_OK) {
        bool plain = usher_path_classify(&path, request->target) == USHER_PATH_CANONICAL;
        assert(guards == (!plain || got.raw || got.decoded));
        if (plain) assert(got.raw == got.decoded); /* nothing to decode */
    } else {
        assert(guards || rc);
    }
}

/* Lines: the config, a target, then headers as "name: value". */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    usher_str rest, config = usher_str_cut((usher_str){(const char *)data, size}, '\n', &rest);
    usher_header headers[8];
    usher_request request = {.size = sizeof request, .headers = headers};
    const usher_matcher_options options = {.base_path = USHER_STR(""), .unchecked = size % 2 == 1};
    const usher_matcher *m;
    usher_error err = {0};
    usher_json json;
    usher_arena a;

    request.target = usher_str_cut(rest, '\n', &rest);
    while (rest.ptr && request.header_count < sizeof headers / sizeof *headers) {
        usher_str value, name = usher_str_cut(usher_str_cut(rest, '\n', &rest), ':', &value);
        headers[request.header_count++] = (usher_header){name, usher_str_trim(value)};
    }
    usher_arena_init(&a, usher_allocator_default(), 4096, ROOM);
    if (usher_json_read(&json, config, &usher_json_limits_document, NULL)) goto done;
    usher_status rc = usher_matcher_new(&m, &a, json, &options, &err);
    assert(rc == USHER_OK || (!m && err.status == rc && err.what));
    if (rc == USHER_OK) check_request(m, &a, &request);
done:
    usher_arena_deinit(&a);
    return 0;
}
