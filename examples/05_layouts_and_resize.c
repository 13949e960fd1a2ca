/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Two families of calls for the same objects. One names the layout, size and alignment, at both
 * ends; that is the fastest way, as the library need not look the object up. The other is malloc's.
 */
#include <frusa.h>

#include <stdint.h>
#include <stdio.h>
#include <string.h>

/* Prints what was expected when it does not hold, and makes the program fail. */
static int failed;

static void expect(int holds, const char *what)
{
    if (!holds) {
        fprintf(stderr, "expected: %s\n", what);
        failed = 1;
    }
}

/* A vector of doubles for SIMD code: 64-byte aligned, and stays so when it grows. */
static void grow_aligned(frusa_t *heap)
{
    double *v = frusa_alloc_zeroed(heap, 100 * sizeof *v, 64);
    if (v == NULL) {
        expect(0, "memory for 100 doubles");
        return;
    }
    expect((uintptr_t)v % 64 == 0 && v[99] == 0.0, "zeros at a multiple of 64");
    v[99] = 2.5;

    /* The old layout goes in, and the new size. NULL would leave the old object as it was. */
    double *w = frusa_realloc(heap, v, 100 * sizeof *v, 64, 5000 * sizeof *v);
    if (w == NULL) {
        expect(0, "memory for 5000 doubles");
        frusa_dealloc(heap, v, 100 * sizeof *v, 64);
        return;
    }
    expect((uintptr_t)w % 64 == 0 && w[99] == 2.5, "the contents at a multiple of 64");
    frusa_dealloc(heap, w, 5000 * sizeof *w, 64);
}

/* A string buffer that asks how much it gets, and grows in place as far as that goes. */
static void use_all_of_it(frusa_t *heap)
{
    size_t room = frusa_good_size(heap, 100, 1);
    printf("a request of 100 bytes gets %zu\n", room);
    char *s = frusa_alloc(heap, 100, 1);
    if (s == NULL) {
        expect(0, "memory for 100 bytes");
        return;
    }
    expect(room >= 100 && frusa_usable_size(heap, s) >= 100, "at least the size asked for");

    char *same = frusa_realloc(heap, s, 100, 1, room);
    expect(same == s, "no move within the size class");
    if (same != NULL) {
        memset(same, 'x', room);
        frusa_dealloc(heap, same, room, 1);
    }
}

/* An object from one family may go through the other. */
static void mix(frusa_t *heap)
{
    int *numbers = frusa_calloc(heap, 10, sizeof *numbers);
    if (numbers == NULL) {
        expect(0, "memory for 10 numbers");
        return;
    }
    numbers[9] = 7;
    int *more = frusa_resize(heap, numbers, 1000 * sizeof *numbers);
    if (more == NULL) {
        expect(0, "memory for 1000 numbers");
        frusa_free(heap, numbers);
        return;
    }
    expect(more[0] == 0 && more[9] == 7, "the contents after the resize");
    frusa_dealloc(heap, more, 1000 * sizeof *more, 0); /* align 0: that of malloc */

    void *page = frusa_alloc(heap, 4096, 4096);
    expect(page != NULL && (uintptr_t)page % 4096 == 0, "a page");
    frusa_free(heap, page);
}

int main(void)
{
    frusa_t *heap = frusa_create(NULL);
    if (heap == NULL) {
        perror("frusa_create");
        return 1;
    }
    grow_aligned(heap);
    use_all_of_it(heap);
    mix(heap);
    frusa_destroy(heap);
    return failed;
}
