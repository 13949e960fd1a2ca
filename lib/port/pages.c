/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "port/pages.h"

#include "port/atomic.h"
#include "port/compiler.h"
#include "port/syscalls.h"
#include "port/tools.h"

#include <errno.h>
#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

#if defined(__linux__)
#include <sys/syscall.h>
#include <sys/uio.h>

/* Constants that are younger than the headers of supported systems; kernels that do not know them
 * answer with an error. */
#if !defined(MADV_COLD)
#define MADV_COLD 20 /* Linux 5.4 */
#endif
#if !defined(MADV_POPULATE_WRITE)
#define MADV_POPULATE_WRITE 23 /* Linux 5.14 */
#endif
#if !defined(SYS_process_madvise)
#define SYS_process_madvise 440 /* Linux 5.10, the same on all architectures */
#endif
#if !defined(PIDFD_SELF_THREAD)
#define PIDFD_SELF_THREAD -10000 /* Linux 6.15 */
#endif
#endif

/* What has been found out about an optional system call. Any thread may learn it; all learn the
 * same. */
enum { UNTRIED = 0, WORKS, REFUSED };

/* A build can pretend pages larger than the system's, to test what machines with such pages run
 * into: configure with CPPFLAGS=-DFR_PRETEND_PAGE_SIZE=65536. */
#if defined(FR_PRETEND_PAGE_SIZE)
size_t fr_page_size(void)
{
    return FR_PRETEND_PAGE_SIZE;
}
#define SLACK_SAVED 0
#else
#define SLACK_SAVED fr_page_size()

size_t fr_page_size(void)
{
    static fr_atomic cached;
    size_t size = fr_load_relaxed(&cached);
    if (FR_UNLIKELY(size == 0)) {
        long answer = sysconf(_SC_PAGESIZE);
        size = answer > 0 ? (size_t)answer : 4096;
        fr_store_relaxed(&cached, size);
    }
    return size;
}
#endif

