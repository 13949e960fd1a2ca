/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * What doc/WALKTHROUGH.md tells: the numbers of a thread's first allocation, and the files that
 * the allocation and a reclaim enter. Built together with the library's sources, by
 * -finstrument-functions, so that inlined functions count.
 *
 * Prints "fact NAME NUMBER", and "enter STEP ADDRESS" for each function in the order in which it
 * was first entered.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "cache/cache.h"
#include "cache/registry.h"

#define ENTERED_MAX 1024

static const void *entered[ENTERED_MAX];
static size_t entered_n;
static int is_recording;

void __cyg_profile_func_enter(void *function, void *caller);
void __cyg_profile_func_exit(void *function, void *caller);

__attribute__((no_instrument_function)) void __cyg_profile_func_enter(void *function, void *caller)
{
    (void)caller;
    if (!is_recording || entered_n == ENTERED_MAX)
        return;
    for (size_t i = 0; i < entered_n; i++)
        if (entered[i] == function)
            return;
    entered[entered_n++] = function;
}

__attribute__((no_instrument_function)) void __cyg_profile_func_exit(void *function, void *caller)
{
    (void)function;
    (void)caller;
}

static void print_entered(const char *step)
{
    is_recording = 0;
    for (size_t i = 0; i < entered_n; i++)
        printf("enter %s %#" PRIxPTR "\n", step, (uintptr_t)entered[i]);
    entered_n = 0;
}

static void print_facts(const struct fr_instance *inst, const void *object)
{
    unsigned cls = fr_class_of_layout(100, 8);
    struct frusa_cache *c = fr_registry_find(inst);
    const struct fr_span *s = fr_entry_span(fr_pagemap_get(&inst->heap.map, object));
    printf("fact object-bytes %zu\n", fr_class_size(cls));
    printf("fact class %u\n", cls);
    printf("fact array-slots %u\n", c->info[cls].capacity);
    printf("fact span-bytes %zu\n", s->bytes);
    printf("fact span-objects %u\n", s->capacity);
    printf("fact reserved %zu\n", fr_load_relaxed(&s->count));
    printf("fact cached %zu\n", fr_cache_bytes(c, cls, 1) / fr_class_size(cls));
    printf("fact header-bytes %zu\n", FR_CACHE_BYTES);
    printf("fact batch-ranges %d\n", FR_BATCH_RANGES);
}

static void *take(void *ctx, size_t size, size_t align)
{
    (void)ctx;
    return aligned_alloc(align, size);
}

static void give(void *ctx, void *p, size_t size, size_t align)
{
    (void)ctx;
    (void)size;
    (void)align;
    free(p);
}

/* Nothing is really purged. */
static size_t purge(void *ctx, const struct frusa_range *ranges, size_t n)
{
    size_t bytes = 0;
    (void)ctx;
    for (size_t i = 0; i < n; i++)
        bytes += ranges[i].size;
    return bytes;
}

int main(void)
{
    static const struct frusa_fallback_ops ops = {.alloc = take, .dealloc = give, .purge = purge};
    frusa_t *heap = frusa_create(&ops);
    if (!heap)
        return 1;
    is_recording = 1;
    void *object = frusa_alloc(heap, 100, 8);
    print_entered("allocation");
    if (!object)
        return 1;
    print_facts(fr_instance_of(heap), object);
    void *second = frusa_alloc(heap, 3000, 8);
    frusa_dealloc(heap, second, 3000, 8);
    is_recording = 1;
    frusa_reclaim(heap);
    print_entered("reclaim");
    frusa_destroy(heap);
    return 0;
}
