#include "profile/profile.h"

#include <assert.h>

#include "base/str.h"

static const usher_profile *const profiles[] = {&usher_profile_nextauth_4, &usher_profile_authjs_5,
                                                &usher_profile_auth0_4, &usher_profile_robojs};

const usher_profile *usher_profile_at(size_t index)
{
    return index < sizeof profiles / sizeof *profiles ? profiles[index] : NULL;
}

const usher_profile *usher_profile_by_name(usher_str name)
{
    for (size_t i = 0; i < sizeof profiles / sizeof *profiles; i++)
        if (usher_str_eq(profiles[i]->name, name)) return profiles[i];
    return NULL;
}

usher_cookie_kind usher_profile_cookie_of(usher_purpose purpose)
{
    static const usher_cookie_kind kinds[] = {
        [USHER_FOR_SESSION] = USHER_COOKIE_SESSION,
        [USHER_FOR_STATE] = USHER_COOKIE_STATE,
        [USHER_FOR_PKCE] = USHER_COOKIE_PKCE,
        [USHER_FOR_NONCE] = USHER_COOKIE_NONCE,
    };

    assert(purpose < sizeof kinds / sizeof *kinds);
    return kinds[purpose];
}
