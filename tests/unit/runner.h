/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The main function of a unit test. Each test runs in a process of its own, with a time limit, and
 * is a test case of its own: CK_RUN_CASE=test_name runs one alone, CK_FORK=no in the same process.
 */
#ifndef UNIT_RUNNER_H
#define UNIT_RUNNER_H

#include "support/environment.h"

#include <check.h>
#include <stdlib.h>

/* Runs the tests named; returns the exit status. */
static inline int runner_run(const char *name, const TTest *const *tests, size_t n)
{
    Suite *suite = suite_create(name);
    for (size_t i = 0; i < n; i++) {
        TCase *tcase = tcase_create(tests[i]->name);
        tcase_set_timeout(tcase, env_watchdog_seconds());
        tcase_add_test(tcase, tests[i]);
        suite_add_tcase(suite, tcase);
    }
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

/* RUNNER_MAIN("concept", test_one, test_two, ...) */
#define RUNNER_MAIN(name, ...)                                                                     \
    int main(void)                                                                                 \
    {                                                                                              \
        const TTest *const tests[] = {__VA_ARGS__};                                                \
        return runner_run(name, tests, sizeof(tests) / sizeof(tests[0]));                          \
    }

#endif /* UNIT_RUNNER_H */
