/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Every single call of the fallback failed in turn, in every scenario and setting, and pairs of
 * calls in scenarios of at most 60: each pair in "make check-faults", a ninth of them in "make
 * check". Prints a table of what was injected and what came of it.
 */
#include "drive.h"
#include "support/environment.h"
#include "support/require.h"
#include "support/tools.h"

#include <stdio.h>

enum { PAIRS_MAX = 60 };

/* Under valgrind, a sanitizer or an emulator not every call has its turn. */
static size_t call_step(void)
{
    size_t scale = env_scale(100, 1);
    return scale >= 100 ? 1 : scale >= 10 ? 7 : 70 / scale;
}

static size_t pair_step(void)
{
    size_t scale = env_scale(100, 1);
    return scale >= 200 ? 1 : scale >= 100 ? 3 : scale >= 10 ? 13 : 130 / scale;
}

static void each_call(const struct scenario *scenario, const struct setting *setting,
                      struct outcome *outcome)
{
    size_t k = 1, injected;
    do {
        struct fault_plan plan = {.fail = {k, 0}};
        struct injection injection = {.plan = &plan};
        injected = drive(scenario, setting, &injection, outcome);
        REQUIRE(injected == (k <= outcome->calls));
        k += call_step();
    } while (injected != 0);
}

/* What the first failure changes decides how many calls there are for the second. */
static size_t each_second(const struct scenario *scenario, const struct setting *setting,
                          size_t first, struct outcome *outcome)
{
    size_t pairs = 0;
    for (size_t second = first + 1;; second += pair_step()) {
        struct fault_plan plan = {.fail = {first, second}};
        struct injection injection = {.plan = &plan};
        size_t injected = drive(scenario, setting, &injection, outcome);
        if (outcome->calls < second)
            return pairs;
        REQUIRE(injected == 2);
        pairs++;
    }
}

static void each(const struct scenario *scenario, const struct setting *setting,
                 struct outcome *outcome)
{
    struct injection none = {.plan = NULL};
    REQUIRE(drive(scenario, setting, &none, outcome) == 0);
    REQUIRE(outcome->failed == 0 && outcome->calls > 0);
    size_t calls = outcome->calls, pairs = 0;
    each_call(scenario, setting, outcome);
    REQUIRE(outcome->runs > calls / call_step());
    if (calls > PAIRS_MAX)
        return;
    for (size_t first = 1; first < calls; first += pair_step())
        pairs += each_second(scenario, setting, first, outcome);
    /* A first failure may save calls, but not most of them. */
    size_t expected = (calls - 1) * (calls - 1) / 4 / pair_step() / pair_step();
    REQUIRE_MSG(pairs >= expected / 2, "%zu pairs of %zu calls", pairs, calls);
}

int main(void)
{
    watchdog_start("fault_each", 300);
    tool_keep_freed_memory();
    struct outcome total = drive_all(each);
    REQUIRE(total.injected > 0 && total.failed > 0);
    drive_row_head();
    drive_row(pair_step() == 1
                  ? "every fallback call failed in turn; every pair where there are at most 60"
                  : "every fallback call failed in turn, and some pairs",
              "each scenario and setting", total.runs, total.injected, total.failed);
    return 0;
}
