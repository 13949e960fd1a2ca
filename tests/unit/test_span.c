/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Spans by themselves: from an address to its slot, bits and counts, whole pages. No instance. */
#include "spans/heap.h"
#include "base/sizeclass.h"
#include "spans/span.h"
#include "spans/span_pages.h"
#include "port/pages.h"
#include "support/random.h"
#include "support/require.h"
#include "support/threads.h"
#include "unit/runner.h"

#include <stdlib.h>
#include <string.h>

enum { SLOTS_MAX = 4096 };

/* Spans whose memory nobody touches lie anywhere. */
#define BASE ((char *)((uintptr_t)64 << 20))

/* A span of `bytes` for a class, with a descriptor of its own; all of its slots free. */
static struct fr_span *make_span(unsigned cls, size_t bytes, size_t reserved)
{
    static struct fr_heap heap;
    size_t size = fr_span_descriptor_bytes(bytes / fr_class_size(cls), 0);
    struct fr_span *s = aligned_alloc(FR_SPAN_ALIGN, fr_align_up(size, FR_SPAN_ALIGN));
    REQUIRE(s != NULL);
    memset(s, 0, size);
    fr_span_init(s, &heap, cls, BASE, bytes, FR_PAGE_SIZE, 0, reserved);
    return s;
}

/* The same with the longest span that the class has. */
static struct fr_span *make_full_span(unsigned cls, size_t reserved)
{
    return make_span(cls, fr_class_span_bytes(cls, SIZE_MAX / 2), reserved);
}

static size_t count_of(const struct fr_span *s)
{
    return fr_load_relaxed(&s->count);
}

/* The slot of an object that was taken; it is one. */
static size_t slot_of(const struct fr_span *s, const void *object)
{
    size_t slot;
    REQUIRE(fr_span_slot_exactly(s, object, &slot));
    REQUIRE(fr_span_object(s, slot) == (const char *)object);
    return slot;
}

static void give(struct fr_span *s, const void *object)
{
    size_t slot = slot_of(s, object);
    size_t mask = (size_t)1 << (slot % FR_WORD_BITS);
    REQUIRE(fr_span_untake(s, slot / FR_WORD_BITS, mask) == mask);
    fr_fetch_sub_release(&s->count, 1);
}

/* The reciprocal finds the slot of every address, and what is no object. */
START_TEST(test_slot_of_every_address)
{
    for (unsigned cls = 0; cls < FR_CLASS_COUNT; cls++) {
        struct fr_span *s = make_full_span(cls, 0);
        size_t size = fr_class_size(cls);
        size_t step = size <= 1024 ? 1 : size / 1021;
        for (size_t offset = 0; offset < s->bytes; offset += step) {
            size_t slot;
            const char *p = BASE + offset;
            int is_object = offset % size == 0 && offset / size < s->capacity;
            REQUIRE(fr_span_slot_of(s, p) == offset / size);
            REQUIRE_MSG(fr_span_slot_exactly(s, p, &slot) == is_object, "offset %zu of size %zu",
                        offset, size);
            REQUIRE(slot == offset / size);
        }
        for (size_t slot = 0; slot < s->capacity; slot++)
            REQUIRE(slot_of(s, fr_span_object(s, slot)) == slot);
        free(s);
    }
}
END_TEST

/* Every slot once, each of them fresh; then there are as many as were reserved. */
START_TEST(test_take_all)
{
    for (unsigned cls = 0; cls < FR_CLASS_COUNT; cls++) {
        void *out[SLOTS_MAX];
        struct fr_span *s = make_full_span(cls, 0);
        unsigned char seen[SLOTS_MAX] = {0};
        fr_store_relaxed(&s->count, s->capacity);
        REQUIRE(s->capacity <= SLOTS_MAX && fr_span_slots(s) == s->capacity);
        REQUIRE(fr_span_taken_count(s) == 0);
        REQUIRE(fr_span_take(s, s->capacity, out) == 0);
        for (size_t i = 0; i < s->capacity; i++)
            REQUIRE(seen[slot_of(s, out[i])]++ == 0);
        REQUIRE(fr_span_taken_count(s) == s->capacity);
        REQUIRE(fr_load_relaxed(&s->fresh) == s->capacity);
        free(s);
    }
}
END_TEST

