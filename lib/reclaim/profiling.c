/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "reclaim/profiling.h"

#include "base/gate.h"
#include "port/stack.h"

/* The record of the instance, made if there is none; NULL: no memory. */
static struct fr_profile *record_of(struct fr_instance *inst)
{
    struct fr_profile *p = fr_load_ptr_acquire(&inst->profile);
    if (p || !(p = fr_profile_create()))
        return p;
    if (fr_cas_full(&inst->profile, 0, (size_t)(uintptr_t)p))
        return p;
    fr_profile_free(p);
    return fr_load_ptr_acquire(&inst->profile);
}

enum fr_profiling fr_profiling_start(struct fr_instance *inst, size_t rate)
{
    struct fr_misuse none = FR_NO_MISUSE;
    struct fr_recall r;
    enum fr_profiling result = FR_PROFILING_DONE;
    if (fr_gate_is_mine())
        return FR_PROFILING_BUSY;
    struct fr_profile *p = record_of(inst);
    if (!p)
        return FR_PROFILING_NO_MEMORY;
    fr_stack_prepare();
    fr_recall_begin(&r, inst);
    if (r.partial)
        result = FR_PROFILING_CLOSED;
    else if (!fr_profile_begin(p, rate))
        result = FR_PROFILING_BUSY;
    fr_recall_end(&r, &none);
    return result;
}

void fr_profiling_stop(struct fr_instance *inst)
{
    struct fr_misuse none = FR_NO_MISUSE;
    struct fr_recall r;
    struct fr_profile *p = fr_load_ptr_acquire(&inst->profile);
    if (!p || !fr_profile_end(p))
        return;
    fr_recall_begin(&r, inst);
    fr_recall_end(&r, &none);
}
