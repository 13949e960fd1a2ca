/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Opens and closes instances for tests. */
#include "fixture.h"
#include "check_instance.h"
#include "require.h"

/* A test that is not about misuse commits none: say which configuration it was. */
static void report_panic(void *arg, const char *message)
{
    (void)arg;
    REQUIRE_MSG(0, "%s", message);
}

void fixture_open(struct fixture *x, unsigned features, const struct frusa_config *config)
{
    frusa_set_panic_handler(report_panic, NULL);
    fallback_init(&x->fallback, features);
    x->f = frusa_create_with(&x->fallback.ops, config);
    REQUIRE(x->f != NULL);
}

void fixture_close(struct fixture *x)
{
    support_check_instance(x->f);
    frusa_destroy(x->f);
    x->f = NULL;
    fallback_require_empty(&x->fallback);
}

const struct fixture_variant fixture_variants[] = {
    {"defaults", FALLBACK_EVERYTHING, FRUSA_CONFIG_INIT},
    {"a plain fallback with dirty memory", FALLBACK_DIRTY, FRUSA_CONFIG_INIT},
    {"zeroed memory", FALLBACK_ZEROED | FALLBACK_PURGE, FRUSA_CONFIG_INIT},
    {"4 KiB managed", FALLBACK_RESIZE | FALLBACK_DIRTY, {.managed_max = FRUSA_4K_MAX}},
    {"5,000 bytes managed", FALLBACK_BATCH, {.managed_max = 5000}},
    {"one byte managed", FALLBACK_EVERYTHING, {.managed_max = 1}},
    {"no thread caches", FALLBACK_EVERYTHING, {.flags = FRUSA_NO_THREAD_CACHE}},
    {"tiny thread caches", FALLBACK_PURGE, {.thread_cache_max = 1}},
    {"huge thread caches", FALLBACK_EVERYTHING, {.thread_cache_max = SIZE_MAX}},
    {"checked", FALLBACK_EVERYTHING | FALLBACK_DIRTY, {.flags = FRUSA_CHECKED}},
    {"checked, 4 KiB managed", 0, {.managed_max = FRUSA_4K_MAX, .flags = FRUSA_CHECKED}},
};
const size_t fixture_variant_count = sizeof(fixture_variants) / sizeof(fixture_variants[0]);

void fixture_open_variant(struct fixture *x, size_t variant)
{
    const struct fixture_variant *v = &fixture_variants[variant];
    require_context(v->name);
    fixture_open(x, v->features, &v->config);
}
