/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* What the library itself needs of the mmap provider. */
#ifndef FR_FALLBACK_MMAP_H
#define FR_FALLBACK_MMAP_H

#include <stddef.h>

#include <frusa.h>

/*
 * Around fork, with the gate closed for providers (base/gate.h): prepare waits until the provider
 * does not change any more. In the child it is as it was then. Granules that a vanished thread was
 * in a call with stay used in the child.
 */
void fr_fallback_mmap_fork_prepare(void);
void fr_fallback_mmap_fork_child(void);

/* As frusa_fallback_mmap.alloc, for blocks that may be hardly used: nothing is resident before it
 * is touched, and huge pages come only in mode ALWAYS. */
void *fr_fallback_mmap_alloc_sparse(void *ctx, size_t size, size_t align);

/*
 * When huge pages are asked for, for memory taken from now on:
 *   AUTO    once the heap has grown (the default); the kernel decides in its modes "always" and
 *           "madvise"
 *   NEVER   not even where the kernel's mode is "always"
 *   ALWAYS  from the first byte: a small program then holds at least 2 MiB
 * In the kernel's mode "never" they all behave like NEVER.
 */
void fr_fallback_mmap_set_huge(int mode);

/* Unmaps an empty chunk that is kept for reuse; 0 when there is none. For callers that the system
 * refuses. */
int fr_fallback_mmap_let_go(void);

/*
 * Blocks may be given back in parts of whole pages, and neighbours as one block. Such a part or
 * union lies in one chunk or in none, and its chunk has granules of a page. Mappings of their own
 * are counted, so the provider is told: join, before two neighbours (`high` is the first byte of
 * the upper one) are taken for one; cut, before one is taken for two. 0: not those.
 */
int fr_fallback_mmap_join(const void *low, const void *high);
int fr_fallback_mmap_cut(const void *at);

/* What the provider holds, in bytes unless the name says otherwise. */
struct fr_mmap_state {
    size_t chunks;       /* number */
    size_t chunk_bytes;  /* address space of chunks */
    size_t used;         /* handed out from chunks, and held by calls in progress */
    size_t ahead;        /* free and resident */
    size_t own_mappings; /* requests with a mapping of their own */
    size_t advised;      /* of chunk_bytes, where huge pages are asked for */
};
void fr_fallback_mmap_state(struct fr_mmap_state *out);

/* Checks the invariants of all chunks and of the index; for tests and debugging. */
int fr_fallback_mmap_is_valid(void);

#endif /* FR_FALLBACK_MMAP_H */
