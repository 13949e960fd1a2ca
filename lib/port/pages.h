/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Pages from the operating system. Everything here leaves errno alone and may be called from any
 * thread. Addresses and sizes are multiples of fr_page_size(), sizes are not 0.
 *
 * Where a system lacks something, the call does nothing and says so by its return value: none of
 * the callers depends on anything but map, unmap and discard.
 */
#ifndef FR_PORT_PAGES_H
#define FR_PORT_PAGES_H

#include <frusa.h>

#include <stddef.h>

#include "port/compiler.h"
#include "port/system.h"

/* The bytes of a page of the operating system, a power of two. Without a system it is the library's
 * own page. */
#if FR_HOSTED
size_t fr_page_size(void);
#else
static inline size_t fr_page_size(void)
{
    return 4096;
}
#endif

/*
 * Returns `size` bytes of private, writable, zero-filled memory at a multiple of `align` (a power
 * of two), none of it resident yet; NULL when the system refuses.
 */
void *fr_pages_map(size_t size, size_t align);

/* Ends a mapping or a part of one. 0: the system refused (too many mappings), nothing has
 * changed. */
int fr_pages_unmap(void *p, size_t size);

/*
 * Gives a mapping a new size, moving its pages without copying where it must move; `align` as at
 * map. Returns its address, or NULL with the mapping as it was. Pages that come to it are zero.
 */
void *fr_pages_remap(void *p, size_t old_size, size_t align, size_t new_size);

/*
 * Makes pages resident for writing, their contents unchanged; returns non-zero when all of them
 * are. A system call per batch instead of a page fault per page.
 */
int fr_pages_populate(void *p, size_t size);

/* Non-zero when the page at `p` is known to be resident. For tests and debugging: mincore is no
 * basic call. */
int fr_pages_is_resident(void *p);

/* At most so many ranges in one call of fr_pages_discard, and the words of its result. The ranges
 * lie on the stack of the caller: half a KiB. */
#define FR_DISCARD_MAX   32
#define FR_DISCARD_WORDS ((FR_DISCARD_MAX + FR_WORD_BITS - 1) / FR_WORD_BITS)

/*
 * Gives the memory of `n` ranges back to the system while they stay mapped: they read as zeroes
 * afterwards. A range that the system refuses (pages locked in memory, a system call filter) keeps
 * its contents, in part perhaps, and its bit in `refused` is set; the others' are clear. Returns
 * the bytes of the ranges that were not refused.
 */
size_t fr_pages_discard(const struct frusa_range *ranges, size_t n, size_t *refused);

/* Asks for (or against) huge pages in a range, from now on: what is resident stays as it is. */
enum fr_page_kind { FR_PAGES_SMALL, FR_PAGES_HUGE };
void fr_pages_advise(void *p, size_t size, enum fr_page_kind kind);

/*
 * To be called when most of the huge pages in a range has been discarded: the kernel splits what
 * is left of them, so that the discarded parts become free memory at once. Otherwise it does that
 * when memory runs short; they do not count as resident either way.
 */
void fr_pages_split(void *p, size_t size);

/* Tries the optional calls, once for the process (port/syscalls.h). */
void fr_pages_prepare(void);

#endif /* FR_PORT_PAGES_H */