/* `hint` is where the system maps if that place is free; NULL: anywhere. */
static char *map_at(void *hint, size_t size)
{
    void *p = mmap(hint, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return p == MAP_FAILED ? NULL : p;
}

/* Maps more than is asked for and cuts off what alignment does not need. A cut that is refused
 * leaves address space behind, no memory. */
static char *map_and_trim(size_t size, size_t align)
{
    size_t slack = align - SLACK_SAVED; /* the system's choice is aligned to its page */
    if (size > PTRDIFF_MAX - slack)
        return NULL;
    char *p = map_at(NULL, size + slack);
    if (!p)
        return NULL;
    size_t head = (size_t)(-(uintptr_t)p & (align - 1));
    if (head > 0)
        munmap(p, head);
    if (head < slack)
        munmap(p + head + size, slack - head);
    return p + head;
}

/* Maps at an aligned address. Tries without slack first: the slack may exceed a limit on address
 * space or on locked memory that the mapping itself fits in. The system chose the place next to a
 * mapping, so the aligned place just below it is free as a rule. Newer kernels align big mappings
 * by themselves. */
static char *map_aligned(size_t size, size_t align)
{
    char *p = map_at(NULL, size);
    if (!p || fr_is_aligned(p, align))
        return p;
    munmap(p, size);
    p = map_at(p - ((uintptr_t)p & (align - 1)), size);
    if (!p || fr_is_aligned(p, align))
        return p;
    munmap(p, size);
    return map_and_trim(size, align);
}

void *fr_pages_map(size_t size, size_t align)
{
    int saved = errno;
    char *p = size > PTRDIFF_MAX ? NULL : map_aligned(size, align);
    errno = saved;
    return p;
}

int fr_pages_unmap(void *p, size_t size)
{
    int saved = errno;
    int done = munmap(p, size) == 0;
    errno = saved;
    return done;
}

int fr_pages_is_resident(void *p)
{
#if defined(__linux__)
    int saved = errno;
    unsigned char state = 0;
    int known = mincore(p, 1, &state) == 0;
    errno = saved;
    return known && (state & 1);
#else
    (void)p;
    return 0;
#endif
}

#if defined(__linux__)
/*
 * An aligned target must be found first: the kernel's own choice is aligned to the page only. When
 * the move fails the kernel may have unmapped the target already, and another thread may own those
 * addresses by now; so they are not unmapped here. That costs address space, within a few mappings
 * of the system's limit only.
 */
static void *remap_aligned(void *p, size_t old_size, size_t align, size_t new_size)
{
    void *target = map_aligned(new_size, align);
    return target ? mremap(p, old_size, new_size, MREMAP_MAYMOVE | MREMAP_FIXED, target)
                  : MAP_FAILED;
}

void *fr_pages_remap(void *p, size_t old_size, size_t align, size_t new_size)
{
    int saved = errno;
    void *moved = new_size > PTRDIFF_MAX ? MAP_FAILED : mremap(p, old_size, new_size, 0);
    if (moved == MAP_FAILED && new_size <= PTRDIFF_MAX)
        moved = align > fr_page_size() ? remap_aligned(p, old_size, align, new_size)
                                       : mremap(p, old_size, new_size, MREMAP_MAYMOVE);
    errno = saved;
    return moved == MAP_FAILED ? NULL : moved;
}

int fr_pages_populate(void *p, size_t size)
{
    static fr_atomic state;
    if (fr_load_relaxed(&state) == REFUSED)
        return 0;
    int saved = errno;
    int done = madvise(p, size, MADV_POPULATE_WRITE) == 0;
    if (!done && (errno == EINVAL || errno == EPERM || errno == ENOSYS))
        fr_store_relaxed(&state, REFUSED);
    errno = saved;
    return done;
}

void fr_pages_advise(void *p, size_t size, enum fr_page_kind kind)
{
    int saved = errno;
    madvise(p, size, kind == FR_PAGES_HUGE ? MADV_HUGEPAGE : MADV_NOHUGEPAGE);
    errno = saved;
}

/* Of MADV_COLD's effects this wants only one: it splits huge pages that are mapped in part (Linux
 * 5.4). The other, that the pages left are the first to be swapped out, lasts until they are used
 * again. */
void fr_pages_split(void *p, size_t size)
{
    int saved = errno;
    madvise(p, size, MADV_COLD);
    errno = saved;
}

_Static_assert(sizeof(struct frusa_range) == sizeof(struct iovec) &&
                   offsetof(struct frusa_range, ptr) == offsetof(struct iovec, iov_base) &&
                   offsetof(struct frusa_range, size) == offsetof(struct iovec, iov_len),
               "an array of ranges is a vector for the kernel");

static fr_atomic vectors; /* UNTRIED, WORKS or REFUSED */

static long discard_call(const struct frusa_range *ranges, size_t n)
{
    return syscall(SYS_process_madvise, PIDFD_SELF_THREAD, ranges, n, MADV_DONTNEED, 0);
}

/* An empty vector tells as much as a real one: the kernel checks the rest first. Valgrind does not
 * know the call and would print a warning. */
void fr_pages_prepare(void)
{
    if (fr_load_relaxed(&vectors) != UNTRIED)
        return;
    int saved = errno;
    int works = fr_syscalls_kept_to() == FR_SYSCALLS_ALL && !fr_tools_valgrind() &&
                discard_call(NULL, 0) == 0;
    fr_store_relaxed(&vectors, works ? WORKS : REFUSED);
    errno = saved;
}

/*
 * Discards a vector of ranges with one system call; returns how many of the first ranges are done.
 *
 * The kernel takes MADV_DONTNEED for the calling process since 6.13, and instead of a file
 * descriptor a constant that names the caller since 6.15. Only the constant is used: a descriptor
 * would cost 6 us to open for each call, and one that is kept can be closed by the program, and
 * names the parent after fork.
 */
static size_t discard_vector(const struct frusa_range *ranges, size_t n)
{
    fr_pages_prepare(); /* for callers without an instance */
    if (n < 2 || fr_load_relaxed(&vectors) == REFUSED)
        return 0;
    long bytes = discard_call(ranges, n);
    if (bytes <= 0) {
        /* Refused as a whole, now or by a filter installed later? Then plain madvise from now on.
         * If it is the first range that is refused (pages locked in memory), this call still
         * works. */
        int transient = errno == EAGAIN || errno == EINTR || errno == ENOMEM;
        if (!transient && madvise(ranges[0].ptr, ranges[0].size, MADV_DONTNEED) == 0) {
            fr_store_relaxed(&vectors, REFUSED);
            return 1;
        }
        return 0;
    }
    size_t done = 0;
    while (done < n && (size_t)bytes >= ranges[done].size)
        bytes -= (long)ranges[done++].size;
    return done;
}

static int discard_one(const struct frusa_range *range)
{
    return madvise(range->ptr, range->size, MADV_DONTNEED) == 0;
}
#else
void *fr_pages_remap(void *p, size_t old_size, size_t align, size_t new_size)
{
    (void)p;
    (void)old_size;
    (void)align;
    (void)new_size;
    return NULL;
}

int fr_pages_populate(void *p, size_t size)
{
    (void)p;
    (void)size;
    return 0;
}

void fr_pages_advise(void *p, size_t size, enum fr_page_kind kind)
{
    (void)p;
    (void)size;
    (void)kind;
}

void fr_pages_split(void *p, size_t size)
{
    (void)p;
    (void)size;
}

void fr_pages_prepare(void)
{
}

static size_t discard_vector(const struct frusa_range *ranges, size_t n)
{
    (void)ranges;
    (void)n;
    return 0;
}

/* Elsewhere MADV_DONTNEED need not zero; a new mapping in the same place does. */
static int discard_one(const struct frusa_range *range)
{
    return mmap(range->ptr, range->size, PROT_READ | PROT_WRITE,
                MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) != MAP_FAILED;
}
#endif

size_t fr_pages_discard(const struct frusa_range *ranges, size_t n, size_t *refused)
{
    int saved = errno;
    size_t bytes = 0;
    for (size_t w = 0; w < FR_DISCARD_WORDS; w++)
        refused[w] = 0;
    for (size_t i = 0; i < n;) {
        size_t done = discard_vector(ranges + i, n - i);
        for (size_t end = i + done; i < end; i++)
            bytes += ranges[i].size;
        if (done > 0)
            continue;
        if (discard_one(&ranges[i]))
            bytes += ranges[i].size;
        else
            refused[i / FR_WORD_BITS] |= (size_t)1 << (i % FR_WORD_BITS);
        i++;
    }
    errno = saved;
    return bytes;
}
