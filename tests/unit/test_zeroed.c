/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Zero-filled allocation: the contents, whatever was there before, and memory that stays
 * untouched. */
#include "port/pages.h"
#include "support/build.h"
#include "support/fixture.h"
#include "support/pattern.h"
#include "support/random.h"
#include "support/require.h"
#include "support/tools.h"
#include "support/walk.h"
#include "unit/runner.h"

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { COUNT = 30 };

/* Several objects of one layout, zeroed, dirtied, given back and zeroed again. */
static void try_layout(frusa_t *f, size_t size, size_t align, int reclaim)
{
    size_t count = size > 100000 ? 2 : COUNT;
    void *objects[COUNT];
    for (int round = 0; round < 3; round++) {
        for (size_t i = 0; i < count; i++) {
            objects[i] = i % 3 == 2 && align == 0 ? frusa_calloc(f, size, 1)
                                                  : frusa_alloc_zeroed(f, size, align);
            REQUIRE(objects[i] != NULL && (align == 0 || (uintptr_t)objects[i] % align == 0));
            pattern_require_zero(objects[i], size);
            memset(objects[i], 0xee, size);
        }
        for (size_t i = 0; i < count; i++)
            frusa_dealloc(f, objects[i], size, align);
        if (reclaim)
            frusa_reclaim(f);
    }
}

START_TEST(test_contents_are_zero)
{
    for (size_t v = 0; v < fixture_variant_count; v++) {
        struct fixture x;
        fixture_open_variant(&x, v);
        size_t end = v < 4 ? 6u << 20 : 200000;
        for (size_t size = 0; size < end; size = size < 32 ? size + 1 : size + size / 3 + 1)
            try_layout(x.f, size, size % 3 ? 0 : 1024, size % 2 == 0);
        fixture_close(&x);
    }
}
END_TEST

/* What resize has changed, and what purge has spoilt, is never taken for zero. */
START_TEST(test_purged_memory_is_not_trusted)
{
    if (fr_page_size() > 4096)
        return; /* the spans of these objects are hardly longer than a page */
    enum { OBJECTS = 4000, SIZE = 2000 };
    static void *objects[OBJECTS];
    struct fixture x;
    fixture_open(&x, FALLBACK_ZEROED | FALLBACK_PURGE, NULL);
    for (size_t i = 0; i < OBJECTS; i++) {
        objects[i] = frusa_alloc_zeroed(x.f, SIZE, 0);
        REQUIRE(objects[i] != NULL);
        pattern_require_zero(objects[i], SIZE);
    }
    struct random r = random_stream(env_seed(31), 0);
    random_shuffle(&r, objects, OBJECTS);
    for (size_t i = OBJECTS / 10; i < OBJECTS; i++)
        frusa_dealloc(x.f, objects[i], SIZE, 0);
    frusa_reclaim(x.f);
    ck_assert_uint_gt(fr_load_relaxed(&x.fallback.purged_bytes), 0);
    for (size_t i = OBJECTS / 10; i < OBJECTS; i++) {
        objects[i] = frusa_alloc_zeroed(x.f, SIZE, 0);
        REQUIRE(objects[i] != NULL);
        pattern_require_zero(objects[i], SIZE);
    }
    fixture_close(&x);
}
END_TEST

START_TEST(test_products_and_overflow)
{
    struct fixture x;
    volatile size_t huge = SIZE_MAX / 2;
    fixture_open(&x, FALLBACK_DIRTY, NULL);
    void *p = frusa_calloc(x.f, 123, 457);
    ck_assert_ptr_nonnull(p);
    pattern_require_zero(p, (size_t)123 * 457);
    ck_assert_uint_ge(frusa_usable_size(x.f, p), (size_t)123 * 457);
    frusa_dealloc(x.f, p, (size_t)123 * 457, 0);
    void *none = frusa_calloc(x.f, 0, 100), *empty = frusa_calloc(x.f, 100, 0);
    ck_assert(none != NULL && empty != NULL && none != empty);
    frusa_dealloc(x.f, none, 0, 0);
    frusa_free(x.f, empty);
    void *no_overflow = frusa_calloc(x.f, 0, huge);
    ck_assert_ptr_nonnull(no_overflow);
    frusa_free(x.f, no_overflow);
    errno = 0;
    ck_assert(frusa_calloc(x.f, huge, 3) == NULL && ERROR_IS(ENOMEM));
    errno = 0;
    ck_assert(frusa_calloc(x.f, 3, huge) == NULL && ERROR_IS(ENOMEM));
    fixture_close(&x);
}
END_TEST

/* ---- a fallback whose memory says which pages were touched ---- */

static void *pages_alloc(void *ctx, size_t size, size_t align)
{
    (void)ctx;
    size_t length = size + align;
    char *base = mmap(NULL, length, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (base == MAP_FAILED)
        return NULL;
    madvise(base, length, MADV_NOHUGEPAGE);
    char *aligned = (char *)(((uintptr_t)base + align - 1) & ~(uintptr_t)(align - 1));
    if (aligned > base)
        munmap(base, (size_t)(aligned - base));
    munmap(aligned + size, (size_t)(base + length - (aligned + size)));
    return aligned;
}

static void pages_dealloc(void *ctx, void *ptr, size_t size, size_t align)
{
    (void)ctx;
    (void)align;
    munmap(ptr, size);
}

static const struct frusa_fallback_ops pages = {
    .alloc = pages_alloc, .dealloc = pages_dealloc, .flags = FRUSA_FALLBACK_ZEROED};

/* The whole pages inside the object that have memory behind them. */
static size_t resident_pages(void *ptr, size_t size)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE), count = 0;
    uintptr_t start = ((uintptr_t)ptr + page - 1) / page * page,
              end = ((uintptr_t)ptr + size) / page * page;
    static unsigned char states[4096];
    size_t n = (end - start) / page;
    REQUIRE(n > 0 && n <= sizeof(states));
    REQUIRE(mincore((void *)start, end - start, states) == 0);
    for (size_t i = 0; i < n; i++)
        count += states[i] & 1;
    return count;
}

START_TEST(test_memory_known_to_be_zero_is_not_touched)
{
    static const size_t sizes[] = {200000, 1 << 20, FRUSA_2M_MAX, 3 << 20, 12 << 20};
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        frusa_t *f = frusa_create(&pages);
        ck_assert_ptr_nonnull(f);
        void *p = frusa_alloc_zeroed(f, sizes[i], 0);
        ck_assert_ptr_nonnull(p);
        size_t touched = resident_pages(p, sizes[i]);
        ck_assert_msg(touched == 0, "%zu pages of %zu bytes were touched", touched, sizes[i]);
        pattern_require_zero(p, sizes[i]);
        frusa_dealloc(f, p, sizes[i], 0);
        frusa_destroy(f);
    }
}
END_TEST

RUNNER_MAIN("zeroed", test_contents_are_zero, test_purged_memory_is_not_trusted,
            test_products_and_overflow, test_memory_known_to_be_zero_is_not_touched)
