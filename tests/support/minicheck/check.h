/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * A minimal runner for the unit tests, with the names of libcheck, for machines that have no
 * libcheck (configure --with-minimal-runner). It implements what the unit tests use and no more:
 *
 * Each test runs in a process of its own and fails when an assertion does, when a signal ends it,
 * when it exits early or when it takes longer than its test case's timeout. CK_RUN_CASE=NAME runs
 * one test case alone; CK_FORK=no runs everything in one process, for debuggers. The closing line
 * has libcheck's form.
 */
#ifndef SUPPORT_MINICHECK_CHECK_H
#define SUPPORT_MINICHECK_CHECK_H

#include <stdint.h>

typedef struct {
    const char *name;
    void (*body)(int unused);
} TTest;

typedef struct Suite Suite;
typedef struct TCase TCase;
typedef struct SRunner SRunner;

enum print_output { CK_NORMAL, CK_ENV };

Suite *suite_create(const char *name);
TCase *tcase_create(const char *name);
void tcase_set_timeout(TCase *tcase, double seconds);
void tcase_add_test(TCase *tcase, const TTest *test);
void suite_add_tcase(Suite *suite, TCase *tcase);

SRunner *srunner_create(Suite *suite);
void srunner_run_all(SRunner *runner, enum print_output mode);
int srunner_ntests_failed(SRunner *runner);
void srunner_free(SRunner *runner);

#define START_TEST(NAME)                                                                           \
    static void NAME##_body(int unused);                                                           \
    static const TTest NAME##_test = {#NAME, NAME##_body};                                         \
    static const TTest *const NAME = &NAME##_test;                                                 \
    static void NAME##_body(int unused __attribute__((unused)))
#define END_TEST

/* Ends the running test as failed. */
void minicheck_fail(const char *file, int line, const char *format, ...)
    __attribute__((noreturn, cold, format(printf, 3, 4)));

#define ck_abort_msg(...) minicheck_fail(__FILE__, __LINE__, __VA_ARGS__)
#define ck_assert_msg(condition, ...)                                                              \
    ((condition) ? (void)0 : minicheck_fail(__FILE__, __LINE__, __VA_ARGS__))
#define ck_assert(condition) ck_assert_msg(condition, "required: %s", #condition)

/* Both operands are evaluated once, as `type`, and shown by `format` when the comparison fails. */
#define MINICHECK_COMPARE(type, format, a, op, b)                                                  \
    do {                                                                                           \
        type minicheck_a = (a);                                                                    \
        type minicheck_b = (b);                                                                    \
        ck_assert_msg(minicheck_a op minicheck_b, "required: %s; " format " and " format,          \
                      #a " " #op " " #b, minicheck_a, minicheck_b);                                \
    } while (0)

#define ck_assert_int_eq(a, b)   MINICHECK_COMPARE(intmax_t, "%jd", a, ==, b)
#define ck_assert_int_ne(a, b)   MINICHECK_COMPARE(intmax_t, "%jd", a, !=, b)
#define ck_assert_int_lt(a, b)   MINICHECK_COMPARE(intmax_t, "%jd", a, <, b)
#define ck_assert_int_le(a, b)   MINICHECK_COMPARE(intmax_t, "%jd", a, <=, b)
#define ck_assert_int_gt(a, b)   MINICHECK_COMPARE(intmax_t, "%jd", a, >, b)
#define ck_assert_int_ge(a, b)   MINICHECK_COMPARE(intmax_t, "%jd", a, >=, b)
#define ck_assert_uint_eq(a, b)  MINICHECK_COMPARE(uintmax_t, "%ju", a, ==, b)
#define ck_assert_uint_ne(a, b)  MINICHECK_COMPARE(uintmax_t, "%ju", a, !=, b)
#define ck_assert_uint_lt(a, b)  MINICHECK_COMPARE(uintmax_t, "%ju", a, <, b)
#define ck_assert_uint_le(a, b)  MINICHECK_COMPARE(uintmax_t, "%ju", a, <=, b)
#define ck_assert_uint_gt(a, b)  MINICHECK_COMPARE(uintmax_t, "%ju", a, >, b)
#define ck_assert_uint_ge(a, b)  MINICHECK_COMPARE(uintmax_t, "%ju", a, >=, b)
#define ck_assert_ptr_eq(a, b)   MINICHECK_COMPARE(const void *, "%p", a, ==, b)
#define ck_assert_ptr_ne(a, b)   MINICHECK_COMPARE(const void *, "%p", a, !=, b)
#define ck_assert_ptr_null(p)    ck_assert_ptr_eq(p, NULL)
#define ck_assert_ptr_nonnull(p) ck_assert_ptr_ne(p, NULL)

#define ck_assert_str_eq(a, b)                                                                     \
    do {                                                                                           \
        const char *minicheck_a = (a);                                                             \
        const char *minicheck_b = (b);                                                             \
        ck_assert_msg(minicheck_equal(minicheck_a, minicheck_b),                                   \
                      "required: %s equals %s; \"%s\" and \"%s\"", #a, #b,                         \
                      minicheck_a ? minicheck_a : "(null)", minicheck_b ? minicheck_b : "(null)"); \
    } while (0)

/* Non-zero when both are the same string; a null pointer equals nothing. */
int minicheck_equal(const char *a, const char *b);

#endif /* SUPPORT_MINICHECK_CHECK_H */
