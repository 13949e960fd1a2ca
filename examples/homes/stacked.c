/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * One instance on top of another: an instance for each request, over one for the whole program.
 *
 * What it buys: all that a request allocated ends with its instance, freed or not, and the request
 * has figures and a limit of its own. The instance below keeps the memory warm, so that a request
 * rarely asks the system.
 */
#include "home.h"

/* ---- The home: what a program copies -------------------------------------------------------- */

static frusa_t below = FRUSA_INITIALIZER(NULL, NULL);

static void *home_alloc(void *ctx, size_t size, size_t align)
{
    return frusa_alloc(ctx, size, align);
}

static void home_dealloc(void *ctx, void *ptr, size_t size, size_t align)
{
    frusa_dealloc(ctx, ptr, size, align);
}

static void *home_resize(void *ctx, void *ptr, size_t old_size, size_t align, size_t new_size)
{
    return frusa_realloc(ctx, ptr, old_size, align, new_size);
}

static const struct frusa_fallback_ops on_below = {
    .alloc = home_alloc, .dealloc = home_dealloc, .ctx = &below, .resize = home_resize};

/* ---- The check ------------------------------------------------------------------------------ */

#define REQUESTS 1000
#define OBJECTS  2000

/* Allocates, and gives nothing back. Returns how many blocks the request took from below. */
static size_t serve(void)
{
    const struct frusa_config options = {.limit = 4 << 20};
    struct frusa_stats stats;
    frusa_t *request = frusa_create_with(&on_below, &options);
    CHECK(request != NULL);
    for (size_t i = 0; i < OBJECTS; i++) {
        char *object = frusa_malloc(request, 20 + i % 200);
        CHECK(object != NULL);
        object[0] = 1;
    }
    CHECK(frusa_malloc(request, 8 << 20) == NULL); /* beyond the request's limit */
    CHECK(frusa_get_stats(request, &stats) == 0);
    frusa_destroy(request);
    return stats.fallback_allocs;
}

int main(void)
{
    struct frusa_stats stats;
    size_t blocks = 0;
    for (int i = 0; i < REQUESTS; i++) {
        blocks += serve();
    }
    CHECK(frusa_get_stats(&below, &stats) == 0);
    size_t calls = stats.fallback_allocs;
    CHECK(stats.in_use == stats.in_use_metadata && stats.large == 0);
    CHECK(calls < blocks / 10);
    frusa_reclaim(&below);
    printf("%d requests took %zu blocks, for which the system was asked %zu times; %.0f KiB held "
           "in the end\n",
           REQUESTS, blocks, calls, held(&below) / KIB);
    return 0;
}
