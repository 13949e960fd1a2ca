/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Handing retired spans to the fallback: sorted by address, in batches, with no lock held.
 *
 * What one call has to hand back is a job. Its batches are taken off under the lock of all spans,
 * by the thread whose job it is, and by others that are at the instance's limit: they help instead
 * of waiting for a fallback that may be slow. The job's owner returns when the job has no batch
 * left. Others may then still be inside the fallback with one.
 *
 *   withdrawn = bytes of retired spans on private lists and in jobs, and of those that threads are
 *   inside the fallback with
 *
 * Metadata. The descriptors of handed back data spans become free blocks, and metadata spans may
 * become empty by that. A reclaim releases empty metadata spans last. Another thread that hands
 * data spans back (a trim, a bounded reclaim, a helper) may be later than that. It asks whether a
 * pass over the metadata began since before the spans were retired, and if so makes one itself:
 *   [L.1] Either the reclaim's pass sees the blocks that the other thread freed, or the other
 *         thread sees that the pass began. Both do what they do first before a full fence.
 */
#ifndef FR_RELEASE_H
#define FR_RELEASE_H

#include "spans/meta.h"

/*
 * Gives the spans of a private list (linked by in_slab.next, NULL-terminated; all of one kind,
 * data or metadata) back to the fallback, and their descriptors to the metadata slabs; after data
 * spans also the metadata spans that a pass begun meanwhile may have missed [L.1]. `passes` is
 * what fr_release_passes returned before the spans were retired. Returns the bytes.
 */
size_t fr_release_retired(struct fr_heap *h, struct fr_link *retired, enum fr_span_kind kind,
                          size_t passes);

/* To be called after descriptors were freed: gives back the metadata spans that a pass begun since
 * the number of passes was `passes` may have missed [L.1]; returns the bytes. */
size_t fr_release_later_metadata(struct fr_heap *h, size_t passes);

/* Passes over the empty metadata spans, begun so far. */
size_t fr_release_passes(const struct fr_heap *h);

/* Gives empty metadata spans back until *want bytes went back; lowers *want by that and returns
 * it. */
size_t fr_release_empty_metadata(struct fr_heap *h, size_t *want);

/*
 * For a thread that is at the limit: hands back what other threads have retired, and waits, for
 * about a tenth of a second at most, while other threads are inside the fallback. Returns 0 when
 * nothing is on its way back, or the wait was in vain.
 */
int fr_release_help(struct fr_heap *h);

/* In the child of a fork: forgets the jobs of other threads. Their spans are lost to the child. */
void fr_release_after_fork(struct fr_heap *h);

#endif /* FR_RELEASE_H */
