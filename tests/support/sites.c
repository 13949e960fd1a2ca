/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "sites.h"

#include "cache/instance.h"
#include "require.h"

#include <string.h>

/* Functions that differ, so that the compiler does not make one of them. Something is left to do
 * after the call, so that it is no jump. */
#define SITE(letter)                                                                               \
    static FR_NOINLINE char *alloc_##letter(frusa_t *f, size_t size)                               \
    {                                                                                              \
        char *p = frusa_malloc(f, size);                                                           \
        REQUIRE(p != NULL);                                                                        \
        p[0] = #letter[0];                                                                         \
        return p;                                                                                  \
    }
SITE(a)
SITE(b)
SITE(c)

typedef char *site_function(frusa_t *f, size_t size);
static site_function *const functions[SITE_COUNT] = {alloc_a, alloc_b, alloc_c};

/* A function of a few instructions is shorter. */
#define FUNCTION_BYTES 256

void *site_alloc(frusa_t *f, unsigned site, size_t size)
{
    return functions[site](f, size);
}

/* The site whose function an address is in; SITE_COUNT: none. */
static unsigned site_of_address(const void *address)
{
    unsigned nearest = SITE_COUNT;
    size_t least = FUNCTION_BYTES;
    for (unsigned i = 0; i < SITE_COUNT; i++) {
        size_t distance = (size_t)((uintptr_t)address - (uintptr_t)functions[i]);
        if (distance < least) {
            least = distance;
            nearest = i;
        }
    }
    return nearest;
}

static unsigned site_of_stack(const struct fr_site *s)
{
    for (size_t i = 0; i < s->depth; i++) {
        unsigned site = site_of_address(s->stack[i]);
        if (site != SITE_COUNT)
            return site;
    }
    return SITE_COUNT;
}

static void add(struct fr_tally *sum, const struct fr_tally *t)
{
    sum->samples += t->samples;
    sum->sampled_bytes += t->sampled_bytes;
    sum->objects += t->objects;
    sum->bytes += t->bytes;
}

struct site_sums site_sums(frusa_t *f, unsigned site)
{
    struct site_sums sums;
    int exists = 0;
    struct fr_profile *profile = fr_load_ptr_acquire(&fr_instance_of(f)->profile);
    memset(&sums, 0, sizeof(sums));
    if (!profile)
        return sums;
    struct fr_profile_copy *copy = fr_profile_copy(profile, &exists);
    REQUIRE(copy != NULL && exists);
    for (const struct fr_site *s = copy->sites; s; s = s->next) {
        if (site != SITE_COUNT && site_of_stack(s) != site)
            continue;
        add(&sums.live, &s->live);
        add(&sums.all, &s->all);
    }
    fr_profile_copy_free(copy);
    return sums;
}

static int is_near(size_t a, size_t b)
{
    return a >= b - b / 20 && a <= b + b / 20;
}

void site_require_share(const struct fr_tally *tally, size_t objects, size_t bytes)
{
    size_t counted = (size_t)(tally->objects >> 16);
    REQUIRE_MSG(is_near(counted, objects), "%zu objects instead of %zu", counted, objects);
    REQUIRE_MSG(is_near(tally->bytes, bytes), "%zu bytes instead of %zu", (size_t)tally->bytes,
                bytes);
}

void site_require_none_live(frusa_t *f, unsigned site)
{
    struct site_sums sums = site_sums(f, site);
    REQUIRE_MSG(sums.live.samples == 0, "%zu samples live", (size_t)sums.live.samples);
    REQUIRE(sums.live.sampled_bytes == 0 && sums.live.objects == 0 && sums.live.bytes == 0);
}
