/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Threads that allocate from one instance while the system is short of something, and one that
 * reclaims. Every failure has to be ENOMEM; when the shortage is over, nothing is lost and the
 * instance is as good as new.
 */
#ifndef FAULT_CROWD_H
#define FAULT_CROWD_H

#include <frusa.h>

struct shortage {
    int (*begin)(void *arg); /* returns 0 where it cannot be made here */
    void (*end)(void *arg);
    void *arg;
};

struct crowd_result {
    size_t failed;   /* calls, with ENOMEM */
    size_t reclaims; /* beside them */
    size_t partial;  /* reclaims that reported that they could not reach every cache */
    int impossible;  /* the shortage could not be made */
};

/*
 * Runs `threads` threads of `steps` random calls each on `f`, which may be a static instance that
 * has not been used yet: it is then for the first time during the shortage. Is to run in a child
 * process; requires all of the above, and destroys the instance.
 */
void crowd_run(frusa_t *f, size_t threads, size_t steps, const struct shortage *shortage,
               struct crowd_result *result);

/* Requires that an instance with nothing live is valid and usable, and that a reclaim leaves no
 * span. */
void crowd_require_whole(frusa_t *f);

#endif /* FAULT_CROWD_H */
