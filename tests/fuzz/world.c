/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Instances of the fuzzer: how they begin and end, and the books in between. */
#include "world.h"
#include "objects.h"
#include "support/require.h"
#include "support/tools.h"
#include "support/walk.h"

#include "check.h"
#include "providers/mmap.h"
#include "port/tools.h"

#include <errno.h>
#include <setjmp.h>
#include <string.h>

struct instance world_instances[WORLD_INSTANCES];
struct object world_objects[WORLD_SLOTS];
fr_atomic world_bytes;
int world_expects_misuse;
int world_is_watched;

static jmp_buf misused;

static void on_panic(void *arg, const char *message)
{
    (void)arg;
    if (world_expects_misuse)
        longjmp(misused, 1);
    REQUIRE_MSG(0, "%s", message);
}

void world_handle_panics(void)
{
    frusa_set_panic_handler(on_panic, NULL);
}

void world_require_misuse(void (*act)(void *arg), void *arg)
{
    world_expects_misuse = 1;
    if (setjmp(misused) == 0) {
        act(arg);
        REQUIRE(!"misuse was not reported");
    }
    world_expects_misuse = 0;
}

/* ---- Fallbacks ---- */

enum { ARENA_BYTES = 6 << 20, PAGE = 4096 };
static char arena_buffers[WORLD_INSTANCES][ARENA_BYTES];

static const unsigned features[] = {
    FALLBACK_EVERYTHING,
    FALLBACK_EVERYTHING | FALLBACK_DIRTY,
    FALLBACK_ZEROED | FALLBACK_PURGE,
    FALLBACK_ZEROED | FALLBACK_RESIZE,
    FALLBACK_BATCH | FALLBACK_DIRTY,
    0,
};

static size_t longest_block(struct frusa_arena *a)
{
    for (size_t bytes = ARENA_BYTES; bytes > 0; bytes -= PAGE) {
        void *p = a->ops.alloc(a->ops.ctx, bytes, PAGE);
        if (p != NULL) {
            a->ops.dealloc(a->ops.ctx, p, bytes, PAGE);
            return bytes;
        }
    }
    return 0;
}

static const struct frusa_fallback_ops *prepare_fallback(struct instance *i, unsigned choice,
                                                         unsigned detail)
{
    size_t number = (size_t)(i - world_instances);
    i->kind = choice % 8 < 5 ? OVER_COUNTING : (enum fallback_kind)(choice % 8 - 4);
    switch (i->kind) {
    case OVER_COUNTING:
        fallback_init(&i->counting, features[detail % 6]);
        return &i->counting.ops;
    case OVER_ARENA:
        i->may_fail = 1;
        REQUIRE(frusa_arena_init(&i->arena, arena_buffers[number] + detail,
                                 ARENA_BYTES - detail * 17) == 0);
        i->arena_most = longest_block(&i->arena);
        return &i->arena.ops;
    case OVER_MMAP:
        return detail & 1 ? NULL : &frusa_fallback_mmap;
    default:
        return &frusa_fallback_malloc;
    }
}

static void require_all_back(struct instance *i)
{
    if (i->kind == OVER_COUNTING)
        fallback_require_empty(&i->counting);
    else if (i->kind == OVER_ARENA)
        REQUIRE(longest_block(&i->arena) == i->arena_most);
    else if (i->kind == OVER_MMAP)
        REQUIRE(fr_fallback_mmap_is_valid());
}

/* ---- Configurations ---- */

static const size_t managed[] = {0, 0, FRUSA_4K_MAX, 1, 5000, 100000, FRUSA_2M_MAX, 16};
static const size_t cache_max[] = {0, 0, 1, SIZE_MAX, 65536, 4096, 1 << 20, 0};
static const size_t limits[] = {0, 0, 0, 0, 1 << 20, 4 << 20, 128 << 10, 20000};

static void choose_config(struct instance *i, unsigned sizes, unsigned rest)
{
    memset(&i->config, 0, sizeof(i->config));
    i->config.managed_max = managed[sizes & 7];
    i->config.thread_cache_max = cache_max[sizes >> 3 & 7];
    i->config.limit = limits[rest & 7];
    if (rest >> 3 & 1)
        i->config.flags |= FRUSA_NO_THREAD_CACHE;
    if ((rest >> 4 & 3) == 1)
        i->config.flags |= FRUSA_CHECKED;
    i->is_static = rest >> 6 & 1;
    i->may_fail = i->config.limit != 0;
}

static void plan_from_byte(struct instance *i, unsigned byte)
{
    struct fault_plan plan = {.percent = byte >> 4 > 11 ? byte >> 4 : 0, .seed = byte};
    plan.fail[0] = byte & 15;
    if (byte != 0)
        world_plan(i, &plan);
}

static void open_as_set_up(struct instance *i)
{
    static frusa_t statics[WORLD_INSTANCES];
    choose_config(i, i->setup[0], i->setup[1]);
    const struct frusa_fallback_ops *ops = prepare_fallback(i, i->setup[2], i->setup[3]);
    plan_from_byte(i, i->setup[4]);
    if (i->is_static) {
        i->f = &statics[i - world_instances];
        *i->f = (frusa_t)FRUSA_INITIALIZER(ops, &i->config);
    } else {
        i->f = frusa_create_with(ops, &i->config);
        REQUIRE(i->f != NULL || (i->may_fail && errno == ENOMEM));
    }
    world_hook(i, i->setup[5] & 1);
}

