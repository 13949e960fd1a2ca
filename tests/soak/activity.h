/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* What the threads of the soak do: live for a while, reclaim, fork, end and begin instances. */
#ifndef SOAK_ACTIVITY_H
#define SOAK_ACTIVITY_H

#include "port/atomic.h"

#include <stddef.h>
#include <stdint.h>

enum { WORKERS = 64, RECLAIMERS = 3, FORKERS = 1, RENEWERS = 1 };
enum { ACTIVITIES = WORKERS + RECLAIMERS + FORKERS + RENEWERS };

/* What was done so far. */
struct tally {
    fr_atomic lives;     /* of threads */
    fr_atomic steps;     /* calls and pairs of calls */
    fr_atomic exchanged; /* objects given back by another thread than allocated them */
    fr_atomic failures;  /* calls that failed with ENOMEM */
    fr_atomic caches;    /* explicit ones created and destroyed */
    fr_atomic reclaims;
    fr_atomic forks;
    fr_atomic renewals; /* instances ended and begun anew */
};
extern struct tally tally;

void activity_init(void);

/* Runs the activity number `index` until activity_stop. */
void activity_run(void *seed, size_t index);

void activity_stop(void);

/* Waits until no thread lives, nor is on its way out, and lets none begin; then lets them go on. */
void activity_pause(void);
void activity_resume(void);

#endif /* SOAK_ACTIVITY_H */
