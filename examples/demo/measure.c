/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "measure.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

double measure_now(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/*
 * Reads the resident memory of this process. Pages that were freed lazily (MADV_FREE) are counted
 * in Rss until the system wants them; they are not in use, so they do not count here.
 */
static bool read_resident(size_t *bytes)
{
    FILE *rollup = fopen("/proc/self/smaps_rollup", "re");
    if (rollup == NULL) {
        return false;
    }
    char line[256];
    size_t kib;
    size_t rss = 0;
    size_t lazy = 0;
    while (fgets(line, sizeof line, rollup) != NULL) {
        if (sscanf(line, "Rss: %zu kB", &kib) == 1) {
            rss = kib;
        } else if (sscanf(line, "LazyFree: %zu kB", &kib) == 1) {
            lazy = kib;
        }
    }
    (void)fclose(rollup);
    *bytes = (rss - lazy) * 1024;
    return rss > lazy;
}

void measure_step(struct record *record, const char *name, frusa_t *instance, double began,
                  size_t words, const size_t *given_back)
{
    double ended = measure_now();
    struct frusa_stats stats;
    struct step step = {.name = name, .seconds = ended - began, .words = words};
    if (record->n_steps == MAX_STEPS) {
        return;
    }
    if (instance != NULL && frusa_get_stats(instance, &stats) == 0) {
        step.live = stats.in_use - stats.in_use_metadata + stats.large;
        step.held = stats.allocated_from_fallback + stats.large;
        step.purged = stats.purged;
    }
    if (given_back != NULL) {
        step.is_reclaim = true;
        step.given_back = *given_back;
    }
    step.has_resident = read_resident(&step.resident);
    record->steps[record->n_steps++] = step;
}
