#!/bin/sh
# SPDX-License-Identifier: MIT OR Apache-2.0
# The minimal runner, which stands in for libcheck, sees every way in which a test can fail.

. "${srcdir:-.}/common.sh"
make_scratch
support=$top_srcdir/tests/support

cat > "$scratch/suite.c" << 'END'
#include <check.h>
#include <stdlib.h>
#include <unistd.h>

START_TEST(passes)
{
    static const char *const here = "here";
    ck_assert(1);
    ck_assert_int_eq(-1, -1);
    ck_assert_uint_ge(2u, 1u);
    ck_assert_ptr_nonnull(here);
    ck_assert_str_eq(here, "here");
}
END_TEST
START_TEST(fails_plainly) { ck_assert(0 == 1); } END_TEST
START_TEST(fails_int) { ck_assert_int_eq(-1, 1); } END_TEST
START_TEST(fails_uint) { ck_assert_uint_lt((unsigned long long)-1, 1); } END_TEST
START_TEST(fails_ptr) { ck_assert_ptr_null("x"); } END_TEST
START_TEST(fails_str) { ck_assert_str_eq("a", "b"); } END_TEST
START_TEST(fails_with_message) { ck_abort_msg("number %d", 5); } END_TEST
START_TEST(exits_nonzero) { exit(3); } END_TEST
START_TEST(exits_early) { exit(0); } END_TEST
START_TEST(aborts) { abort(); } END_TEST
START_TEST(hangs) { for (;;) pause(); } END_TEST

int main(void)
{
    const TTest *const tests[] = {passes, fails_plainly, fails_int, fails_uint, fails_ptr, fails_str,
        fails_with_message, exits_nonzero, exits_early, aborts, hangs};
    Suite *suite = suite_create("all");
    for (unsigned i = 0; i < sizeof(tests) / sizeof(tests[0]); i++) {
        TCase *tcase = tcase_create(tests[i]->name);
        tcase_set_timeout(tcase, 1);
        tcase_add_test(tcase, tests[i]);
        suite_add_tcase(suite, tcase);
    }
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
END

${CC:?} -D_GNU_SOURCE -Wall -Wextra -Werror -I "$support/minicheck" -iquote "$support" \
    "$scratch/suite.c" "$support/minicheck.c" -o "$scratch/suite" || die "the runner does not compile"

"$scratch/suite" > "$scratch/output" 2>&1 && fail "a suite with failures is taken for good"
cat "$scratch/output"
tail -n 1 "$scratch/output" | grep -qx '9%: Checks: 11, Failures: 7, Errors: 3' || fail "wrong closing line"
for test in fails_plainly fails_int fails_uint fails_ptr fails_str fails_with_message exits_nonzero \
    exits_early aborts hangs; do
    grep -q ":$test:$test: " "$scratch/output" || fail "no message about $test"
done
grep -q ':fails_int: required: -1 == 1; -1 and 1$' "$scratch/output" || fail "the operands are not shown"

CK_RUN_CASE=passes "$scratch/suite" > "$scratch/output" 2>&1 || fail "a suite that passes is taken for bad"
cat "$scratch/output"
tail -n 1 "$scratch/output" | grep -qx '100%: Checks: 1, Failures: 0, Errors: 0' || fail "wrong closing line"

finish "mistakes of the minimal runner"
