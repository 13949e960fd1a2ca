/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * What the programs for memory checkers share. Each makes one mistake, in the line marked HERE,
 * and says in its first lines what memcheck and the address sanitizer call that; run.sh asserts
 * name and line.
 */
#ifndef WATCHED_H
#define WATCHED_H

#include <frusa.h>

#include <stdlib.h>
#include <string.h>

/* The instance stays reachable, so that its own memory does not count as leaked. */
static frusa_t *volatile watched_instance;

/* An instance over the fallback that the program's argument names: mmap or malloc. */
static inline frusa_t *watched_begin(int argc, char **argv)
{
    int over_malloc = argc > 1 && strcmp(argv[1], "malloc") == 0;
    watched_instance = frusa_create(over_malloc ? &frusa_fallback_malloc : NULL);
    if (watched_instance == NULL)
        exit(2);
    return watched_instance;
}

/* An object, never NULL, whose bytes are 1. */
static inline char *watched_object(frusa_t *f, size_t size, size_t align)
{
    char *p = frusa_alloc(f, size, align);
    if (p == NULL)
        exit(2);
    memset(p, 1, size);
    return p;
}

#endif /* WATCHED_H */
