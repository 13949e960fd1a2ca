/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Calls of the fallback that fail at random, 1, 10 and 50 of 100, misaligned memory among them: in
 * every scenario, and under threads with a random mix of calls. Prints the seed.
 */
#include "drive.h"
#include "support/check_instance.h"
#include "support/environment.h"
#include "support/require.h"
#include "support/threads.h"
#include "support/tools.h"
#include "support/walk.h"
#include "support/workload.h"

#include <stdio.h>

enum { THREADS = 6 };

static const unsigned percents[] = {1, 10, 50};
enum { RATES = sizeof(percents) / sizeof(percents[0]) };

static uint64_t seed;

static struct outcome totals[RATES], crowd_totals[RATES];

static void add(struct outcome *total, const struct outcome *one)
{
    total->runs += one->runs;
    total->injected += one->injected;
    total->failed += one->failed;
}

static void at_random(const struct scenario *scenario, const struct setting *setting,
                      struct outcome *outcome)
{
    for (size_t i = 0; i < RATES; i++) {
        struct outcome before = *outcome;
        for (size_t repeat = 0; repeat < env_scale(4, 1); repeat++) {
            struct fault_plan plan = {.percent = percents[i],
                                      .misaligned_percent = percents[i] / 5};
            struct injection injection = {.plan = &plan};
            plan.seed = seed + i * 1000 + repeat;
            drive(scenario, setting, &injection, outcome);
        }
        struct outcome one = {0, outcome->runs - before.runs, outcome->injected - before.injected,
                              outcome->failed - before.failed};
        add(&totals[i], &one);
    }
}

struct crowd {
    struct counting_fallback fallback;
    frusa_t *f;
    fr_atomic failures;
};

static void work(void *arg, size_t index)
{
    struct crowd *c = arg;
    struct workload w;
    workload_begin(&w, c->f, 200, seed, index);
    w.may_fail = 1;
    for (size_t i = 0; i < env_scale(4000, 100); i++) {
        w.size_bits = i % 500 == 0 ? 22 : 14;
        workload_step(&w);
        if (i % 200 == index)
            frusa_reclaim(c->f);
        if (i % 300 == index) {
            frusa_cache_destroy(w.cache);
            w.cache = frusa_cache_create(c->f);
        }
    }
    workload_end(&w);
    frusa_cache_destroy(w.cache);
    fr_fetch_add_relaxed(&c->failures, w.failures);
}

/* Threads together: nothing is lost, and the instance is whole afterwards. */
static void threads_at_random(const struct setting *setting, size_t rate)
{
    unsigned percent = percents[rate];
    static struct crowd c;
    struct fault_plan plan = {
        .percent = percent, .misaligned_percent = percent / 5, .seed = seed ^ percent};
    fallback_init(&c.fallback, setting->features);
    REQUIRE((c.f = frusa_create_with(&c.fallback.ops, &setting->config)) != NULL);
    fr_store_relaxed(&c.failures, 0);
    fallback_set_plan(&c.fallback, &plan);
    team_run(THREADS, work, &c);
    struct outcome outcome = {0, 1, 0, fr_load_relaxed(&c.failures)};
    outcome.injected =
        fr_load_relaxed(&c.fallback.refused) + fr_load_relaxed(&c.fallback.misplaced);
    fallback_set_plan(&c.fallback, NULL);
    support_check_instance(c.f);
    REQUIRE(stats_live_bytes(c.f) == 0);
    frusa_reclaim(c.f);
    REQUIRE_MSG(fallback_held(&c.fallback) <= RECORD_MAX, "%zu bytes stay",
                fallback_held(&c.fallback));
    REQUIRE_MSG(fallback_blocks(&c.fallback) == 1, "%zu blocks stay", fallback_blocks(&c.fallback));
    frusa_destroy(c.f);
    fallback_require_empty(&c.fallback);
    char name[40];
    snprintf(name, sizeof(name), "threads, %u of 100 calls", percent);
    drive_print(name, setting->name, &outcome);
    add(&crowd_totals[rate], &outcome);
}

static void print_total(const char *what, const char *where, const struct outcome *total)
{
    drive_row(what, where, total->runs, total->injected, total->failed);
}

int main(void)
{
    watchdog_start("fault_random", 300);
    tool_keep_freed_memory();
    seed = env_fresh_seed("fault_random");
    struct outcome total = drive_all(at_random);
    REQUIRE(total.injected > 0 && total.failed > 0);
    for (size_t k = 0; k < setting_count; k++)
        for (size_t i = 0; i < RATES; i++)
            threads_at_random(&settings[k], i);
    /* Of 100 calls one, where few are made, may be none. */
    for (size_t i = 0; i < RATES; i++)
        REQUIRE(percents[i] < 10 || crowd_totals[i].injected > 0);
    drive_row_head();
    for (size_t i = 0; i < RATES; i++) {
        char name[80];
        snprintf(name, sizeof(name), "%u %% of the fallback calls fail at random", percents[i]);
        print_total(name, "each scenario and setting", &totals[i]);
        print_total(name, "6 threads in each setting", &crowd_totals[i]);
    }
    return 0;
}
