/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Give-back as the kernel sees it: a million objects of 16 to 2,048 bytes over the mmap fallback,
 * a random nine tenths freed, reclaimed, the rest freed, reclaimed. What the process has resident
 * and what the statistics claim agree within 1 %. Under a tool, or scaled down, the figures of the
 * statistics alone are checked.
 */
#include "port/pages.h"
#include "support/mappings.h"
#include "support/random.h"
#include "support/require.h"
#include "support/population.h"
#include "unit/runner.h"

#include <frusa.h>
#include <string.h>
#include <sys/mman.h>

enum { OBJECTS = 1000000, LOW = 16, HIGH = 2048, MIB = 1 << 20 };

struct crowd {
    frusa_t *f;
    size_t n, live;
    char **objects;
    uint16_t *sizes;
    size_t at_start; /* bytes resident */
};

/* Memory of the test itself: touched, so that it is resident from the start on. */
static void *pages(size_t bytes)
{
    void *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    REQUIRE(p != MAP_FAILED);
    memset(p, 1, bytes);
    return p;
}

static void crowd_open(struct crowd *c)
{
    struct random r = random_stream(env_seed(60), 0);
    c->n = c->live = env_scale(OBJECTS, 5000);
    c->objects = pages(c->n * sizeof(*c->objects));
    c->sizes = pages(c->n * sizeof(*c->sizes));
    for (size_t i = 0; i < c->n; i++)
        c->sizes[i] = (uint16_t)random_between(&r, LOW, HIGH);
    REQUIRE((c->f = frusa_create(&frusa_fallback_mmap)) != NULL);
    c->at_start = mappings_resident_in_all();
    for (size_t i = 0; i < c->n; i++) {
        REQUIRE((c->objects[i] = frusa_alloc(c->f, c->sizes[i], 0)) != NULL);
        memset(c->objects[i], (int)i, c->sizes[i]);
    }
}

/* Frees all but `keep`, in random order. */
static void crowd_shrink(struct crowd *c, size_t keep)
{
    struct random r = random_stream(env_seed(61), 0);
    while (c->live > keep) {
        size_t i = random_below(&r, c->live--);
        REQUIRE((unsigned char)c->objects[i][0] == (unsigned char)c->objects[i][c->sizes[i] - 1]);
        frusa_dealloc(c->f, c->objects[i], c->sizes[i], 0);
        c->objects[i] = c->objects[c->live];
        c->sizes[i] = c->sizes[c->live];
    }
}

static struct frusa_stats stats_of(const struct crowd *c)
{
    struct frusa_stats s;
    ck_assert_int_eq(frusa_get_stats(c->f, &s), 0);
    return s;
}

/* What is resident above the start is what the statistics claim, within 1 %. Blocks from the system
 * are whole pages, which the statistics do not know: within 6 % where pages are large. */
static void check_resident(const struct crowd *c)
{
    size_t share = fr_page_size() > 4096 ? 16 : 100;
    struct frusa_stats s = stats_of(c);
    size_t claimed = s.allocated_from_fallback + s.large - s.purged;
    size_t resident = mappings_resident_in_all() - c->at_start;
    if (c->n < OBJECTS)
        return;
    ck_assert_uint_le(claimed, resident + resident / share);
    ck_assert_uint_le(resident, claimed + claimed / share);
}

START_TEST(test_what_the_kernel_sees)
{
    struct crowd c;
    crowd_open(&c);
    check_resident(&c);
    size_t full = stats_of(&c).allocated_from_fallback;
    crowd_shrink(&c, c.n / 10);
    size_t given_back = frusa_reclaim(c.f);
    check_resident(&c);
    struct frusa_stats thinned = stats_of(&c);
    ck_assert_uint_eq(given_back, thinned.reclaimed_total);
    /* Pages with a live object are about a third (simulated: 34 %), where pages are small. */
    if (c.n == OBJECTS && fr_page_size() == 4096)
        ck_assert_uint_le(thinned.allocated_from_fallback - thinned.purged, full * 36 / 100);
    crowd_shrink(&c, 0);
    frusa_reclaim(c.f);
    ck_assert_uint_le(stats_of(&c).allocated_from_fallback, 48 << 10);
    if (c.n == OBJECTS)
        ck_assert_uint_le(mappings_resident_in_all(), c.at_start + 2 * MIB);
    frusa_destroy(c.f);
    munmap(c.objects, c.n * sizeof(*c.objects));
    munmap(c.sizes, c.n * sizeof(*c.sizes));
}
END_TEST

/* Where the pages of the system are larger than the library's, only whole ones are purged: the rest
 * would be refused, and asked for again by each reclaim. */
START_TEST(test_pages_of_the_system_are_purged_once)
{
    struct population p;
    struct frusa_stats s;
    struct random r = random_stream(env_seed(92), 0);
    frusa_t *f = frusa_create(&frusa_fallback_mmap);
    REQUIRE(f != NULL);
    population_create(&p, f, 2000, 20000, 20000, &r);
    population_shuffle(&p, &r);
    population_drop(&p, p.live / 8 * 7);
    frusa_reclaim(f);
    ck_assert_int_eq(frusa_get_stats(f, &s), 0);
    ck_assert_uint_gt(s.purged, 0);
    ck_assert_uint_eq(s.purged % fr_page_size(), 0);
    ck_assert_uint_eq(frusa_reclaim(f), 0);
    population_refill(&p, 2000, 20000, 20000, &r);
    ck_assert_int_eq(frusa_get_stats(f, &s), 0);
    ck_assert_uint_eq(s.purged % fr_page_size(), 0);
    population_drop(&p, p.live);
    population_release(&p);
    frusa_destroy(f);
}
END_TEST

RUNNER_MAIN("give-back", test_what_the_kernel_sees, test_pages_of_the_system_are_purged_once)
