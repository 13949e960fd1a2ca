/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * A kernel on libfrusa: the heap is a static instance over the page allocator, each of two
 * processors has an explicit cache. Both allocate, give objects to each other to free, and the
 * first one reclaims meanwhile. In the end the page allocator has as many free pages as in the
 * beginning. doc/PORTING.md says why each part is as it is.
 */
#include <frusa.h>

#include "machine.h"
#include "memory.h"

static frusa_t heap = FRUSA_INITIALIZER(&memory_fallback, NULL);

enum { PROCESSORS = 2, BOX = 64, ROUNDS = 60000, RECLAIM_EVERY = 4096, KEPT = 512 };

/* Objects on their way to the processor that frees them. */
struct object {
    size_t size;
    unsigned char fill;
};

static AO_t boxes[PROCESSORS][BOX]; /* pointers, or 0 */
static AO_t finished;               /* processors that allocate no more */
static AO_t gone;                   /* processors that have given their cache back */
static AO_t freed_elsewhere;        /* objects freed by the other processor */
static size_t reclaimed;            /* bytes, while both were busy */

static void panic(void *arg, const char *message)
{
    (void)arg;
    serial_line(message);
    machine_end(MACHINE_FAILED);
}

static void require(int condition, const char *what)
{
    if (!condition)
        panic(NULL, what);
}

/* ---- objects whose contents tell whether they are still as they were ---- */

static struct object *object_new(frusa_cache_t *cache, size_t size, unsigned char fill)
{
    struct object *o = frusa_cache_alloc(cache, size, 0);
    require(o != NULL, "out of memory");
    memset(o, fill, size);
    o->size = size;
    o->fill = fill;
    return o;
}

static void object_free(frusa_cache_t *cache, struct object *o)
{
    const unsigned char *bytes = (const unsigned char *)o;
    size_t size = o->size;
    for (size_t i = sizeof(*o); i < size; i++)
        require(bytes[i] == o->fill, "an object was overwritten");
    frusa_cache_dealloc(cache, o, size, 0);
}

/* A size for the n-th object: mostly small, now and then pages, now and then past what slabs
 * serve. */
static size_t size_for(size_t n)
{
    if (n % 4099 == 0)
        return (size_t)3 << 20;
    if (n % 257 == 0)
        return 20000 + n % 5 * 10000;
    return sizeof(struct object) + n * 7919 % 1000;
}

/* ---- what each processor does ---- */

/* Leaves an object, or NULL, in a box; returns what was there. */
static struct object *exchange(AO_t *box, struct object *o)
{
    AO_t before;
    do
        before = AO_load(box);
    while (!AO_compare_and_swap_full(box, before, (AO_t)o));
    return (struct object *)before;
}

static void free_what_came(frusa_cache_t *cache, size_t self)
{
    for (size_t i = 0; i < BOX; i++) {
        struct object *o = exchange(&boxes[self][i], NULL);
        if (!o)
            continue;
        object_free(cache, o);
        AO_fetch_and_add(&freed_elsewhere, 1);
    }
}

/* Puts an object into the other processor's box; what was there comes back, and is freed here. */
static void send(frusa_cache_t *cache, size_t to, size_t n, struct object *o)
{
    struct object *before = exchange(&boxes[to][n % BOX], o);
    if (before)
        object_free(cache, before);
}

static void work(size_t self)
{
    static struct object *kept[PROCESSORS][KEPT];
    frusa_cache_t *cache = frusa_cache_create(&heap);
    require(cache != NULL, "no memory for a cache");
    for (size_t n = 1; n <= ROUNDS; n++) {
        struct object **place = &kept[self][n % KEPT];
        if (*place)
            object_free(cache, *place);
        *place = object_new(cache, size_for(n), (unsigned char)n);
        send(cache, 1 - self, n, object_new(cache, size_for(n + 1), (unsigned char)(n + 1)));
        if (n % 16 == 0)
            free_what_came(cache, self);
        if (self == 0 && n % RECLAIM_EVERY == 0)
            reclaimed += frusa_reclaim(&heap);
    }
    for (size_t i = 0; i < KEPT; i++)
        if (kept[self][i])
            object_free(cache, kept[self][i]);
    AO_fetch_and_add_full(&finished, 1);
    while (AO_load_acquire(&finished) < PROCESSORS)
        free_what_came(cache, self);
    free_what_came(cache, self);
    frusa_cache_destroy(cache);
    AO_fetch_and_add_full(&gone, 1);
}

static void second_processor(void)
{
    serial_line("the second processor runs");
    work(1);
    for (;;)
        __asm__ volatile("cli; hlt");
}

/* ---- the first processor begins, and ends ---- */

static void report(void)
{
    struct frusa_stats stats;
    require(frusa_get_stats(&heap, &stats) == 0, "no statistics");
    serial_line_number("objects freed by the other processor: ", freed_elsewhere);
    serial_line_number("bytes reclaimed while both worked: ", reclaimed);
    serial_line_number("most bytes held at a time: ", stats.peak_allocated);
    serial_line_number("bytes held before the last reclaim: ", stats.allocated_from_fallback);
    serial_line_number("bytes reclaimed in the end: ", frusa_reclaim(&heap));
    require(frusa_get_stats(&heap, &stats) == 0, "no statistics");
    serial_line_number("bytes held in the end: ", stats.allocated_from_fallback);
}

void kernel_main(uint32_t start_info); /* called by boot.S */

void kernel_main(uint32_t start_info)
{
    serial_init();
    memory_init(start_info);
    frusa_set_panic_handler(panic, NULL);
    size_t before = memory_free_pages();
    require(before > 0, "the loader told of no memory");
    serial_line_number("free pages before: ", before);
    machine_start_second(second_processor);
    work(0);
    while (AO_load_acquire(&gone) < PROCESSORS)
        machine_relax();
    report();
    size_t after = memory_free_pages();
    serial_line_number("free pages after: ", after);
    serial_line(before == after ? "equal" : "NOT equal");
    machine_end(before == after ? MACHINE_DONE : MACHINE_FAILED);
}
