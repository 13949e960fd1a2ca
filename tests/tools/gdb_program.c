/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* What gdb.sh looks into: an instance with objects in each state. */
#include <frusa.h>

static frusa_t heap = FRUSA_INITIALIZER(NULL, NULL);
static void *live, *cached, *given, *large;
static char elsewhere;

/* gdb.sh stops here. */
__attribute__((noinline)) void stop_here(void *object)
{
    __asm__ volatile("" : : "r"(object) : "memory");
}

/* Half of the crowd is free: in the magazine, and kept in spans that the cache owns. */
static void thin_out(void)
{
    static void *crowd[2000];
    for (int i = 0; i < 2000; i++)
        crowd[i] = frusa_alloc(&heap, 200, 0);
    for (int i = 0; i < 2000; i += 2)
        frusa_dealloc(&heap, crowd[i], 200, 0);
}

int main(void)
{
    live = frusa_alloc(&heap, 100, 0);
    cached = frusa_alloc(&heap, 100, 0);
    given = frusa_alloc(&heap, 300, 0);
    void *kept = frusa_alloc(&heap, 300, 0);
    large = frusa_alloc(&heap, 3u << 20, 0);
    frusa_dealloc(&heap, given, 300, 0);
    frusa_thread_flush(&heap);
    thin_out();
    frusa_dealloc(&heap, cached, 100, 0);
    stop_here(&elsewhere);
    frusa_dealloc(&heap, kept, 300, 0);
    frusa_dealloc(&heap, large, 3u << 20, 0);
    return live == NULL;
}