/* What is taken and given at random: nothing twice, and fresh is what was never taken. */
START_TEST(test_take_and_give)
{
    static const size_t sizes[] = {16, 48, 112, 1000, 5000};
    struct random r = random_stream(env_seed(43), 0);
    for (size_t k = 0; k < sizeof(sizes) / sizeof(sizes[0]); k++) {
        struct fr_span *s = make_full_span(fr_class_of_size(sizes[k]), 0);
        unsigned char taken[SLOTS_MAX] = {0};
        unsigned char ever[SLOTS_MAX] = {0};
        for (size_t step = 0; step < env_scale(20000, 2000); step++) {
            size_t free_slots = s->capacity - count_of(s);
            void *out[64];
            size_t n = random_below(&r, 64);
            if (n > free_slots)
                n = free_slots;
            if (n == free_slots && n > 0)
                n--; /* one stays, so that no lowering is from full */
            fr_fetch_add_acquire(&s->count, n);
            size_t fresh = n ? fr_span_take(s, n, out) : 0;
            for (size_t i = 0; i < n; i++) {
                size_t slot = slot_of(s, out[i]);
                REQUIRE(!taken[slot]);
                REQUIRE(slot < fresh || !ever[slot]);
                taken[slot] = ever[slot] = 1;
            }
            for (size_t slot = random_below(&r, 3); slot < s->capacity;
                 slot += 1 + random_below(&r, 5))
                if (taken[slot]) {
                    give(s, fr_span_object(s, slot));
                    taken[slot] = 0;
                }
            REQUIRE(fr_span_taken_count(s) == count_of(s));
        }
        free(s);
    }
}
END_TEST

START_TEST(test_untake_tells_what_was_set)
{
    struct fr_span *s = make_full_span(0, 3);
    void *out[3];
    ck_assert_uint_eq(fr_span_take(s, 3, out), 0);
    ck_assert_uint_eq(fr_span_untake(s, 0, 0x1a), 0x2);
    ck_assert_uint_eq(fr_span_untake(s, 0, 0x2), 0);
    ck_assert_uint_eq(fr_span_untake(s, 0, 0x5), 0x5);
    ck_assert_uint_eq(fr_span_taken_count(s), 0);
    free(s);
}
END_TEST

/* From full, and to none, lowering is left to the holder of the slab lock [S.4]. */
START_TEST(test_lower)
{
    struct fr_span *s = make_full_span(0, 0);
    fr_store_relaxed(&s->count, s->capacity);
    ck_assert_uint_eq(fr_span_lower(s, 1), 0);
    ck_assert_uint_eq(count_of(s), s->capacity);
    fr_store_relaxed(&s->count, 5);
    ck_assert_uint_eq(fr_span_lower(s, 2), 3);
    ck_assert_uint_eq(count_of(s), 3);
    ck_assert_uint_eq(fr_span_lower(s, 3), 0);
    ck_assert_uint_eq(count_of(s), 3);
    free(s);
}
END_TEST

/* A metadata span: its own descriptor is in slot 0, which nobody gets. */
START_TEST(test_slot_of_the_descriptor)
{
    static struct fr_heap heap;
    unsigned cls = FR_META_FIRST;
    size_t bytes = 32 * fr_meta_size(cls);
    struct fr_span *s = aligned_alloc(FR_PAGE_SIZE, fr_align_up(bytes, FR_PAGE_SIZE));
    void *out[31];
    REQUIRE(s != NULL);
    memset(s, 0, bytes);
    fr_span_init(s, &heap, cls, s, bytes, FR_PAGE_SIZE, 1, 31);
    ck_assert_uint_eq(s->capacity, 31);
    ck_assert_uint_eq(fr_span_slots(s), 32);
    ck_assert_uint_eq(fr_span_taken_count(s), 0);
    ck_assert_uint_eq(fr_span_take(s, 31, out), 1);
    for (size_t i = 0; i < 31; i++)
        ck_assert_uint_ge(slot_of(s, out[i]), 1);
    ck_assert_uint_eq(fr_span_taken_count(s), 31);
    free(s);
}
END_TEST

/* ---- threads ---- */

