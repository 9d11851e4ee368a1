/* matcher - which requests a middleware runs for: `config.matcher` as Next.js 15 and 16 define it.
 *
 * Strings, or objects with source, has, missing and locale. Compiled once; the work of a match is
 * bounded, and where the bound is reached the answer is "could not tell", never "does not run". */
#ifndef USHER_GATE_MATCHER_H
#define USHER_GATE_MATCHER_H

#include "base/arena.h"
#include "usher/exchange.h"
#include "wire/json.h"

typedef struct usher_matcher usher_matcher; /* opaque; lives in its arena */

typedef struct usher_matcher_options {
    usher_str base_path; /* Next.js' basePath: "/base"; may be empty */
    bool locales;        /* i18n.locales is set: a locale stands before each source */
    /* A source need not begin with '/', and other members of an object are passed over: what
     * Next.js' compiler takes, without the check that Next.js makes before. */
    bool unchecked;
} usher_matcher_options;

/* `config` is the value of config.matcher: a string, an object, or an array of them; absent (or
 * null) runs for every request. USHER_E_SETTING says what is wrong with it. The compiled matcher is
 * only read afterwards: threads may share it. */
USHER_MUST_USE usher_status usher_matcher_new(const usher_matcher **out, usher_arena *a,
                                              usher_json config,
                                              const usher_matcher_options *options,
                                              usher_error *err);

/* The expressions, as the original compiles them. */
size_t usher_matcher_count(const usher_matcher *m);
usher_str usher_matcher_regexp(const usher_matcher *m, size_t index);

/* What Next.js does: it asks for the path as sent and for the path decoded. */
typedef struct usher_matched {
    bool raw, decoded;
} usher_matched;

/* Only target and headers of the request are looked at. USHER_E_LIMIT: could not tell. */
USHER_MUST_USE usher_status usher_matcher_ask(usher_matched *out, const usher_matcher *m,
                                              usher_arena *a, const usher_request *request,
                                              usher_error *err);

/* Whether a guard with this matcher has to look at the request: true if the matcher runs for it,
 * and for every target that is not canonical (gate/path.h), since a path that the application may
 * read in another way must not slip past by its spelling. *out is true unless USHER_OK says no. */
USHER_MUST_USE usher_status usher_matcher_guards(bool *out, const usher_matcher *m, usher_arena *a,
                                                 const usher_request *request, usher_error *err);

#endif
