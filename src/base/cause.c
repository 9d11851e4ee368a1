#include "usher/cause.h"

static const struct {
    const char *word, *meaning;
} causes[] = {
#define CAUSE_ROW(symbol, word, meaning) {word, meaning},
    USHER_CAUSES(CAUSE_ROW)
#undef CAUSE_ROW
};

const char *usher_cause_word(usher_cause cause)
{
    return causes[(unsigned)cause < USHER_CAUSE_COUNT ? cause : USHER_CAUSE_NONE].word;
}

const char *usher_cause_meaning(usher_cause cause)
{
    return causes[(unsigned)cause < USHER_CAUSE_COUNT ? cause : USHER_CAUSE_NONE].meaning;
}
