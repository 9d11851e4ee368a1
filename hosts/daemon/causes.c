#include "hosts/daemon/causes.h"

const char *usherd_cause_word(unsigned cause)
{
    static const char *const words[] = {
#define WORD(symbol, word, meaning) word,
        USHERD_CAUSES(WORD)
#undef WORD
    };

    if (cause < USHER_CAUSE_COUNT) return usher_cause_word((usher_cause)cause);
    return cause < USHERD_CAUSE_COUNT ? words[cause - USHER_CAUSE_COUNT] : "none";
}
