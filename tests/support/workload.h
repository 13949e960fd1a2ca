/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * A random mix of all calls that allocate and give back, on a table of objects whose contents are
 * checked at every turn. One thread works on a workload at a time.
 */
#ifndef SUPPORT_WORKLOAD_H
#define SUPPORT_WORKLOAD_H

#include <frusa.h>

#include "random.h"

struct object {
    void *ptr;
    size_t size, align;
    int align_unknown; /* frusa_resize may have moved it: give it back without a layout */
};

struct workload {
    frusa_t *f;
    frusa_cache_t *cache; /* used for some calls when not NULL */
    struct random random;
    unsigned size_bits;  /* sizes are below 2 to the power of this */
    unsigned align_bits; /* aligns are at most 2 to the power of this */
    int may_fail;        /* calls may fail with ENOMEM */
    size_t failures;
    size_t steps;
    size_t capacity;
    struct object *objects;
};

/* Prepares a workload of at most `capacity` live objects; release with workload_end. */
void workload_begin(struct workload *w, frusa_t *f, size_t capacity, uint64_t seed,
                    uint64_t stream);

/* One random operation on one random object. */
void workload_step(struct workload *w);

/* Many of them. */
void workload_run(struct workload *w, size_t steps);

/* Allocates an object by a random call; returns 0 if that failed, which w->may_fail must allow. */
int workload_allocate(struct workload *w, struct object *object);

/* Checks an object's contents and gives it back by a random call. */
void workload_give_back(struct workload *w, struct object *object);

/* Checks and gives back every object. */
void workload_clear(struct workload *w);

/* Returns the bytes that all live objects of the workload really got. */
size_t workload_live_bytes(const struct workload *w);

/* Clears, and releases the table. */
void workload_end(struct workload *w);

#endif /* SUPPORT_WORKLOAD_H */
