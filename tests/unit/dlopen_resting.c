/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* A library that reclaims its static instance when it is closed, and does not destroy it. */
#include "dlopen_module.h"

#include <frusa.h>

#include <string.h>

static frusa_t heap = FRUSA_INITIALIZER(NULL, NULL);

__attribute__((destructor)) static void end(void)
{
    struct frusa_stats stats;
    frusa_reclaim(&heap);
    frusa_get_stats(&heap, &stats);
}

__attribute__((visibility("default"))) int module_use(size_t rounds)
{
    for (size_t i = 0; i < rounds; i++) {
        size_t size = 1 + i % 1000;
        char *p = frusa_alloc(&heap, size, 0);
        if (p == NULL)
            return -1;
        memset(p, 1, size);
        frusa_dealloc(&heap, p, size, 0);
    }
    return 0;
}

__attribute__((visibility("default"))) size_t module_reclaim(void)
{
    return frusa_reclaim(&heap);
}
