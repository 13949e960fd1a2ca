/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "cache/report.h"

#include "port/error.h"

static int is_same_text(const char *a, const char *b)
{
    while (*a && *a == *b) {
        a++;
        b++;
    }
    return *a == *b;
}

const char *fr_report_name(const struct fr_instance *inst, const char *name)
{
    const struct frusa_front *front = fr_instance_front(inst);
    const char *const *pair = front ? front->calls : NULL;
    for (; pair && pair[0]; pair += 2)
        if (is_same_text(pair[0], name))
            return pair[1];
    return name;
}

FR_COLD void fr_report_noted(const struct fr_instance *inst, const struct fr_misuse *m,
                             const char *call)
{
    fr_misuse_report(fr_report_name(inst, call), m);
}

void fr_report_refusal(struct fr_instance *inst)
{
    fr_fetch_add_relaxed(&inst->refused, 1);
    fr_set_error(FR_ENOMEM);
}
