/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "base/count.h"

#include "port/compiler.h"
#include "base/rank.h"
#include "port/atomic.h"
#include "port/tls.h"

_Static_assert((int)FR_EVENT_CONTENDED + FR_RANK_COUNT <= (int)FR_EVENT_LOCK,
               "every rank has its event");

#if defined(FR_COUNTERS)
/* Threads count in different places, so that counting is no contention of its own. */
#define SHARDS 64

static struct shard {
    fr_atomic events[FR_EVENT_COUNT];
    char apart[FR_CACHE_LINE];
} shards[SHARDS];

static const char *const names[FR_EVENT_COUNT] = {
    "",
    "contended_process",
    "contended_recall",
    "contended_registry",
    "contended_slab",
    "contended_spans",
    "contended_provider",
    "contended_pagemap",
    "contended_profile",
    "locks",
    "lock_sleeps",
    "retries",
    "refills",
    "flushes",
    "growths",
    "uncached",
};

void fr_count(unsigned event)
{
    /* Threads' own data lie some pages apart. */
    size_t shard = (size_t)((uintptr_t)fr_thread_id() >> 12) % SHARDS;
    fr_fetch_add_relaxed(&shards[shard].events[event], 1);
}

/* For the benchmarks, which find it by name: the next event's name, "" for none of that number,
 * NULL beyond the last, and how often it happened so far. */
FR_EXPORT const char *fr_counters_read(unsigned event, size_t *count);
FR_EXPORT const char *fr_counters_read(unsigned event, size_t *count)
{
    *count = 0;
    if (event >= FR_EVENT_COUNT)
        return NULL;
    for (size_t i = 0; i < SHARDS; i++)
        *count += fr_load_relaxed(&shards[i].events[event]);
    return names[event];
}
#endif
