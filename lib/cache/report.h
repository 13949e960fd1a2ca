/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Reports of misuse in the words of the program: a front gives its instance's calls other names. */
#ifndef FR_REPORT_H
#define FR_REPORT_H

#include "cache/instance.h"

/* Returns what messages call a function or a flag of that name. */
const char *fr_report_name(const struct fr_instance *inst, const char *name);

/* Reports what was noted in *m while the named call ran, if anything; does not return then. No
 * lock is held. */
void fr_report_noted(const struct fr_instance *inst, const struct fr_misuse *m, const char *call);

static inline void fr_report(const struct fr_instance *inst, const struct fr_misuse *m,
                             const char *call)
{
    if (FR_UNLIKELY(m->kind != FR_MISUSE_NONE))
        fr_report_noted(inst, m, call);
}

/* A call fails for lack of memory: counts it, and sets the error. */
FR_COLD void fr_report_refusal(struct fr_instance *inst);

#endif /* FR_REPORT_H */
