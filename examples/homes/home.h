/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* What the programs of this directory share: a check that ends the program, and their figures. */
#ifndef HOME_H
#define HOME_H

#include <frusa.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define KIB 1024.0
#define MIB (1024.0 * 1024.0)

#define CHECK(condition)                                                                           \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            fprintf(stderr, "%s:%d: failed: %s\n", __FILE__, __LINE__, #condition);                \
            exit(EXIT_FAILURE);                                                                    \
        }                                                                                          \
    } while (0)

/* The bytes that an instance holds from its fallback. */
static inline size_t held(frusa_t *heap)
{
    struct frusa_stats stats;
    CHECK(frusa_get_stats(heap, &stats) == 0);
    return stats.allocated_from_fallback + stats.large;
}

#endif /* HOME_H */
