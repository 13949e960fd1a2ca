/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * What the table and the plot show: one row of figures for each step of the demo.
 */
#ifndef DEMO_MEASURE_H
#define DEMO_MEASURE_H

#include <frusa.h>

#include <stdbool.h>
#include <stddef.h>

/* Memory in bytes. */
struct step {
    const char *name;
    double seconds;    /* that the step took */
    size_t words;      /* in the index after it */
    size_t live;       /* objects in use, rounded to their size class */
    size_t held;       /* taken from the fallback and not given back */
    size_t purged;     /* part of held that has no memory behind it */
    size_t given_back; /* by the reclaim that is this step, else 0 */
    size_t resident;   /* of the whole process: Rss less LazyFree */
    bool is_reclaim;
    bool has_resident; /* the system told */
};

#define MAX_STEPS  8
#define MAX_OTHERS 4

/* The same run on another allocator. */
struct other {
    const char *name;
    size_t resident[MAX_STEPS];
};

/* The figures of one run, and the words above them. */
struct record {
    struct step steps[MAX_STEPS];
    size_t n_steps;
    struct other others[MAX_OTHERS];
    size_t n_others;
    const char *title;
    char subtitle[192];
};

/* Returns a monotonic time in seconds. */
double measure_now(void);

/*
 * Appends a step that began at `began` and ends now. `instance` may be NULL: then nothing is known
 * but what is resident. `given_back` is NULL unless the step is a reclaim. The time is taken first,
 * so that measuring is not measured.
 */
void measure_step(struct record *record, const char *name, frusa_t *instance, double began,
                  size_t words, const size_t *given_back);

#endif /* DEMO_MEASURE_H */
