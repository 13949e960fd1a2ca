/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The order in which locks nest: a holder of one takes only those further down. */
#ifndef FR_RANK_H
#define FR_RANK_H

enum fr_lock_rank {
    FR_RANK_PROCESS = 1, /* the list of instances, threads' tables */
    FR_RANK_RECALL,      /* one instance's recalls */
    FR_RANK_REGISTRY,    /* one instance's list of caches */
    FR_RANK_SLAB,        /* one slab: its lists, and reservations */
    FR_RANK_SPANS,       /* one instance's lists of all spans */
    FR_RANK_PROVIDER,    /* a shipped fallback's own state */
    FR_RANK_PAGEMAP,     /* leaves of the page map; lookups by strangers */
    FR_RANK_PROFILE,     /* one instance's heap profile */
    FR_RANK_COUNT
};

#endif /* FR_RANK_H */
