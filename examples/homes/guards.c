/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * A page without access on either side of every span, as a fallback.
 *
 * What it buys: a write that runs out of a span ends the program at once, and cannot reach another
 * span. With managed_max=1 each object has a span by itself, its pages framed by guards.
 * Guards are address space: they take no memory, but two more mappings a span.
 */
#define _GNU_SOURCE
#include "home.h"
#include "pages.h"

/* ---- The home: what a program copies -------------------------------------------------------- */

static void *home_alloc(void *ctx, size_t size, size_t align)
{
    (void)ctx;
    size_t guard = pages_round(1);
    void *block = pages_map(size, align, guard, PROT_NONE);
    if (block != NULL && mprotect(block, pages_round(size), PROT_READ | PROT_WRITE) != 0) {
        pages_unmap(block, size, guard);
        return NULL;
    }
    return block;
}

static void home_dealloc(void *ctx, void *ptr, size_t size, size_t align)
{
    (void)ctx, (void)align;
    pages_unmap(ptr, size, pages_round(1));
}

static const struct frusa_fallback_ops guarded = {
    .alloc = home_alloc, .dealloc = home_dealloc, .flags = FRUSA_FALLBACK_ZEROED};
static frusa_t heap = FRUSA_INITIALIZER(&guarded, NULL);

/* ---- The check ------------------------------------------------------------------------------ */

#define OBJECTS 20000

static int wires[2];
static size_t spans, bytes;

/* Whether a byte may be read: the kernel reports EFAULT in place of the signal. */
static int is_readable(const char *byte)
{
    char taken;
    return write(wires[1], byte, 1) == 1 && read(wires[0], &taken, 1) == 1;
}

static int check_span(const struct frusa_span_info *info, void *arg)
{
    (void)arg;
    const char *start = info->address;
    size_t length = pages_round(info->bytes);
    CHECK(is_readable(start) && is_readable(start + length - 1));
    CHECK(!is_readable(start - 1) && !is_readable(start + length));
    spans++;
    bytes += length;
    return 0;
}

int main(void)
{
    CHECK(pipe(wires) == 0);
    for (size_t i = 0; i < OBJECTS; i++) {
        char *object = frusa_alloc(&heap, 16 + i % 300 * 10, 0);
        CHECK(object != NULL);
        memset(object, 1, 16 + i % 300 * 10);
    }
    char *large = frusa_alloc(&heap, 5 << 20, 0);
    CHECK(large != NULL);
    CHECK(frusa_walk(&heap, check_span, NULL) == 0);
    CHECK(spans > 1);
    printf("%zu spans of %.1f MiB, each between two guards: %.1f %% more address space, no more "
           "memory\n",
           spans, bytes / MIB, 200.0 * spans * pages_round(1) / bytes);
    frusa_destroy(&heap);
    return 0;
}
