/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* A library that uses instances of its own, for test_dlopen. */
#include "dlopen_module.h"

#include <frusa.h>

#include <string.h>

static frusa_t heap = FRUSA_4K_INITIALIZER(NULL);
static frusa_t *second_heap;

__attribute__((constructor)) static void begin(void)
{
    second_heap = frusa_create(&frusa_fallback_malloc);
}

/* A library gives its instances up before its memory goes. */
__attribute__((destructor)) static void end(void)
{
    frusa_destroy(&heap);
    frusa_destroy(second_heap);
}

__attribute__((visibility("default"))) int module_use(size_t rounds)
{
    for (size_t i = 0; i < rounds; i++) {
        size_t size = 1 + i % 1000;
        char *p = frusa_alloc(&heap, size, 0), *q = frusa_malloc(second_heap, size * 2);
        if (p == NULL || q == NULL)
            return -1;
        memset(p, 1, size);
        memset(q, 2, size * 2);
        frusa_dealloc(&heap, p, size, 0);
        if (i % 10 != 0)
            frusa_free(second_heap, q);
    }
    return 0;
}

__attribute__((visibility("default"))) size_t module_reclaim(void)
{
    return frusa_reclaim(&heap) + frusa_reclaim(second_heap);
}
