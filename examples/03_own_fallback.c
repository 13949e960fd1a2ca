/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * A fallback of one's own: where an instance takes its memory from. This one passes every call on
 * to the C library and counts the bytes that are out. The context pointer makes it a fallback per
 * subsystem.
 */
#include <frusa.h>

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

struct budget {
    const char *name;
    atomic_size_t bytes; /* atomic: a fallback may be called from several threads at once */
    atomic_size_t calls;
};

/* Sizes and alignments are never 0, and a size is a multiple of 4096 as an alignment is; but not
 * always of its own alignment, as older C libraries want it for aligned_alloc. */
static void *budget_alloc(void *ctx, size_t size, size_t align)
{
    struct budget *budget = ctx;
    size_t rounded = (size + align - 1) / align * align;
    void *ptr = rounded < size ? NULL : aligned_alloc(align, rounded);
    if (ptr != NULL) {
        atomic_fetch_add(&budget->bytes, size);
        atomic_fetch_add(&budget->calls, 1);
    }
    return ptr; /* NULL: the caller of frusa_malloc gets NULL too */
}

/* Is told the size and the alignment of the allocation: nothing needs to be kept beside the
 * block. */
static void budget_dealloc(void *ctx, void *ptr, size_t size, size_t align)
{
    struct budget *budget = ctx;
    (void)align;
    atomic_fetch_sub(&budget->bytes, size);
    free(ptr);
}

int main(void)
{
    struct budget budget = {.name = "parser"};
    /* The operations are copied; the context must live as long as the instance. */
    const struct frusa_fallback_ops ops = {
        .alloc = budget_alloc, .dealloc = budget_dealloc, .ctx = &budget};
    frusa_t *heap = frusa_create(&ops);
    if (heap == NULL) {
        perror("frusa_create");
        return 1;
    }

    int complete = 1;
    for (int i = 0; i < 10000; i++) {
        complete &= frusa_malloc(heap, 100) != NULL;
    }
    size_t used = atomic_load(&budget.bytes);
    printf("%s: %zu bytes in %zu calls for 10000 objects of 100 bytes\n", budget.name, used,
           atomic_load(&budget.calls));

    /* Nothing was freed one by one: destroy gives all of it back. */
    frusa_destroy(heap);
    size_t left = atomic_load(&budget.bytes);
    printf("%s: %zu bytes after destroy\n", budget.name, left);
    return complete && used >= 1000000 && left == 0 ? 0 : 1;
}
