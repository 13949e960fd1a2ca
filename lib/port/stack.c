/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "port/stack.h"

#include <limits.h> /* says which C library this is */
#include <link.h>
#include <stdint.h>

#include "port/atomic.h"
#include "port/compiler.h"

#if defined(__GLIBC__)
#include <execinfo.h>
#endif

/* The code of this library as the linker mapped it; empty in a program that holds the library
 * itself. Stored once: start last, with release. */
static struct {
    fr_atomic start;
    fr_atomic end;
} own_code;

/* The segments of one object; non-zero ends the search. */
static int note_own_code(struct dl_phdr_info *info, size_t size, void *arg)
{
    uintptr_t here = (uintptr_t)arg;
    (void)size;
    for (size_t i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *segment = &info->dlpi_phdr[i];
        uintptr_t start = info->dlpi_addr + segment->p_vaddr;
        if (segment->p_type != PT_LOAD || here < start || here - start >= segment->p_memsz)
            continue;
        if (info->dlpi_name && info->dlpi_name[0]) {
            fr_store_relaxed(&own_code.end, start + segment->p_memsz);
            fr_store_release(&own_code.start, start);
        }
        return 1;
    }
    return 0;
}

static int is_own(const void *address)
{
    uintptr_t a = (uintptr_t)address;
    return a >= fr_load_acquire(&own_code.start) && a < fr_load_relaxed(&own_code.end);
}

#if defined(__GLIBC__)
static size_t walk(const void **addresses, size_t room)
{
    int n = backtrace((void **)(size_t)addresses, (int)room);
    return n > 0 ? (size_t)n : 0;
}
#else
#include <pthread.h>

/* The bounds of the thread's stack; 0: unknown. */
static int find_stack(uintptr_t *low, uintptr_t *high)
{
    pthread_attr_t attr;
    void *base;
    size_t size;
    if (pthread_getattr_np(pthread_self(), &attr) != 0)
        return 0;
    int known = pthread_attr_getstack(&attr, &base, &size) == 0;
    pthread_attr_destroy(&attr);
    *low = known ? (uintptr_t)base : 0;
    *high = known ? (uintptr_t)base + size : 0;
    return known;
}

/* A frame begins with the address of the caller's and the return address. That is so with x86 and
 * with arm64. Each frame must lie further up, on the thread's stack: what a function without frame
 * pointers has in the register is any number. */
static size_t walk(const void **addresses, size_t room)
{
    uintptr_t low;
    uintptr_t high;
    size_t n = 0;
    uintptr_t frame = (uintptr_t)__builtin_frame_address(0);
    if (!find_stack(&low, &high))
        return 0;
    while (n < room && frame % sizeof(void *) == 0 && frame >= low &&
           frame < high - 2 * sizeof(void *)) {
        const void *const *words = (const void *const *)frame;
        low = frame + 1;
        if (!words[1])
            break;
        addresses[n++] = words[1];
        frame = (uintptr_t)words[0];
    }
    return n;
}
#endif

void fr_stack_prepare(void)
{
    const void *unused[4];
    dl_iterate_phdr(note_own_code, (void *)(uintptr_t)fr_stack_prepare);
    walk(unused, sizeof(unused) / sizeof(unused[0]));
}

size_t fr_stack_walk(const void **addresses, size_t room)
{
    size_t n = walk(addresses, room);
    size_t own = 0;
    while (own < n && is_own(addresses[own]))
        own++;
    for (size_t i = own; i < n; i++)
        addresses[i - own] = addresses[i];
    return n - own;
}
