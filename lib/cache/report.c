/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "cache/report.h"

static int is_same_text(const char *a, const char *b)
{
    while (*a && *a == *b) {
        a++;
        b++;
    }
    return *a == *b;
}

/* What the call of that name is named in messages. */
static const char *name_of(const struct fr_instance *inst, const char *call)
{
    const struct frusa_front *front = fr_instance_front(inst);
    const char *const *pair = front ? front->calls : NULL;
    for (; pair && pair[0]; pair += 2)
        if (is_same_text(pair[0], call))
            return pair[1];
    return call;
}

FR_COLD void fr_report_noted(const struct fr_instance *inst, const struct fr_misuse *m,
                             const char *call)
{
    fr_misuse_report(name_of(inst, call), m);
}
