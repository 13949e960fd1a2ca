/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Size classes by themselves: every size against the definition, and the spans that they ask
 * for. */
#include "port/atomic.h"
#include "base/sizeclass.h"
#include "spans/span.h"
#include "support/require.h"
#include "unit/runner.h"

/* The definition: the sizes of all classes, ascending. */
static size_t expected_sizes(size_t *sizes)
{
    size_t n = 0;
    for (size_t size = 16; size <= 128; size += 16)
        sizes[n++] = size;
    for (size_t doubling = 128; doubling < FR_CLASS_MAX_SIZE; doubling *= 2)
        for (size_t step = 1; step <= (size_t)1 << FR_STEPS_LOG2; step++)
            sizes[n++] = doubling + step * (doubling >> FR_STEPS_LOG2);
    sizes[n++] = FR_CHECKED_MAX_SIZE;
    return n;
}

START_TEST(test_every_class_has_its_size)
{
    size_t sizes[256];
    ck_assert_uint_eq(expected_sizes(sizes), FR_CLASS_COUNT);
    for (unsigned cls = 0; cls < FR_CLASS_COUNT; cls++)
        ck_assert_uint_eq(fr_class_size(cls), sizes[cls]);
}
END_TEST

START_TEST(test_every_size_finds_the_smallest_class_that_holds_it)
{
    unsigned cls = 0;
    for (size_t size = 0; size <= FR_CHECKED_MAX_SIZE; size++) {
        if (size > fr_class_size(cls))
            cls++;
        REQUIRE_MSG(fr_class_of_size(size) == cls, "size %zu", size);
    }
    ck_assert_uint_eq(cls, FR_CLASS_COUNT - 1);
}
END_TEST

/* What rounding up costs: an eighth at most above 128 bytes. */
START_TEST(test_little_is_lost_by_rounding)
{
    for (size_t size = FR_LINEAR_MAX + 1; size <= FR_CLASS_MAX_SIZE; size++) {
        size_t rounded = fr_class_size(fr_class_of_size(size));
        REQUIRE_MSG((rounded - size) << FR_STEPS_LOG2 < size, "%zu becomes %zu", size, rounded);
    }
}
END_TEST

/* The class of a layout has objects of that alignment in spans of its span alignment. */
START_TEST(test_every_alignment_is_natural)
{
    for (size_t align = 1; align <= FR_CLASS_MAX_SIZE; align *= 2)
        for (size_t size = 0; fr_align_up(size + (size == 0), align) <= FR_CLASS_MAX_SIZE;
             size += 1 + size / 37) {
            unsigned cls = fr_class_of_layout(size, align);
            size_t object = fr_class_size(cls);
            REQUIRE_MSG(object >= size && object % align == 0, "size %zu, align %zu", size, align);
            REQUIRE(fr_class_span_align(cls) >= align && fr_class_span_align(cls) % align == 0);
        }
    ck_assert(fr_align_is_valid(0) && fr_align_is_valid(64) && !fr_align_is_valid(48));
    ck_assert(fr_align_is_small(0) && fr_align_is_small(16));
    ck_assert(!fr_align_is_small(32) && !fr_align_is_small(12));
}
END_TEST

/* A slab that grows: its spans get longer, never too long for a descriptor, and never lose much. */
START_TEST(test_spans_grow_with_the_slab)
{
    for (unsigned cls = 0; cls < FR_CLASS_COUNT; cls++) {
        size_t size = fr_class_size(cls);
        size_t least = fr_class_span_bytes_min(cls);
        size_t before = 0;
        size_t held = 0;
        ck_assert_uint_eq(fr_class_span_bytes(cls, 0), least);
        for (unsigned i = 0; i < 64; i++) {
            size_t bytes = fr_class_span_bytes(cls, held);
            REQUIRE_MSG(bytes % FR_PAGE_SIZE == 0 && bytes >= size, "%zu for %zu", bytes, size);
            REQUIRE_MSG(bytes >= before && bytes >= least, "%zu after %zu", bytes, before);
            REQUIRE(bytes / size <= UINT16_MAX);
            REQUIRE((bytes / size + FR_WORD_BITS - 1) / FR_WORD_BITS <= UINT8_MAX);
            before = bytes;
            held += bytes;
        }
        REQUIRE(before == fr_class_span_bytes(cls, SIZE_MAX / 2));
        /* A full span: a tail of an eighth at most; and pages that a word can mark, if it has
         * objects to mark. */
        REQUIRE_MSG(before % size <= before / 8, "%zu of %zu are lost", before % size, before);
        REQUIRE(before / size == 1 || before <= FR_WORD_BITS * FR_PAGE_SIZE);
    }
}
END_TEST

START_TEST(test_metadata_blocks)
{
    for (size_t bytes = 0; bytes <= FR_META_MAX_SIZE; bytes++) {
        unsigned cls = fr_meta_class_of(bytes);
        REQUIRE(cls >= FR_META_FIRST && cls < FR_CLASS_LARGE);
        REQUIRE(fr_meta_size(cls) >= bytes);
        REQUIRE(cls == FR_META_FIRST || fr_meta_size(cls - 1) < bytes);
    }
    /* The descriptor of every span fits one, with the live bits of a checked instance too. */
    for (unsigned cls = 0; cls < FR_CLASS_COUNT; cls++) {
        size_t slots = fr_class_span_bytes(cls, SIZE_MAX / 2) / fr_class_size(cls);
        REQUIRE(fr_span_descriptor_bytes(slots, 1) <= FR_META_MAX_SIZE);
    }
}
END_TEST

RUNNER_MAIN("size classes", test_every_class_has_its_size,
            test_every_size_finds_the_smallest_class_that_holds_it, test_little_is_lost_by_rounding,
            test_every_alignment_is_natural, test_spans_grow_with_the_slab, test_metadata_blocks)
