/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "base/fallback.h"

#include "port/address.h"
#include "port/compiler.h"
#include "port/probe.h"
#include "base/lock.h"
#include "port/tools.h"

#define KNOWN_FLAGS FRUSA_FALLBACK_ZEROED

int fr_fallback_ops_valid(const struct frusa_fallback_ops *ops)
{
    if (!ops->alloc || !ops->dealloc || (ops->flags & ~KNOWN_FLAGS))
        return 0;
    for (size_t i = 0; i < sizeof(ops->reserved) / sizeof(ops->reserved[0]); i++)
        if (ops->reserved[i])
            return 0;
    return 1;
}

/* Books `size` bytes, unless that would exceed the limit. */
static int book(struct fr_backing *b, size_t size, int *at_limit)
{
    for (;;) {
        size_t held = fr_load_relaxed(&b->held);
        size_t limit = fr_load_relaxed(&b->limit);
        if (limit && (held > limit || size > limit - held)) {
            if (at_limit)
                *at_limit = 1;
            return 0;
        }
        if (size > (size_t)-1 - held)
            return 0;
        if (fr_cas_full(&b->held, held, held + size))
            return 1;
        fr_count(FR_EVENT_RETRY);
    }
}

void fr_fallback_set_limit(struct fr_backing *b, size_t limit)
{
    fr_store_relaxed(&b->limit, limit);
}

int fr_fallback_is_over_limit(const struct fr_backing *b)
{
    size_t limit = fr_load_relaxed(&b->limit);
    return limit && fr_load_relaxed(&b->held) > limit;
}

void fr_fallback_set_wake(struct fr_backing *b, void (*wake)(struct fr_backing *))
{
    fr_store_relaxed(&b->wake, (size_t)(uintptr_t)wake);
    fr_fence_full();
}

static void wake_up(struct fr_backing *b)
{
    void (*wake)(struct fr_backing *) =
        (void (*)(struct fr_backing *))(uintptr_t)fr_load_relaxed(&b->wake);
    if (FR_UNLIKELY(wake != NULL))
        wake(b);
}

static void unbook(struct fr_backing *b, size_t size)
{
    fr_fetch_sub_relaxed(&b->held, size);
}

/* Counts bytes that the fallback has handed out. The peak is taken from one counter's own result:
 * a sum of several counters, read one after the other, can count memory twice that changed its
 * purpose meanwhile. */
static void grant(struct fr_backing *b, size_t size, enum fr_purpose purpose)
{
    size_t granted = fr_fetch_add_relaxed(&b->granted, size) + size;
    fr_fetch_add_relaxed(&b->held_for[purpose], size);
    if (fr_fetch_max_relaxed(&b->peak, granted) < granted)
        for (unsigned i = 0; i < FR_PURPOSE_COUNT; i++)
            fr_store_relaxed(&b->peak_for[i], fr_load_relaxed(&b->held_for[i]));
}

/* Stops counting bytes that are about to go back. Before the call: during the call the fallback
 * may hand the same memory to another thread, and the peak would count the memory twice. */
static void ungrant(struct fr_backing *b, size_t size, enum fr_purpose purpose)
{
    fr_fetch_sub_relaxed(&b->held_for[purpose], size);
    fr_fetch_sub_relaxed(&b->granted, size);
}

static void *obtain(struct fr_backing *b, void *(*alloc)(void *, size_t, size_t), size_t size,
                    size_t align, enum fr_purpose purpose, int *at_limit)
{
    fr_lock_assert_none();
    if (!book(b, size, at_limit))
        return NULL;
    wake_up(b);
    void *p = alloc(b->ops.ctx, size, align);
    if (p && fr_is_aligned(p, align) && fr_address_in_range(p, size)) {
        fr_tools_taken(p, size, (b->ops.flags & FRUSA_FALLBACK_ZEROED) != 0);
        grant(b, size, purpose);
        fr_fetch_add_relaxed(&b->allocs, 1);
        FR_PROBE4(span_acquired, b, p, size, purpose);
        return p;
    }
    if (p)
        b->ops.dealloc(b->ops.ctx, p, size, align);
    fr_fetch_add_relaxed(&b->failures, 1);
    unbook(b, size);
    return NULL;
}

void *fr_fallback_alloc(struct fr_backing *b, size_t size, size_t align, enum fr_purpose purpose,
                        int *at_limit)
{
    return obtain(b, b->ops.alloc, size, align, purpose, at_limit);
}

void *fr_fallback_alloc_sparse(struct fr_backing *b, size_t size, size_t align,
                               enum fr_purpose purpose, int *at_limit)
{
    return obtain(b, b->alloc_sparse ? b->alloc_sparse : b->ops.alloc, size, align, purpose,
                  at_limit);
}

void fr_fallback_dealloc(struct fr_backing *b, void *ptr, size_t size, size_t align,
                         enum fr_purpose purpose)
{
    fr_lock_assert_none();
    fr_tools_given(ptr, size);
    FR_PROBE4(span_returned, b, ptr, size, purpose);
    ungrant(b, size, purpose);
    b->ops.dealloc(b->ops.ctx, ptr, size, align);
    fr_fetch_add_relaxed(&b->deallocs, 1);
    unbook(b, size);
}

void fr_fallback_dealloc_batch(struct fr_backing *b, const struct frusa_range *ranges, size_t n,
                               size_t align, enum fr_purpose purpose)
{
    size_t bytes = 0;
    fr_lock_assert_none();
    if (!b->ops.dealloc_batch || n == 1) {
        for (size_t i = 0; i < n; i++)
            fr_fallback_dealloc(b, ranges[i].ptr, ranges[i].size, align, purpose);
        return;
    }
    /* Summed first: the callee may reuse the memory that it is being given, this array's not. */
    for (size_t i = 0; i < n; i++) {
        fr_tools_given(ranges[i].ptr, ranges[i].size);
        FR_PROBE4(span_returned, b, ranges[i].ptr, ranges[i].size, purpose);
        bytes += ranges[i].size;
    }
    ungrant(b, bytes, purpose);
    b->ops.dealloc_batch(b->ops.ctx, ranges, n, align);
    fr_fetch_add_relaxed(&b->deallocs, n);
    unbook(b, bytes);
}

void fr_fallback_repurpose(struct fr_backing *b, size_t size, enum fr_purpose from,
                           enum fr_purpose to)
{
    fr_fetch_sub_relaxed(&b->held_for[from], size);
    fr_fetch_add_relaxed(&b->held_for[to], size);
}

size_t fr_fallback_purge(struct fr_backing *b, const struct frusa_range *ranges, size_t n)
{
    fr_lock_assert_none();
    size_t bytes = b->ops.purge ? b->ops.purge(b->ops.ctx, ranges, n) : 0;
    FR_PROBE3(purge, b, n, bytes);
    return bytes;
}

void *fr_fallback_resize(struct fr_backing *b, void *ptr, size_t old_size, size_t align,
                         size_t new_size, int *at_limit)
{
    fr_lock_assert_none();
    if (!b->ops.resize)
        return NULL;
    size_t more = new_size > old_size ? new_size - old_size : 0;
    size_t less = old_size > new_size ? old_size - new_size : 0;
    if (more && !book(b, more, at_limit))
        return NULL;
    ungrant(b, less, FR_FOR_LARGE);
    void *p = b->ops.resize(b->ops.ctx, ptr, old_size, align, new_size);
    grant(b, p ? more : less, FR_FOR_LARGE);
    unbook(b, p ? less : more);
    return p;
}
