/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "spans/rhythm.h"

#include "port/clock.h"

/* Turns before something is added. */
#define TURNS 2
/* A turn is worth this part of the bound at least. */
#define TURN_SHARE 8
/* What is added at most, in bounds. */
#define EXTRA_MOST 7
/* Seconds after which memory that went back is not missed, and added memory halves. */
#define MEMORY_SECONDS 5
/* Less than this is not worth keeping. */
#define EXTRA_LEAST ((size_t)1 << 20)

/* The bound that counts: that on kept blocks where there is no other. */
static size_t base_of(const struct fr_rhythm *r)
{
    size_t set = fr_load_relaxed(&r->set);
    return set == (size_t)-1 ? fr_load_relaxed(&r->kept_set) : set;
}

static void set_extra(struct fr_rhythm *r, size_t extra)
{
    size_t set = fr_load_relaxed(&r->set);
    fr_store_relaxed(&r->extra, extra);
    fr_store_relaxed(&r->bound, set == (size_t)-1 ? set : set + extra);
}

void fr_rhythm_set(struct fr_heap *h, size_t bound, size_t kept_bound)
{
    struct fr_rhythm *r = &h->rhythm;
    fr_store_relaxed(&r->set, bound);
    fr_store_relaxed(&r->kept_set, kept_bound);
    fr_store_relaxed(&r->turns, 0);
    fr_store_relaxed(&r->given, 0);
    set_extra(r, 0);
}

size_t fr_rhythm_kept_bound(const struct fr_heap *h)
{
    size_t set = fr_load_relaxed(&h->rhythm.kept_set);
    return set ? set + fr_load_relaxed(&h->rhythm.extra) : 0;
}

static int is_recent(const struct fr_rhythm *r)
{
    return fr_clock_seconds() - fr_load_relaxed(&r->last) < MEMORY_SECONDS;
}

/* What was missed since memory went back the last time is added in the end. */
static void turn(struct fr_rhythm *r, size_t missed)
{
    size_t most = base_of(r) * EXTRA_MOST;
    size_t extra = fr_load_relaxed(&r->extra);
    size_t turns = fr_load_relaxed(&r->turns) + 1;
    fr_store_relaxed(&r->turns, turns);
    fr_store_relaxed(&r->missed, 0);
    if (turns >= TURNS)
        set_extra(r, missed < most - extra ? extra + missed : most);
}

void fr_rhythm_given(struct fr_heap *h, size_t bytes)
{
    struct fr_rhythm *r = &h->rhythm;
    size_t base = base_of(r);
    size_t now = fr_clock_seconds();
    if (base < FR_RHYTHM_LEAST || base > (size_t)-1 / (EXTRA_MOST + 1) || now == 0)
        return;
    size_t missed = fr_load_relaxed(&r->missed);
    if (!is_recent(r)) {
        fr_store_relaxed(&r->turns, 0);
        fr_store_relaxed(&r->missed, 0);
        fr_store_relaxed(&r->given, 0);
    } else if (missed >= base / TURN_SHARE) {
        turn(r, missed);
    }
    fr_store_relaxed(&r->last, now);
    fr_fetch_add_relaxed(&r->given, bytes);
}

void fr_rhythm_taken(struct fr_heap *h, size_t bytes)
{
    struct fr_rhythm *r = &h->rhythm;
    size_t given = fr_load_relaxed(&r->given);
    if (given == 0 || !is_recent(r))
        return;
    size_t missed = bytes < given ? bytes : given;
    fr_store_relaxed(&r->given, given - missed);
    fr_fetch_add_relaxed(&r->missed, missed);
}

/* What was added is in use while idle memory goes up and down: above the bound that was set, where
 * it would have gone back, and below half of it. */
static void note_swing(struct fr_rhythm *r, size_t empty)
{
    size_t base = base_of(r);
    if (empty > base)
        fr_store_relaxed(&r->high, 1);
    else if (empty <= base / 2 && fr_load_relaxed(&r->high)) {
        fr_store_relaxed(&r->high, 0);
        fr_store_relaxed(&r->last, fr_clock_seconds());
    }
}

int fr_rhythm_fade(struct fr_heap *h)
{
    struct fr_rhythm *r = &h->rhythm;
    size_t extra = fr_load_relaxed(&r->extra);
    if (extra == 0)
        return 0;
    note_swing(r, fr_load_relaxed(&h->empty_bytes));
    if (is_recent(r))
        return 0;
    fr_store_relaxed(&r->last, fr_clock_seconds());
    set_extra(r, extra / 2 < EXTRA_LEAST ? 0 : extra / 2);
    return 1;
}
