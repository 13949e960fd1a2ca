/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The allocators that libfrusa is compared with: the C library's, and those that a library can put
 * in its place.
 */
#ifndef DEMO_ALLOCATOR_H
#define DEMO_ALLOCATOR_H

#include <stdbool.h>

struct allocator {
    const char *name;
    const char *library; /* to preload; NULL for the C library's own */
    const char *symbol;  /* its function that gives memory back */
    void (*call)(void *function);
};

/* All that are known. An entry without a name ends the list. Two entries of one name are two
 * versions: the first that is installed counts. */
extern const struct allocator allocators[];

/* Returns the first entry whose function is in this process, among those of that name, or NULL. */
const struct allocator *allocator_here(const char *name);

/* Gives back what the allocator, which is in this process, can give back. */
void allocator_reclaim(const struct allocator *allocator);

#endif /* DEMO_ALLOCATOR_H */
