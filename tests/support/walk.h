/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Sums over frusa_walk and the bounds that tests compare them with. */
#ifndef SUPPORT_WALK_H
#define SUPPORT_WALK_H

#include <frusa.h>

#include <stddef.h>

/* What stays once nothing is live and reclaim has returned. */
#define RECORD_MAX ((size_t)32 * 1024)
#define CACHE_MAX  ((size_t)16 * 1024)

struct walk_totals {
    size_t spans, span_bytes, slots, live, live_bytes, purged;
    size_t empty_spans, empty_bytes; /* spans without a live object */
    size_t large, large_bytes;
    size_t large_headroom; /* of large objects that were resized */
};

/* Walks the instance; requires that each row makes sense by itself. */
struct walk_totals walk_sum(frusa_t *f);

/* Returns the number of spans and large objects whose object_size is `object_size`. */
size_t walk_count_size(frusa_t *f, size_t object_size);

/* Requires that statistics, walk and each other agree while no other thread is inside; and, when
 * `held` is what the fallback knows to be handed out, that they agree with that too. */
void walk_require_consistent(frusa_t *f, size_t held);

/* Returns the bytes of live objects that the statistics show, large ones included. */
size_t stats_live_bytes(frusa_t *f);

#endif /* SUPPORT_WALK_H */
