/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * A fallback that calls back into the instance from the beginning and the end of each of its
 * functions, up to three levels deep, also while some of its calls fail. Nothing deadlocks,
 * corrupts or leaks.
 */
#include "drive.h"
#include "support/environment.h"
#include "support/pattern.h"
#include "support/random.h"
#include "support/require.h"
#include "support/tools.h"
#include "support/walk.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

enum { KEPT = 48 };

/* What the hook works on, and objects that it keeps for a while. */
static struct {
    frusa_t *f;
    pthread_mutex_t mutex; /* protects the rest; not held in a call of the library */
    struct random random;
    struct item kept[KEPT];
} hook_state;

static fr_atomic hooks_run[CALL_KINDS];

static size_t next_random(size_t bound)
{
    pthread_mutex_lock(&hook_state.mutex);
    size_t r = random_below(&hook_state.random, bound);
    pthread_mutex_unlock(&hook_state.mutex);
    return r;
}

/* Puts an object among those kept and returns the one whose place it takes. */
static struct item keep(struct item item)
{
    size_t i = next_random(KEPT);
    pthread_mutex_lock(&hook_state.mutex);
    struct item old = hook_state.kept[i];
    hook_state.kept[i] = item;
    pthread_mutex_unlock(&hook_state.mutex);
    return old;
}

static void give_back(frusa_t *f, struct item item)
{
    if (item.ptr == NULL)
        return;
    pattern_require(item.ptr, item.size, 0);
    frusa_dealloc(f, item.ptr, item.size, item.align);
}

/* Allocates something, which may fail, keeps it and gives back what was kept. */
static void allocate_and_keep(frusa_t *f)
{
    static const size_t sizes[] = {0, 16, 40, 200, 1000, 5000, 60000, 3 << 20};
    struct item item = {NULL, sizes[next_random(sizeof(sizes) / sizeof(sizes[0]))],
                        next_random(4) == 0 ? 64 : 0};
    item.ptr = next_random(2) ? frusa_alloc(f, item.size, item.align)
                              : frusa_alloc_zeroed(f, item.size, item.align);
    if (item.ptr == NULL)
        return;
    pattern_fill(item.ptr, item.size, 0);
    give_back(f, keep(item));
}

static void resize_something(frusa_t *f)
{
    size_t size = 10 + next_random(3000),
           new_size = next_random(20) == 0 ? 3 << 20 : next_random(5000);
    void *p = frusa_malloc(f, size);
    if (p == NULL)
        return;
    pattern_fill(p, size, 0);
    void *q = frusa_resize(f, p, new_size);
    if (q != NULL)
        pattern_require_moved(q, size < new_size ? size : new_size, p, size, 0);
    frusa_free(f, q != NULL ? q : p);
}

static void use_a_cache(frusa_t *f)
{
    frusa_cache_t *cache = frusa_cache_create(f);
    if (cache == NULL)
        return;
    void *p = frusa_cache_alloc(cache, 100, 0);
    frusa_cache_dealloc(cache, p, 100, 0);
    frusa_cache_destroy(cache);
}

static void hook(struct counting_fallback *fallback, enum fallback_call call, void *arg)
{
    frusa_t *f = arg;
    struct frusa_stats s;
    (void)fallback;
    fr_fetch_add_relaxed(&hooks_run[call], 1);
    allocate_and_keep(f);
    switch (next_random(12)) {
    case 0:
        frusa_reclaim(f);
        break;
    case 1:
        frusa_reclaim_some(f, 10000);
        break;
    case 2:
        walk_sum(f);
        break;
    case 3:
        REQUIRE(frusa_get_stats(f, &s) == 0);
        REQUIRE(frusa_stats_json(f, NULL, 0) > 0);
        break;
    case 4:
        frusa_thread_flush(f);
        break;
    case 5:
        use_a_cache(f);
        break;
    case 6:
    case 7:
        resize_something(f);
        break;
    default:
        allocate_and_keep(f);
    }
}

static unsigned depth;

static void install(struct stage *stage)
{
    hook_state.f = stage->f;
    memset(hook_state.kept, 0, sizeof(hook_state.kept));
    stage->fallback->hook_arg = stage->f;
    stage->fallback->hook_depth = depth;
    stage->fallback->hook = hook;
}

static void uninstall(struct stage *stage)
{
    stage->fallback->hook = NULL;
    for (size_t i = 0; i < KEPT; i++)
        give_back(stage->f, hook_state.kept[i]);
}

static void reenter(const struct scenario *scenario, const struct setting *setting,
                    struct outcome *outcome)
{
    for (depth = 1; depth <= 3; depth++) {
        for (unsigned percent = 0; percent <= 20; percent += 10) {
            struct fault_plan plan = {.percent = percent, .seed = env_seed(61) + depth};
            struct injection injection = {.plan = &plan, .begin = install, .end = uninstall};
            drive(scenario, setting, &injection, outcome);
        }
    }
}

int main(void)
{
    static const char *const names[CALL_KINDS] = {"alloc", "dealloc", "resize", "dealloc_batch",
                                                  "purge"};
    watchdog_start("fault_reentry", 300);
    tool_keep_freed_memory();
    pthread_mutex_init(&hook_state.mutex, NULL);
    hook_state.random = random_stream(env_seed(62), 0);
    struct outcome total = drive_all(reenter);
    size_t nested = 0;
    for (size_t i = 0; i < CALL_KINDS; i++) {
        printf("calls into the instance from %s: %zu\n", names[i], fr_load_relaxed(&hooks_run[i]));
        REQUIRE(fr_load_relaxed(&hooks_run[i]) > 0);
        nested += fr_load_relaxed(&hooks_run[i]);
    }
    drive_row_head();
    drive_row(
        "fallback calls that call into the instance, up to three deep, 0, 10 and 20 % failing",
        "each scenario and setting", total.runs, nested, total.failed);
    return 0;
}
