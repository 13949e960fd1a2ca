/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Layer top: the exported functions, the objects behind them, and looks inside. This file is the
 * life of an instance.
 *
 * UNTOUCHED (static, all zero) -> READY, or REFUSED when its options are out of range; destroy
 * takes a static instance back to UNTOUCHED. The first use fills the instance in under the process
 * lock, and makes no call out of the library meanwhile: others wait for a few stores only.
 */
#ifndef FR_LIFE_H
#define FR_LIFE_H

#include "cache/instance.h"

/* Creates over the fallback; NULL with the error set. Arguments as frusa_create_with. */
struct fr_instance *fr_instance_create(const struct frusa_fallback_ops *ops,
                                       const struct frusa_config *config);

/* The slow part of fr_instance_ready: a static instance's first use. 0 with the error set. */
int fr_instance_start(struct fr_instance *inst);

/* Non-zero once the instance can be used. */
static inline int fr_instance_ready(struct fr_instance *inst)
{
    return FR_LIKELY(fr_instance_is_ready(inst)) || fr_instance_start(inst);
}

/* Has `hook` called at the beginning of each frusa_destroy from now on, with no lock held, for what
 * works on instances from further up. */
void fr_life_set_end_hook(void (*hook)(frusa_t *f));

/* Gives everything back. A static instance is UNTOUCHED afterwards; another's record is gone. */
void fr_instance_destroy(struct fr_instance *inst);

#endif /* FR_LIFE_H */
