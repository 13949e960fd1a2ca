/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * A fallback that returns misaligned memory: at each of its calls in turn, and at random. That
 * counts as a call that failed, and the memory is handed straight back.
 */
#include "drive.h"
#include "support/environment.h"
#include "support/require.h"
#include "support/tools.h"

/* Nothing misaligned is kept. */
static void require_nothing_kept(struct stage *stage)
{
    const struct counting_fallback *fallback = stage->fallback;
    size_t kept = fr_load_relaxed(&fallback->allocs) - fr_load_relaxed(&fallback->deallocs);
    REQUIRE_MSG(fallback_blocks(fallback) == kept, "%zu blocks are held, %zu of them aligned",
                fallback_blocks(fallback), kept);
}

static void misplace(const struct scenario *scenario, const struct setting *setting,
                     struct outcome *outcome)
{
    size_t k = 1, step = env_scale(100, 1) >= 100 ? 1 : 7;
    do {
        struct fault_plan plan = {.misalign = {k, k + 2}};
        struct injection injection = {.plan = &plan, .end = require_nothing_kept};
        drive(scenario, setting, &injection, outcome);
        k += step;
    } while (k <= outcome->calls);
    for (unsigned percent = 5; percent <= 100; percent += 19) {
        struct fault_plan plan = {.misaligned_percent = percent, .seed = env_seed(60) + percent};
        struct injection injection = {.plan = &plan, .end = require_nothing_kept};
        drive(scenario, setting, &injection, outcome);
    }
}

int main(void)
{
    watchdog_start("fault_misaligned", 300);
    tool_keep_freed_memory();
    struct outcome total = drive_all(misplace);
    REQUIRE(total.injected > 0 && total.failed > 0);
    drive_row_head();
    drive_row("misaligned memory, at each fallback call in turn and at random",
              "each scenario and setting", total.runs, total.injected, total.failed);
    return 0;
}