enum { THREADS = 6, MINE = 40 };

struct crowd {
    struct fr_span *span;
    fr_atomic owner[SLOTS_MAX]; /* thread + 1, 0: nobody */
};

/* Reserves, takes, and gives back, always fewer in all than there are: every reserved bit is found
 * [S.2], and by nobody else. */
static void take_own(void *arg, size_t index)
{
    struct crowd *crowd = arg;
    struct fr_span *s = crowd->span;
    struct random r = random_stream(env_seed(44), index);
    for (size_t i = 0; i < env_scale(20000, 500); i++) {
        void *out[MINE];
        size_t n = random_between(&r, 1, MINE);
        REQUIRE(fr_fetch_add_acquire(&s->count, n) + n < s->capacity);
        fr_span_take(s, n, out);
        for (size_t k = 0; k < n; k++)
            REQUIRE(fr_cas_full(&crowd->owner[slot_of(s, out[k])], 0, index + 1));
        random_shuffle(&r, out, n);
        for (size_t k = 0; k < n; k++) {
            REQUIRE(fr_cas_full(&crowd->owner[slot_of(s, out[k])], index + 1, 0));
            give(s, out[k]);
        }
    }
}

START_TEST(test_threads_take_what_they_reserved)
{
    static struct crowd crowd;
    crowd.span = make_span(fr_class_of_size(128), (size_t)THREADS * MINE * 128 + FR_PAGE_SIZE, 0);
    team_run(THREADS, take_own, &crowd);
    ck_assert_uint_eq(count_of(crowd.span), 0);
    ck_assert_uint_eq(fr_span_taken_count(crowd.span), 0);
    free(crowd.span);
}
END_TEST

/* ---- pages ---- */

/* Only the whole pages of the system of a set, but for those that are all marked. */
static size_t in_whole_pages(const struct fr_span *s, size_t set, size_t marked)
{
    size_t unit = fr_page_size() > FR_PAGE_SIZE ? fr_page_size() / FR_PAGE_SIZE : 1;
    size_t whole = 0;
    for (size_t page = 0; (page + unit) * FR_PAGE_SIZE <= s->bytes; page += unit) {
        size_t mask = fr_pages_mask(page, unit);
        if ((set & mask) == mask && (marked & mask) != mask)
            whole |= mask;
    }
    return whole;
}

/* The definition: a page is free when slots overlap it, none of them is taken, and none is
 * fresh. */
static size_t expected_free_pages(const struct fr_span *s, const unsigned char *taken, size_t fresh)
{
    size_t set = 0;
    for (size_t page = 0; page < s->bytes / FR_PAGE_SIZE; page++) {
        size_t slots = 0;
        size_t usable = 0;
        for (size_t slot = 0; slot < fr_span_slots(s); slot++) {
            size_t first = slot * s->object_size;
            if (first >= (page + 1) * FR_PAGE_SIZE || first + s->object_size <= page * FR_PAGE_SIZE)
                continue;
            slots++;
            usable += !taken[slot] && slot < fresh;
        }
        set |= (size_t)(slots > 0 && usable == slots) << page;
    }
    return in_whole_pages(s, set, 0);
}

START_TEST(test_free_pages)
{
    static const size_t sizes[] = {16, 80, 1000, 3000, 5000, 30000};
    struct random r = random_stream(env_seed(45), 0);
    for (size_t k = 0; k < sizeof(sizes) / sizeof(sizes[0]); k++)
        for (unsigned percent = 0; percent <= 30; percent += 3) {
            struct fr_span *s = make_full_span(fr_class_of_size(sizes[k]), 0);
            unsigned char taken[SLOTS_MAX] = {0};
            for (size_t slot = 0; slot < s->capacity; slot++)
                if (random_percent(&r, percent) && random_percent(&r, percent)) {
                    struct fr_slot_run run = {slot, slot + 1};
                    REQUIRE(fr_span_take_run(s, run));
                    taken[slot] = 1;
                }
            for (size_t fresh = s->capacity; fresh > s->capacity / 2; fresh -= 1 + fresh / 5) {
                fr_store_relaxed(&s->fresh, fresh);
                REQUIRE(fr_span_free_pages(s) == expected_free_pages(s, taken, fresh));
            }
            fr_store_relaxed(&s->fresh, s->capacity);
            size_t all = fr_span_free_pages(s);
            fr_span_mark(s, 0x5);
            REQUIRE(fr_span_free_pages(s) == in_whole_pages(s, all, 0x5));
            free(s);
        }
}
END_TEST

