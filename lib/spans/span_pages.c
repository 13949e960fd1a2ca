/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "spans/span_pages.h"

#include "base/count.h"
#include "port/pages.h"

struct fr_slot_run fr_span_slots_of_pages(const struct fr_span *s, size_t page, size_t pages)
{
    struct fr_slot_run run;
    size_t slots = fr_span_slots(s);
    run.first = page * FR_PAGE_SIZE / s->object_size;
    run.end = ((page + pages) * FR_PAGE_SIZE - 1) / s->object_size + 1;
    if (run.end > slots)
        run.end = slots;
    return run;
}

size_t fr_pages_next_run(size_t *set, size_t *pages)
{
    size_t first = fr_ctz(*set);
    size_t above = ~(*set >> first);
    size_t length = above ? fr_ctz(above) : FR_WORD_BITS;
    *pages = length;
    *set = length + first >= FR_WORD_BITS ? 0 : *set & (~(size_t)0 << (first + length));
    return first;
}

static int run_is_free(const struct fr_span *s, struct fr_slot_run run)
{
    for (size_t word = run.first / FR_WORD_BITS; word * FR_WORD_BITS < run.end; word++)
        if (fr_load_relaxed(&s->taken[word]) & fr_bits_mask(word, run.first, run.end))
            return 0;
    return 1;
}

/* Pages of the library in one of the system. */
static size_t unit_pages(void)
{
    size_t bytes = fr_page_size();
    return bytes > FR_PAGE_SIZE ? bytes / FR_PAGE_SIZE : 1;
}

/* The number of a span's page within its page of the system. */
static size_t place_in_unit(const struct fr_span *s, size_t page, size_t unit)
{
    return ((size_t)s->base / FR_PAGE_SIZE + page) & (unit - 1);
}

/* The whole pages of the system that lie in `set` but not in `marked`. */
static size_t whole_units(const struct fr_span *s, size_t set, size_t marked)
{
    size_t unit = unit_pages();
    size_t pages = s->bytes / FR_PAGE_SIZE;
    size_t whole = 0;
    for (size_t page = -place_in_unit(s, 0, unit) & (unit - 1); page + unit <= pages;
         page += unit) {
        size_t mask = fr_pages_mask(page, unit);
        if ((set & mask) == mask && (marked & mask) != mask)
            whole |= mask;
    }
    return whole;
}

size_t fr_span_free_pages(const struct fr_span *s)
{
    size_t pages = s->bytes / FR_PAGE_SIZE;
    size_t marked = fr_load_relaxed(&s->purged);
    /* What was never handed out holds no memory, and must go on counting as fresh. */
    size_t fresh = fr_load_relaxed(&s->fresh);
    size_t set = 0;
    if (pages > FR_WORD_BITS)
        return 0;
    for (size_t page = 0; page < pages; page++) {
        struct fr_slot_run run = fr_span_slots_of_pages(s, page, 1);
        if (run.first < run.end && run.end <= fresh && run_is_free(s, run))
            set |= (size_t)1 << page;
    }
    return whole_units(s, set, marked);
}

size_t fr_span_fitting_pages(const struct fr_span *s, size_t set, size_t most, size_t *slots)
{
    size_t unit = unit_pages();
    size_t fitting = 0;
    *slots = 0;
    while (set) {
        size_t pages;
        size_t page = fr_pages_next_run(&set, &pages);
        for (; pages; pages -= unit) {
            struct fr_slot_run run = fr_span_slots_of_pages(s, page, pages);
            size_t n = run.end - run.first;
            if (*slots + n > most)
                continue; /* try a shorter piece of the run */
            *slots += n;
            fitting |= fr_pages_mask(page, pages);
            break;
        }
        if (!pages)
            break;
    }
    return fitting;
}

static int take_bits(fr_atomic *word, size_t mask)
{
    for (;;) {
        size_t value = fr_load_relaxed(word);
        if (value & mask)
            return 0;
        if (fr_cas_acquire(word, value, value | mask))
            return 1;
        fr_count(FR_EVENT_RETRY);
    }
}

int fr_span_take_run(struct fr_span *s, struct fr_slot_run run)
{
    for (size_t word = run.first / FR_WORD_BITS; word * FR_WORD_BITS < run.end; word++) {
        if (take_bits(&s->taken[word], fr_bits_mask(word, run.first, run.end)))
            continue;
        struct fr_slot_run had = {run.first, word * FR_WORD_BITS};
        if (had.first < had.end)
            fr_span_untake_run(s, had);
        return 0;
    }
    return 1;
}

void fr_span_untake_run(struct fr_span *s, struct fr_slot_run run)
{
    for (size_t word = run.first / FR_WORD_BITS; word * FR_WORD_BITS < run.end; word++)
        fr_span_untake(s, word, fr_bits_mask(word, run.first, run.end));
}

size_t fr_span_mark(struct fr_span *s, size_t set)
{
    size_t marks;
    do
        marks = fr_load_relaxed(&s->purged);
    while (!fr_cas_relaxed(&s->purged, marks, marks | set));
    return fr_popcount(set & ~marks);
}

/* The set of the pages of the system, as far as they are the span's, that an object overlaps. */
static size_t pages_of(const struct fr_span *s, const void *object)
{
    size_t unit = unit_pages();
    size_t pages = s->bytes / FR_PAGE_SIZE;
    size_t offset = (size_t)((const char *)object - s->base);
    size_t first = offset / FR_PAGE_SIZE;
    size_t last = (offset + s->object_size - 1) / FR_PAGE_SIZE;
    size_t before = place_in_unit(s, first, unit);
    size_t end = last + unit - place_in_unit(s, last, unit);
    first = before < first ? first - before : 0;
    return fr_pages_mask(first, (end < pages ? end : pages) - first);
}

size_t fr_span_unmark(struct fr_span *s, const void *object)
{
    size_t touched = pages_of(s, object); /* a marked span is short */
    for (;;) {
        size_t marks = fr_load_relaxed(&s->purged);
        size_t cleared = marks & touched;
        if (!cleared || fr_cas_relaxed(&s->purged, marks, marks & ~cleared))
            return fr_popcount(cleared);
    }
}
