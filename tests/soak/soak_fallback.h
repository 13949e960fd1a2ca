/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The fallbacks of the soak: another one's functions, with its bytes counted, calls that fail, and
 * calls that block for a while. Without a lock, so that a forked child can go on with it.
 */
#ifndef SOAK_FALLBACK_H
#define SOAK_FALLBACK_H

#include <frusa.h>

#include "port/atomic.h"

struct soak_fallback {
    struct frusa_fallback_ops ops; /* hand &ops to the instance */
    const struct frusa_fallback_ops *inner;
    unsigned percent; /* of the calls that may fail, how many do */
    unsigned slow;    /* one call of so many blocks; 0: none */
    fr_atomic held;   /* bytes with the instance */
    fr_atomic calls, refused, blocked;
};

/* Fills in `ops` for the fallback that `inner` is. */
void soak_fallback_init(struct soak_fallback *fallback);

#endif /* SOAK_FALLBACK_H */
