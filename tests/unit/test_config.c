/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Options and operations: what is refused, and what is not. */
#include "support/build.h"
#include "support/fixture.h"
#include "support/require.h"
#include "unit/runner.h"

#include <string.h>

static struct counting_fallback fallback;

static void require_refused(const struct frusa_fallback_ops *ops, const struct frusa_config *config)
{
    errno = 0;
    REQUIRE(frusa_create_with(ops, config) == NULL && ERROR_IS(EINVAL));
    REQUIRE(fr_load_relaxed(&fallback.calls[CALL_ALLOC]) == 0);
}

START_TEST(test_operations_needed)
{
    fallback_init(&fallback, 0);
    struct frusa_fallback_ops ops = fallback.ops;
    ops.alloc = NULL;
    require_refused(&ops, NULL);
    errno = 0;
    ck_assert(frusa_create(&ops) == NULL && ERROR_IS(EINVAL));
    ops = fallback.ops;
    ops.dealloc = NULL;
    require_refused(&ops, NULL);
    memset(&ops, 0, sizeof(ops));
    require_refused(&ops, NULL);
}
END_TEST

START_TEST(test_reserved_operations)
{
    fallback_init(&fallback, FALLBACK_EVERYTHING);
    for (size_t i = 0; i < 4; i++) {
        struct frusa_fallback_ops ops = fallback.ops;
        ops.reserved[i] = &fallback;
        require_refused(&ops, NULL);
    }
}
END_TEST

START_TEST(test_unknown_flags_of_operations)
{
    fallback_init(&fallback, 0);
    for (unsigned bit = 2; bit != 0; bit <<= 1) {
        struct frusa_fallback_ops ops = fallback.ops;
        ops.flags = bit;
        require_refused(&ops, NULL);
        ops.flags = bit | FRUSA_FALLBACK_ZEROED;
        require_refused(&ops, NULL);
    }
}
END_TEST

START_TEST(test_reserved_options)
{
    fallback_init(&fallback, 0);
    for (size_t i = 0; i < 4; i++) {
        struct frusa_config config = FRUSA_CONFIG_INIT;
        config.reserved[i] = &fallback;
        require_refused(&fallback.ops, &config);
        require_refused(NULL, &config);
    }
}
END_TEST

START_TEST(test_unknown_flags_of_options)
{
    fallback_init(&fallback, 0);
    for (unsigned bit = 4; bit != 0; bit <<= 1) {
        struct frusa_config config = {.flags = bit};
        require_refused(&fallback.ops, &config);
        config.flags = bit | FRUSA_CHECKED | FRUSA_NO_THREAD_CACHE;
        require_refused(&fallback.ops, &config);
    }
}
END_TEST

START_TEST(test_managed_max_out_of_range)
{
    static const size_t values[] = {FRUSA_2M_MAX + 1, 4 << 20, SIZE_MAX / 2, SIZE_MAX};
    fallback_init(&fallback, 0);
    for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
        struct frusa_config config = {.managed_max = values[i]};
        require_refused(&fallback.ops, &config);
    }
}
END_TEST

/* Allocates and gives back around the border. */
static void use(frusa_t *f, size_t border)
{
    for (size_t size = border > 3 ? border - 3 : 0; size < border + 3; size++) {
        void *p = frusa_alloc(f, size, 1);
        REQUIRE(p != NULL && frusa_usable_size(f, p) >= size);
        memset(p, 0x5c, size);
        frusa_dealloc(f, p, size, 1);
    }
}

START_TEST(test_any_managed_max)
{
    static const unsigned flags[] = {0, FRUSA_CHECKED, FRUSA_NO_THREAD_CACHE,
                                     FRUSA_CHECKED | FRUSA_NO_THREAD_CACHE};
    for (size_t max = 0; max <= FRUSA_2M_MAX; max += max < 40 ? 1 : max / 3) {
        struct fixture x;
        struct frusa_config config = {.managed_max = max, .flags = flags[max % 4]};
        fixture_open(&x, FALLBACK_EVERYTHING, &config);
        use(x.f, max);
        use(x.f, 16);
        use(x.f, FRUSA_4K_MAX);
        use(x.f, FRUSA_2M_MAX);
        fixture_close(&x);
    }
}
END_TEST

START_TEST(test_all_zero_is_the_defaults)
{
    struct frusa_config zero, init = FRUSA_CONFIG_INIT;
    memset(&zero, 0, sizeof(zero));
    struct fixture a, b, c;
    fixture_open(&a, 0, &zero);
    fixture_open(&b, 0, &init);
    fixture_open(&c, 0, NULL);
    for (size_t size = 0; size < 4u << 20; size += 1 + size / 9) {
        REQUIRE(frusa_good_size(a.f, size, 0) == frusa_good_size(b.f, size, 0));
        REQUIRE(frusa_good_size(a.f, size, 0) == frusa_good_size(c.f, size, 0));
    }
    struct frusa_stats s;
    void *p = frusa_alloc(a.f, FRUSA_2M_MAX, 0);
    ck_assert_ptr_nonnull(p);
    ck_assert_int_eq(frusa_get_stats(a.f, &s), 0);
    ck_assert_uint_eq(s.large, 0);
    frusa_free(a.f, p);
    fixture_close(&a);
    fixture_close(&b);
    fixture_close(&c);
}
END_TEST

/* The optional operations may be offered in any combination. */
START_TEST(test_combinations_of_operations)
{
    for (unsigned set = 0; set < 16; set++) {
        struct fixture x;
        fixture_open(&x, set, NULL);
        ck_assert_int_eq(x.fallback.ops.resize != NULL, set % 2);
        use(x.f, 1000);
        void *p = frusa_alloc(x.f, 3u << 20, 0);
        REQUIRE(p != NULL);
        p = frusa_realloc(x.f, p, 3u << 20, 0, 4u << 20);
        REQUIRE(p != NULL);
        frusa_free(x.f, p);
        frusa_reclaim(x.f);
        fixture_close(&x);
    }
}
END_TEST

RUNNER_MAIN("config", test_operations_needed, test_reserved_operations,
            test_unknown_flags_of_operations, test_reserved_options, test_unknown_flags_of_options,
            test_managed_max_out_of_range, test_any_managed_max, test_all_zero_is_the_defaults,
            test_combinations_of_operations)
