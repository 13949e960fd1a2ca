/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Runs scenarios under injections and adds up what came of it. */
#ifndef FAULT_DRIVE_H
#define FAULT_DRIVE_H

#include "stage.h"

/* What is done to the fallback during a run. */
struct injection {
    const struct fault_plan *plan; /* NULL: no call fails */
    /* Called for the instance just created, and again before it is judged: to install a hook and
     * to take away what that has left. Both may be NULL. */
    void (*begin)(struct stage *stage);
    void (*end)(struct stage *stage);
};

struct outcome {
    size_t calls; /* of the fallback in the last run that could fail */
    size_t runs;
    size_t injected; /* faults: calls refused, or served with misaligned memory */
    size_t failed;   /* calls of the library that failed for it */
};

/* One run, in a thread of its own, so that it does not depend on what the library has learned
 * about a thread in the runs before. Returns the number of faults injected. */
size_t drive(const struct scenario *scenario, const struct setting *setting,
             const struct injection *injection, struct outcome *outcome);

/* Does `what` for every scenario in every setting and prints a row for each; the last row is the
 * total, which is returned. */
struct outcome drive_all(void (*what)(const struct scenario *scenario,
                                      const struct setting *setting, struct outcome *outcome));

/* Prints one row of such a table. */
void drive_print(const char *name, const char *setting, const struct outcome *outcome);

/*
 * Prints a row of the table in doc/faults.md: what was injected, while what ran, how often that
 * ran, how many faults that made and how many calls of the library failed for them. That a row is
 * printed says that nothing was lost: the program ends at the first requirement that does not
 * hold.
 */
void drive_row(const char *what, const char *where, size_t runs, size_t injected, size_t failed);
void drive_row_head(void);

#endif /* FAULT_DRIVE_H */
