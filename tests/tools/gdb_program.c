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

int main(void)
{
    live = frusa_alloc(&heap, 100, 0);
    cached = frusa_alloc(&heap, 100, 0);
    given = frusa_alloc(&heap, 300, 0);
    void *kept = frusa_alloc(&heap, 300, 0);
    large = frusa_alloc(&heap, 3u << 20, 0);
    frusa_dealloc(&heap, given, 300, 0);
    frusa_thread_flush(&heap);
    frusa_dealloc(&heap, cached, 100, 0);
    stop_here(&elsewhere);
    frusa_dealloc(&heap, kept, 300, 0);
    frusa_dealloc(&heap, large, 3u << 20, 0);
    return live == NULL;
}
