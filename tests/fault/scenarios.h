/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Every scenario that the fault programs drive through failing, misplacing and re-entering
 * fallbacks, in one table. A scenario uses an instance in one way, accepts any call's failure, and
 * leaves nothing live.
 */
#ifndef FAULT_SCENARIOS_H
#define FAULT_SCENARIOS_H

#include "support/fallback.h"

/* What a scenario works on. */
struct stage {
    frusa_t *f;
    struct counting_fallback *fallback;
    size_t calls;    /* that may fail, made by the scenario */
    size_t failures; /* of them */
    size_t live;     /* bytes that the scenario's objects really got */
};

struct scenario {
    const char *name;
    void (*run)(struct stage *stage);
};

extern const struct scenario scenarios[];
extern const size_t scenario_count;

/* Configurations that each scenario runs under. */
struct setting {
    const char *name;
    unsigned features;
    struct frusa_config config;
};
extern const struct setting settings[];
extern const size_t setting_count;

#endif /* FAULT_SCENARIOS_H */
