/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The samples of the soak. */
#include "samples.h"
#include "support/require.h"

#include <stdlib.h>
#include <unistd.h>

enum { ENOUGH = 8 }; /* samples for a median */

static const char *const phase_names[PHASES] = {"busy", "calm"};

static struct sample *samples;
static size_t count, capacity;
static FILE *table;

void samples_open(const char *path)
{
    if (path == NULL)
        return;
    table = fopen(path, "w");
    REQUIRE_MSG(table != NULL, "cannot write %s", path);
    fprintf(table, "seconds,phase,resident_kib,held_kib,live_kib\n");
}

size_t samples_resident(void)
{
    FILE *statm = fopen("/proc/self/statm", "r");
    size_t total, resident;
    REQUIRE(statm != NULL && fscanf(statm, "%zu %zu", &total, &resident) == 2);
    fclose(statm);
    return resident * (size_t)sysconf(_SC_PAGESIZE);
}

void samples_add(const struct sample *sample)
{
    if (count == capacity) {
        capacity = capacity ? 2 * capacity : 1024;
        samples = realloc(samples, capacity * sizeof(*samples));
        REQUIRE(samples != NULL);
    }
    samples[count++] = *sample;
    if (table != NULL) {
        fprintf(table, "%.2f,%s,%zu,%zu,%zu\n", sample->seconds, phase_names[sample->phase],
                sample->resident >> 10, sample->held >> 10, sample->live >> 10);
        fflush(table);
    }
}

static int compare(const void *a, const void *b)
{
    size_t x = *(const size_t *)a, y = *(const size_t *)b;
    return (x > y) - (x < y);
}

static size_t resident_of(const struct sample *sample)
{
    return sample->resident;
}

static size_t held_of(const struct sample *sample)
{
    return sample->held;
}

/* The median over a stretch of time, in 1/10 of the whole; *n samples. */
static size_t median(enum phase phase, unsigned from, unsigned to,
                     size_t (*value)(const struct sample *), size_t *n)
{
    size_t *values = malloc((count + 1) * sizeof(*values));
    double end = count > 0 ? samples[count - 1].seconds : 0;
    REQUIRE(values != NULL);
    *n = 0;
    for (size_t i = 0; i < count; i++)
        if (samples[i].phase == phase && samples[i].seconds >= end * from / 10 &&
            samples[i].seconds <= end * to / 10)
            values[(*n)++] = value(&samples[i]);
    qsort(values, *n, sizeof(*values), compare);
    size_t middle = *n > 0 ? values[*n / 2] : 0;
    free(values);
    return middle;
}

static int is_flat(enum phase phase, const char *name, size_t (*value)(const struct sample *),
                   unsigned percent, size_t slack)
{
    size_t early_count, late_count;
    size_t early = median(phase, 1, 4, value, &early_count);
    size_t late = median(phase, 7, 10, value, &late_count);
    printf("  %s  %-8s  %10.1f  %10.1f", phase_names[phase], name, (double)early / 1048576,
           (double)late / 1048576);
    if (early_count < ENOUGH || late_count < ENOUGH) {
        printf("  too few samples to compare\n");
        return 1;
    }
    int flat = late <= early + early / 100 * percent + slack;
    printf("  %s\n", flat ? "flat" : "GROWS");
    return flat;
}

int samples_are_flat(enum phase phase, unsigned percent, size_t slack)
{
    int resident = is_flat(phase, "resident", resident_of, percent, slack);
    return is_flat(phase, "held", held_of, percent, slack) && resident;
}

void samples_close(void)
{
    if (table != NULL)
        REQUIRE(fclose(table) == 0);
    free(samples);
}
