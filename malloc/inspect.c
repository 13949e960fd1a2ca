/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* What glibc offers to look into malloc, and to tune it, as far as it has a meaning here. */
#include "family.h"

#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include <frusa.h>

#include "heap.h"
#include "port/compiler.h"
#include "port/error.h"

static struct frusa_stats stats_now(void)
{
    struct frusa_stats s;
    int saved = fr_save_errno();
    if (frusa_get_stats(&fr_malloc_heap, &s) != 0)
        memset(&s, 0, sizeof(s));
    fr_restore_errno(saved);
    return s;
}

/*
 * arena: held for spans; hblkhd: large objects, which come straight from the system; uordblks and
 * fordblks: the parts of arena that are in use and free. The rest is about glibc's inner workings:
 * 0.
 */
FR_EXPORT struct mallinfo2 mallinfo2(void)
{
    struct frusa_stats s = stats_now();
    struct mallinfo2 info;
    memset(&info, 0, sizeof(info));
    info.arena = s.allocated_from_fallback;
    info.hblkhd = s.large;
    info.usmblks = s.peak_allocated;
    info.uordblks = s.in_use;
    info.fordblks = s.allocated_from_fallback > s.in_use ? s.allocated_from_fallback - s.in_use : 0;
    return info;
}

static int clamp(size_t n)
{
    return n > INT_MAX ? INT_MAX : (int)n;
}

/* The old form, whose members wrap in glibc; here they stop at INT_MAX. */
static struct mallinfo narrow_info(void)
{
    struct mallinfo2 wide = mallinfo2();
    struct mallinfo info;
    memset(&info, 0, sizeof(info));
    info.arena = clamp(wide.arena);
    info.hblkhd = clamp(wide.hblkhd);
    info.usmblks = clamp(wide.usmblks);
    info.uordblks = clamp(wide.uordblks);
    info.fordblks = clamp(wide.fordblks);
    return info;
}

FR_EXPORT struct mallinfo mallinfo(void)
{
    return narrow_info();
}

FR_EXPORT struct mallinfo __libc_mallinfo(void)
{
    return narrow_info();
}

/*
 * 1: the parameter is known. It has no meaning here: it concerns how glibc arranges its memory, or
 * the contents of memory that no correct program reads (M_PERTURB), or nothing any more
 * (M_CHECK_ACTION). 0: it is unknown.
 */
FR_EXPORT int mallopt(int parameter, int value)
{
    (void)value;
    switch (parameter) {
    case M_MXFAST:
    case M_TRIM_THRESHOLD:
    case M_TOP_PAD:
    case M_MMAP_THRESHOLD:
    case M_MMAP_MAX:
    case M_CHECK_ACTION:
    case M_PERTURB:
    case M_ARENA_TEST:
    case M_ARENA_MAX:
        return 1;
    default:
        return 0;
    }
}

FR_ALIAS_OF(mallopt) int __libc_mallopt(int parameter, int value);

/*
 * The lines of glibc, in its words; its only arena is the spans. All memory comes from mmap, so
 * its peak is the peak of all that was held. Writes to the stream stderr, which the program may
 * have redirected. Not a cancellation point: a thread that ended here would leave its request for
 * statistics half done, where glibc goes on.
 */
FR_EXPORT void malloc_stats(void)
{
    struct frusa_stats s = stats_now();
    int saved = fr_save_errno();
    int state;
    pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &state);
    fprintf(stderr,
            "Arena 0:\n"
            "system bytes     = %10zu\n"
            "in use bytes     = %10zu\n"
            "Total (incl. mmap):\n"
            "system bytes     = %10zu\n"
            "in use bytes     = %10zu\n"
            "max mmap bytes   = %10zu\n",
            s.allocated_from_fallback, s.in_use, s.allocated_from_fallback + s.large,
            s.in_use + s.large, s.peak_allocated);
    pthread_setcancelstate(state, NULL);
    fr_restore_errno(saved);
}

/*
 * The result is XML, with elements of our own. Options other than 0 are an error: glibc's function
 * returns EINVAL for them, its manual says that errno has it.
 */
FR_EXPORT int malloc_info(int options, FILE *stream)
{
    if (options != 0) {
        errno = EINVAL;
        return EINVAL;
    }
    struct frusa_stats s = stats_now();
    int n = fprintf(stream,
                    "<malloc version=\"frusa-%s\">\n"
                    "<system type=\"current\" size=\"%zu\"/>\n"
                    "<system type=\"max\" size=\"%zu\"/>\n"
                    "<total type=\"in_use\" size=\"%zu\"/>\n"
                    "<total type=\"cached\" size=\"%zu\"/>\n"
                    "<total type=\"mmap\" size=\"%zu\"/>\n"
                    "<total type=\"purged\" size=\"%zu\"/>\n"
                    "</malloc>\n",
                    frusa_version(), s.allocated_from_fallback + s.large, s.peak_allocated,
                    s.in_use, s.cached, s.large, s.purged);
    return n < 0 ? -1 : 0;
}
