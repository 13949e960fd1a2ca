/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "spans/judge.h"

/* Whether an object of its kind begins at p. */
static int is_beginning(const struct fr_found *found, const void *p)
{
    if (found->cls == FR_CLASS_LARGE)
        return fr_span_base(found->span) == (const char *)p;
    if (fr_heap_is_checked(found->span->heap))
        return found->slot < fr_span_slots(found->span);
    size_t slot;
    return fr_span_slot_exactly(found->span, p, &slot);
}

enum fr_misuse_kind fr_judge(const struct fr_heap *h, const void *p, struct fr_found *found)
{
    fr_entry e = fr_pagemap_get(&h->map, p);
    found->span = fr_entry_span(e);
    found->cls = fr_entry_class(e);
    found->slot = 0;
    if (!found->span || fr_class_is_meta(found->cls))
        return FR_INVALID_POINTER;
    if (found->span->heap != h)
        return FR_WRONG_INSTANCE;
    if (found->cls != FR_CLASS_LARGE)
        found->slot = fr_span_slot_of(found->span, p);
    return is_beginning(found, p) ? FR_MISUSE_NONE : FR_INVALID_POINTER;
}

size_t fr_found_size(const struct fr_found *found)
{
    return found->cls == FR_CLASS_LARGE ? fr_load_relaxed(&found->span->large_size)
                                        : found->span->object_size;
}

int fr_diagnose(struct fr_heap *h, const void *p, struct fr_misuse *m)
{
    struct fr_found found;
    fr_pagemap_guard(&h->map);
    enum fr_misuse_kind kind = fr_judge(h, p, &found);
    size_t size = kind == FR_MISUSE_NONE ? fr_found_size(&found) : FR_UNKNOWN_SIZE;
    fr_pagemap_unguard(&h->map);
    return fr_misuse_note_size(m, kind == FR_MISUSE_NONE ? FR_LAYOUT_MISMATCH : kind, p, size);
}
