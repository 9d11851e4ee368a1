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
    for (size_t i = 0; i < usher_matcher_count(m); i++)
        assert(usher_str_starts(usher_matcher_regexp(m, i), USHER_STR("^")));
    assert(!usher_matcher_regexp(m, usher_matcher_count(m)).ptr);
    if (rc == USHER_OK && usher_matcher_guards(&guards, m, a, request, NULL) == USHER_OK) {
        bool plain = usher_path_classify(&path, request->target) == USHER_PATH_CANONICAL;
        assert(guards == (!plain || got.raw || got.decoded));
        if (plain) assert(got.raw == got.decoded); /* nothing to decode */
    } else {
        assert(guards || rc);
    }
}

/* The letters in front of the config: 'B' a base path, 'L' locales, '!' and a byte: the allocation
 * of that number fails. No JSON begins with one of them. */
static usher_str read_options(usher_matcher_options *options, kit_alloc *memory, usher_str input)
{
    for (; input.len > 1; input = usher_str_from(input, 1)) {
        if (input.ptr[0] == 'B') {
            options->base_path = USHER_STR("/base");
        } else if (input.ptr[0] == 'L') {
            options->locales = true;
        } else if (input.ptr[0] == '!') {
            input = usher_str_from(input, 1);
            memory->fail_at = (unsigned char)input.ptr[0];
        } else {
            break;
        }
    }
    return input;
}

/* Lines: the config, a target, then headers as "name: value". */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    kit_alloc memory = {.fail_at = SIZE_MAX};
    usher_allocator alloc = kit_allocator(&memory);
    usher_matcher_options options = {.base_path = USHER_STR(""), .unchecked = size % 2 == 1};
    usher_str rest,
        config = usher_str_cut(
            read_options(&options, &memory, (usher_str){(const char *)data, size}), '\n', &rest);
    usher_header headers[8];
    usher_request request = {.size = sizeof request, .headers = headers};
    const usher_matcher *m;
    usher_error err = {0};
    usher_json json = {0};
    usher_arena a;

    request.target = usher_str_cut(rest, '\n', &rest);
    while (rest.ptr && request.header_count < sizeof headers / sizeof *headers) {
        usher_str value, name = usher_str_cut(usher_str_cut(rest, '\n', &rest), ':', &value);
        headers[request.header_count++] = (usher_header){name, usher_str_trim(value)};
    }
    usher_arena_init(&a, &alloc, 4096, ROOM);
    if (config.len && usher_json_read(&json, config, &usher_json_limits_document, NULL)) goto done;
    usher_status rc = usher_matcher_new(&m, &a, json, &options, &err);
    assert(rc == USHER_OK || (!m && err.status == rc && err.what));
    assert(rc != USHER_E_NOMEM || memory.failed);
    if (rc == USHER_OK) check_request(m, &a, &request);
done:
    usher_arena_deinit(&a);
    assert(memory.live == 0);
    return 0;
}
