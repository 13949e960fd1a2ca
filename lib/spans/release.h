/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Handing retired spans to the fallback: sorted by address, in batches, with no lock held. */
#ifndef FR_RELEASE_H
#define FR_RELEASE_H

#include "spans/meta.h"

/*
 * Gives the spans of a private list (linked by in_slab.next, NULL-terminated; all of one kind, data or
 * metadata) back to the fallback, and their descriptors to the metadata slabs. Returns the bytes.
 */
size_t fr_release_retired(struct fr_heap *h, struct fr_link *retired, enum fr_span_kind kind);

/* Gives empty metadata spans back until *want bytes went back; lowers *want by that and returns it. */
size_t fr_release_empty_metadata(struct fr_heap *h, size_t *want);

/* Gives every span and large object back, whatever lives in it. Nobody else uses the heap any more. */
void fr_release_everything(struct fr_heap *h);

#endif /* FR_RELEASE_H */
