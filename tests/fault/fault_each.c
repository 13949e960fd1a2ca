/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Every single call of the fallback failed in turn, in every scenario and setting, and every pair of
 * calls in scenarios of at most 60. Prints a table of what was injected and what came of it.
 */
#include "drive.h"
#include "support/environment.h"
#include "support/require.h"
#include "support/tools.h"

#include <stdio.h>

enum { PAIRS_MAX = 60 };

/* Under valgrind or a sanitizer not every call has its turn. */
static size_t step_of(size_t few)
{
    return env_scale(100, 1) >= 100 ? 1 : few;
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
        k += step_of(7);
    } while (injected != 0);
}

static void each_pair(const struct scenario *scenario, const struct setting *setting,
                      struct outcome *outcome)
{
    size_t i = 1, j;
    do {
        j = i + 1;
        do {
            struct fault_plan plan = {.fail = {i, j}};
            struct injection injection = {.plan = &plan};
            drive(scenario, setting, &injection, outcome);
            j += step_of(13);
        } while (j <= outcome->calls);
        i += step_of(13);
    } while (i < outcome->calls);
}

static void each(const struct scenario *scenario, const struct setting *setting,
                 struct outcome *outcome)
{
    struct injection none = {.plan = NULL};
    REQUIRE(drive(scenario, setting, &none, outcome) == 0);
    REQUIRE(outcome->failed == 0 && outcome->calls > 0);
    size_t calls = outcome->calls;
    each_call(scenario, setting, outcome);
    REQUIRE(outcome->runs > calls / step_of(7));
    if (calls <= PAIRS_MAX)
        each_pair(scenario, setting, outcome);
}

int main(void)
{
    watchdog_start("fault_each", 300);
    tool_keep_freed_memory();
    struct outcome total = drive_all(each);
    REQUIRE(total.injected > 0 && total.failed > 0);
    return 0;
}
