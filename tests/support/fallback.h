/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * A fallback for tests, over the C library's allocator. It counts, and requires that libfrusa
 * keeps its side of the contract: every block comes back once, with the size and align it went out
 * with; sizes and aligns are as promised; batches and purges ascend and lie inside blocks. On
 * request it fails calls, returns misaligned memory, or calls a hook from within each of its
 * functions.
 */
#ifndef SUPPORT_FALLBACK_H
#define SUPPORT_FALLBACK_H

#include <frusa.h>

#include "port/atomic.h"

#include <pthread.h>
#include <stddef.h>
#include <stdint.h>

/* What the fallback offers and how it behaves. */
enum fallback_feature {
    FALLBACK_RESIZE = 1, /* resize; grown blocks always move, shrunk ones move every other time */
    FALLBACK_BATCH = 2,  /* dealloc_batch */
    FALLBACK_PURGE = 4,  /* purge, which overwrites the ranges with junk */
    FALLBACK_ZEROED = 8, /* memory is zero, and said to be */
    FALLBACK_DIRTY = 16, /* memory is full of junk */
    FALLBACK_UNTRACKED = 32 /* only counters, no table of blocks: usable in a forked child */
};
#define FALLBACK_EVERYTHING (FALLBACK_RESIZE | FALLBACK_BATCH | FALLBACK_PURGE)

/* The functions of a fallback. */
enum fallback_call { CALL_ALLOC, CALL_DEALLOC, CALL_RESIZE, CALL_BATCH, CALL_PURGE, CALL_KINDS };

/* Which of the calls that may fail (alloc, resize, purge; counted from 1) do so. */
struct fault_plan {
    size_t fail[2];   /* these calls; 0: none */
    unsigned percent; /* and this share of all calls */
    uint64_t seed;    /* chosen by this seed */
    size_t misalign
        [2]; /* these calls of alloc (counted among all that may fail) return misaligned memory */
    unsigned misaligned_percent;
};

struct counting_fallback {
    struct frusa_fallback_ops ops; /* hand &ops to the instance */
    unsigned features;

    fr_atomic held_bytes, held_blocks; /* now with the instance */
    fr_atomic peak_bytes;              /* highest held_bytes */
    fr_atomic purged_bytes;            /* returned by purge, in total */
    fr_atomic calls[CALL_KINDS];       /* calls of each function */
    fr_atomic allocs;                  /* successful ones with proper alignment */
    fr_atomic deallocs;                /* blocks taken back that were properly aligned */
    fr_atomic returned_bytes;          /* length of all blocks taken back */

    fr_atomic fallible;  /* calls so far that may fail */
    fr_atomic refused;   /* calls that failed because of the plan */
    fr_atomic misplaced; /* calls that returned misaligned memory */
    struct fault_plan plan;

    /* Called at the beginning and at the end of each function, at most `hook_depth` deep per
     * thread. */
    void (*hook)(struct counting_fallback *fallback, enum fallback_call call, void *arg);
    void *hook_arg;
    unsigned hook_depth;

    pthread_mutex_t mutex; /* protects blocks */
    void *blocks;          /* binary search tree (tsearch) of blocks by address */
};

/* Prepares a fallback; `features` is a set of enum fallback_feature. */
void fallback_init(struct counting_fallback *fallback, unsigned features);

/* Requires that every block came back. */
void fallback_require_empty(struct counting_fallback *fallback);

/* Starts counting fallible calls anew, under this plan; NULL: nothing fails. */
void fallback_set_plan(struct counting_fallback *fallback, const struct fault_plan *plan);

/* Bytes, and blocks, that the instance holds. */
size_t fallback_held(const struct counting_fallback *fallback);
size_t fallback_blocks(const struct counting_fallback *fallback);

/* Returns 1 when the calling thread is inside a hook. */
int fallback_inside_hook(void);

#endif /* SUPPORT_FALLBACK_H */
