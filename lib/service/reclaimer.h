/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The reclaimer: a thread that gives memory back which nobody has asked for in a while.
 *
 * Idle is what is held for objects but neither live nor purged. The thread arms the instance's
 * bell, looks at what is idle, and reclaims when that exceeds the slack. The next object or span
 * that comes to a slab rings. Then the thread sleeps for one interval and looks again. So it sleeps
 * without end while the program gives nothing back, and looks once in an interval while the program
 * does.
 *
 * Free slots that share their pages with live objects stay idle after a reclaim. Each reclaim that
 * gives back less than the slack doubles the time to the next look, up to 16 intervals.
 *
 * With FRUSA_RECLAIM_ON_PRESSURE a second thread, the watcher, waits for events that say that
 * memory is short (pressure.h), and has the first thread reclaim at once. Where there are signs
 * without events, the first thread looks for them once in an interval, as long as something came
 * to a slab since everything was given back last.
 *
 * Frees that stay inside a magazine do not ring. They are at most thread_cache_max bytes for each
 * cache, and what was in the magazines at the last look was counted.
 */
#ifndef FR_RECLAIMER_H
#define FR_RECLAIMER_H

#include <frusa.h>

/* A flag beside those of struct frusa_reclaimer_config, for the front of a static instance: the
 * child of a fork starts a reclaimer like the parent's. It has none when the fork came from a
 * signal handler that interrupted a call: starting a thread calls malloc. */
#define FR_RECLAIM_IN_CHILDREN 0x80000000u

/* What the reclaimer of an instance did so far. */
struct fr_reclaimer_counts {
    size_t looks;     /* at what is idle: every wake-up ends in one */
    size_t reclaims;  /* because of the slack */
    size_t pressures; /* reclaims because memory was short */
    size_t polled;    /* looks whether memory is short */
    int polls;        /* there are events that the kernel does not tell of */
    size_t pause;     /* intervals that are left out now, after reclaims that gave little back */
};

/* As frusa_reclaimer_start, but all files that say how short memory is are looked for below
 * `root`, which stays. */
int fr_reclaimer_start_below(frusa_t *f, const struct frusa_reclaimer_config *config,
                             const char *root);

/* For tests: what an event does that says that memory is short. */
void fr_reclaimer_press(frusa_t *f);

/* For tests: 0 when the instance has no reclaimer. */
int fr_reclaimer_counts(frusa_t *f, struct fr_reclaimer_counts *out);

/* For tests: waits until the reclaimer sleeps without end. */
void fr_reclaimer_settle(frusa_t *f);

#endif /* FR_RECLAIMER_H */