/* The first instance decides for all. */
static void watch_or_not(const struct instance *i)
{
    if (i != world_instances)
        return;
    fr_tools_ignored =
        !(i->setup[5] & 2) && !tool_is_valgrind(); /* for which memory stays marked */
    world_is_watched = fr_tools_watch();
}

int world_is_checked(const struct instance *i)
{
    return world_is_watched || (i->config.flags & FRUSA_CHECKED);
}

void world_open(struct instance *i, struct input *in)
{
    memset(i->caches, 0, sizeof(i->caches));
    memset(i->hooked, 0, sizeof(i->hooked));
    for (unsigned k = 0; k < 6; k++)
        i->setup[k] = input_byte(in);
    watch_or_not(i);
    open_as_set_up(i);
}

void world_open_again(struct instance *i)
{
    open_as_set_up(i);
}

/* ---- Faults and calls from within the fallback ---- */

void world_plan(struct instance *i, const struct fault_plan *plan)
{
    if (i->kind != OVER_COUNTING)
        return;
    if (plan != NULL)
        i->may_fail = 1;
    fallback_set_plan(&i->counting, plan);
}

/* Allocates an object, or frees one of those, in turns. */
static void call_back(struct counting_fallback *fallback, enum fallback_call call, void *arg)
{
    struct instance *i = arg;
    size_t turn = fr_fetch_add_relaxed(&i->hook_turn, 1) % WORLD_HOOKED;
    fr_atomic *place = &i->hooked[turn];
    void *p = fr_load_ptr_relaxed(place);
    (void)fallback;
    if (call == CALL_PURGE && turn == 0)
        frusa_thread_flush(i->f);
    if (p != NULL) {
        if (fr_cas_acquire(place, (size_t)p, 0))
            frusa_free(i->f, p);
        return;
    }
    p = frusa_malloc(i->f, turn * 24);
    if (p != NULL && !fr_cas_release(place, 0, (size_t)p))
        frusa_free(i->f, p);
}

void world_hook(struct instance *i, int on)
{
    if (i->kind != OVER_COUNTING)
        return;
    i->counting.hook_arg = i;
    i->counting.hook = on && i->f != NULL ? call_back : NULL;
}

/* ---- Books ---- */

static size_t charged_to(const struct instance *i)
{
    size_t bytes = 0;
    for (size_t k = 0; k < WORLD_SLOTS; k++)
        if (world_objects[k].ptr != NULL && world_objects[k].owner == i)
            bytes += world_objects[k].charged;
    for (size_t k = 0; k < WORLD_HOOKED; k++)
        if (fr_load_relaxed(&i->hooked[k]) != 0)
            bytes += frusa_good_size(i->f, k * 24, 0);
    return bytes;
}

void world_require_books(struct instance *i)
{
    struct frusa_stats stats;
    if (i->f == NULL)
        return;
    size_t charged = charged_to(i);
    REQUIRE(frusa_get_stats(i->f, &stats) == 0);
    size_t live = stats_live_bytes(i->f);
    REQUIRE_MSG(live == charged, "%zu bytes are live, the statistics say %zu", charged, live);
    REQUIRE(i->config.limit == 0 || stats.allocated_from_fallback + stats.large <= i->config.limit);
    size_t held = stats.allocated_from_fallback + stats.large;
    REQUIRE(i->kind != OVER_COUNTING || held == fallback_held(&i->counting));
    walk_require_consistent(i->f, held);
}

/* ---- The end ---- */

static void free_everything(struct instance *i)
{
    for (size_t k = 0; k < WORLD_SLOTS; k++)
        if (world_objects[k].owner == i)
            object_free(&world_objects[k], k & 1, NULL);
    for (size_t k = 0; k < WORLD_HOOKED; k++) {
        frusa_free(i->f, fr_load_ptr_relaxed(&i->hooked[k]));
        fr_store_relaxed(&i->hooked[k], 0);
    }
}

/* Nothing is live: what stays after a reclaim is the record and the headers of caches. */
static void require_empty(struct instance *i)
{
    struct frusa_stats stats;
    frusa_reclaim(i->f);
    REQUIRE(frusa_get_stats(i->f, &stats) == 0);
    REQUIRE(stats.allocated_from_fallback == stats.allocated_metadata && stats.large == 0);
    REQUIRE(stats.in_use == stats.in_use_metadata && stats.cached == 0 && stats.purged == 0);
    REQUIRE(stats.allocated_metadata <= RECORD_MAX + CACHE_MAX * (WORLD_CACHES + WORLD_THREADS));
}

/* What is live goes with the instance: the slots are empty. */
static void forget_everything(struct instance *i)
{
    for (size_t k = 0; k < WORLD_SLOTS; k++) {
        struct object *o = &world_objects[k];
        if (o->ptr == NULL || o->owner != i)
            continue;
        object_require(o);
        fr_fetch_sub_relaxed(&world_bytes, o->charged);
        o->ptr = NULL;
    }
    memset(i->hooked, 0, sizeof(i->hooked));
}

void world_close(struct instance *i, int free_first)
{
    world_hook(i, 0);
    world_plan(i, NULL);
    if (i->f == NULL) {
        require_all_back(i);
        return;
    }
    REQUIRE(fr_heap_is_valid(i->f));
    if (free_first) {
        free_everything(i);
        require_empty(i);
    } else {
        forget_everything(i);
    }
    errno = EXDEV;
    frusa_destroy(i->f);
    REQUIRE(errno == EXDEV);
    i->f = NULL;
    memset(i->caches, 0, sizeof(i->caches));
    require_all_back(i);
}
