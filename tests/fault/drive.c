/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Runs scenarios under injections. */
#include "drive.h"
#include "support/require.h"
#include "support/threads.h"

#include <stdio.h>

struct run {
    const struct scenario *scenario;
    const struct setting *setting;
    const struct injection *injection;
    struct outcome *outcome;
    size_t injected;
};

static void run_in_a_thread(void *arg, size_t index)
{
    struct run *r = arg;
    struct counting_fallback fallback;
    struct stage stage;
    (void)index;
    stage_open(&stage, &fallback, r->setting, r->injection->plan);
    if (stage.f != NULL) {
        if (r->injection->begin != NULL)
            r->injection->begin(&stage);
        r->scenario->run(&stage);
        if (r->injection->end != NULL)
            r->injection->end(&stage);
    }
    r->outcome->calls = fr_load_relaxed(&fallback.fallible);
    stage_close(&stage);
    r->injected = fr_load_relaxed(&fallback.refused) + fr_load_relaxed(&fallback.misplaced);
    r->outcome->runs++;
    r->outcome->injected += r->injected;
    r->outcome->failed += stage.failures;
}

size_t drive(const struct scenario *scenario, const struct setting *setting,
             const struct injection *injection, struct outcome *outcome)
{
    struct run r = {scenario, setting, injection, outcome, 0};
    team_run(1, run_in_a_thread, &r);
    return r.injected;
}

void drive_print(const char *name, const char *setting, const struct outcome *outcome)
{
    printf("%-26s %-16s %8zu %8zu %13zu\n", name, setting, outcome->runs, outcome->injected,
           outcome->failed);
    fflush(stdout);
}

void drive_row(const char *what, const char *where, size_t runs, size_t injected, size_t failed)
{
    printf("| %s | %s | %zu | %zu | %zu |\n", what, where, runs, injected, failed);
    fflush(stdout);
}

void drive_row_head(void)
{
    printf("| injected | while | runs | faults | calls that failed |\n|---|---|---|---|---|\n");
}

struct outcome drive_all(void (*what)(const struct scenario *scenario,
                                      const struct setting *setting, struct outcome *outcome))
{
    struct outcome total = {0, 0, 0, 0};
    printf("%-26s %-16s %8s %8s %13s\n", "scenario", "setting", "runs", "injected", "calls failed");
    for (size_t i = 0; i < scenario_count; i++) {
        for (size_t k = 0; k < setting_count; k++) {
            static char context[100];
            struct outcome outcome = {0, 0, 0, 0};
            snprintf(context, sizeof(context), "%s, %s", scenarios[i].name, settings[k].name);
            require_context(context);
            what(&scenarios[i], &settings[k], &outcome);
            drive_print(scenarios[i].name, settings[k].name, &outcome);
            total.runs += outcome.runs;
            total.injected += outcome.injected;
            total.failed += outcome.failed;
        }
    }
    require_context(NULL);
    drive_print("all", "all", &total);
    return total;
}