START_TEST(test_runs_of_pages)
{
    size_t set = 0x73;
    size_t pages;
    ck_assert_uint_eq(fr_pages_next_run(&set, &pages), 0);
    ck_assert_uint_eq(pages, 2);
    ck_assert_uint_eq(fr_pages_next_run(&set, &pages), 4);
    ck_assert_uint_eq(pages, 3);
    ck_assert_uint_eq(set, 0);
    set = ~(size_t)0;
    ck_assert_uint_eq(fr_pages_next_run(&set, &pages), 0);
    ck_assert_uint_eq(pages, FR_WORD_BITS);
    ck_assert_uint_eq(set, 0);
}
END_TEST

/* All of a run or nothing of it. */
START_TEST(test_take_run)
{
    struct fr_span *s = make_full_span(fr_class_of_size(16), 0);
    const struct fr_slot_run whole = {10, 300};
    const struct fr_slot_run one = {299, 300};
    ck_assert(fr_span_take_run(s, one));
    ck_assert(!fr_span_take_run(s, whole));
    ck_assert_uint_eq(fr_span_taken_count(s), 1);
    fr_span_untake_run(s, one);
    ck_assert(fr_span_take_run(s, whole));
    ck_assert_uint_eq(fr_span_taken_count(s), 290);
    fr_span_untake_run(s, whole);
    ck_assert_uint_eq(fr_span_taken_count(s), 0);
    free(s);
}
END_TEST

/* Marks are counted once, and go with any object that overlaps their page. */
START_TEST(test_marks)
{
    if (fr_page_size() > FR_PAGE_SIZE)
        return; /* counts in small pages */
    struct fr_span *s = make_full_span(fr_class_of_size(3000), 0);
    size_t size = s->object_size;
    ck_assert_uint_eq(fr_span_mark(s, 0x7), 3);
    ck_assert_uint_eq(fr_span_mark(s, 0x5), 0);
    ck_assert_uint_eq(fr_span_mark(s, 0xc), 1);
    ck_assert_uint_eq(fr_load_relaxed(&s->purged), 0xf);
    ck_assert_uint_eq(size, 3072);
    ck_assert_uint_eq(fr_span_unmark(s, s->base), 1);
    ck_assert_uint_eq(fr_span_unmark(s, s->base + 2 * size), 2); /* from page 1 to page 2 */
    ck_assert_uint_eq(fr_span_unmark(s, s->base + 2 * size), 0);
    ck_assert_uint_eq(fr_load_relaxed(&s->purged), 0x8);
    ck_assert_uint_eq(fr_span_unmark(s, s->base + 4 * size), 1);
    ck_assert_uint_eq(fr_load_relaxed(&s->purged), 0);
    free(s);
}
END_TEST

START_TEST(test_fitting_pages)
{
    if (fr_page_size() > FR_PAGE_SIZE)
        return; /* counts in small pages */
    struct fr_span *s = make_full_span(fr_class_of_size(1024), 0);
    size_t slots;
    ck_assert_uint_eq(fr_class_size(s->cls), 1024);
    ck_assert_uint_eq(fr_span_fitting_pages(s, 0xf, 16, &slots), 0xf);
    ck_assert_uint_eq(slots, 16);
    ck_assert_uint_eq(fr_span_fitting_pages(s, 0xf0, 9, &slots), 0x30);
    ck_assert_uint_eq(slots, 8);
    ck_assert_uint_eq(fr_span_fitting_pages(s, 0xf0, 3, &slots), 0);
    ck_assert_uint_eq(slots, 0);
    free(s);
}
END_TEST

RUNNER_MAIN("spans", test_slot_of_every_address, test_take_all, test_take_and_give,
            test_untake_tells_what_was_set, test_lower, test_slot_of_the_descriptor,
            test_threads_take_what_they_reserved, test_free_pages, test_runs_of_pages,
            test_take_run, test_marks, test_fitting_pages)
