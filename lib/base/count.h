/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Events that tell how well threads keep out of each other's way, counted in builds made for that
 * (configure --enable-counters) and nowhere else. The benchmarks print them for each million
 * operations.
 */
#ifndef FR_COUNT_H
#define FR_COUNT_H

enum fr_event {
    FR_EVENT_CONTENDED,  /* + rank (base/rank.h): a lock was not free */
    FR_EVENT_LOCK = 9,   /* a lock was taken, free or not */
    FR_EVENT_LOCK_SLEEP, /* a thread went to sleep for one */
    FR_EVENT_RETRY,      /* a compare-and-swap found that another thread had been faster */
    FR_EVENT_REFILL,     /* a batch out of a slab */
    FR_EVENT_FLUSH,      /* a batch into a slab */
    FR_EVENT_GROWTH,     /* a span from the fallback */
    FR_EVENT_UNCACHED,   /* a slow path that found no magazine */
    FR_EVENT_COUNT
};

#if defined(FR_COUNTERS)
void fr_count(unsigned event);
#else
static inline void fr_count(unsigned event)
{
    (void)event;
}
#endif

#endif /* FR_COUNT_H */
