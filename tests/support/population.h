/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Many small objects whose contents are checked when they are given back. */
#ifndef SUPPORT_POPULATION_H
#define SUPPORT_POPULATION_H

#include <frusa.h>

#include "random.h"

struct population {
    frusa_t *f;
    size_t live, capacity;
    void **objects; /* the first `live` entries */
    size_t *sizes;
};

/* Allocates `count` objects of random sizes from low to high. */
void population_create(struct population *p, frusa_t *f, size_t count, size_t low, size_t high,
                       struct random *r);

/* Allocates more, until `count` are live; count is at most that of population_create. */
void population_refill(struct population *p, size_t count, size_t low, size_t high,
                       struct random *r);

void population_shuffle(struct population *p, struct random *r);

/* Checks and gives back the last `count` objects, with and without layout in turn. */
void population_drop(struct population *p, size_t count);

/* Returns the bytes that all live objects really got. */
size_t population_bytes(const struct population *p);

/* Gives back all objects and the tables. */
void population_release(struct population *p);

#endif /* SUPPORT_POPULATION_H */
