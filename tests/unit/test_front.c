/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* struct frusa_front: a static instance behind an interface of another kind. */
#include "support/require.h"
#include "support/threads.h"
#include "unit/runner.h"

#include <errno.h>
#include <setjmp.h>
#include <string.h>
#include <time.h>

#include <frusa.h>

static fr_atomic configured;

/* Slow enough that threads which start together meet in it. */
static void configure(struct frusa_config *config)
{
    struct timespec pause = {0, 1000000};
    fr_fetch_add_relaxed(&configured, 1);
    nanosleep(&pause, NULL);
    ck_assert_uint_eq(config->limit, 1 << 20); /* from the front's own */
    config->managed_max = 1000;
}

static char early[64] = "early";

static size_t foreign(const void *ptr)
{
    return ptr == early ? sizeof(early) : 0;
}

static const char *const calls[] = {
    "frusa_free", "release", "frusa_resize", "change", "FRUSA_CHECKED", "a switch", NULL,
};

static const struct frusa_front front = {
    .config = {.limit = 1 << 20},
    .configure = configure,
    .foreign = foreign,
    .calls = calls,
};

static frusa_t heap = FRUSA_FRONT_INITIALIZER(NULL, &front);

START_TEST(test_configure_comes_before_the_first_use)
{
    struct frusa_stats s;
    ck_assert_uint_eq(fr_load_relaxed(&configured), 0);
    void *p = frusa_malloc(&heap, 1001);
    ck_assert_ptr_nonnull(p);
    ck_assert_uint_ge(fr_load_relaxed(&configured), 1);
    ck_assert_int_eq(frusa_get_stats(&heap, &s), 0);
    ck_assert_uint_gt(s.large, 0); /* beyond managed_max */
    errno = 0;
    ck_assert_ptr_null(frusa_malloc(&heap, 2 << 20));
    ck_assert_int_eq(errno, ENOMEM);
    frusa_free(&heap, p);
}
END_TEST

static void use(void *arg, size_t number)
{
    void *p = frusa_malloc(arg, 16 * (number + 1));
    REQUIRE(p != NULL);
    frusa_free(arg, p);
}

START_TEST(test_threads_meet_in_configure)
{
    team_run(8, use, &heap);
    size_t calls_made = fr_load_relaxed(&configured);
    ck_assert_uint_ge(calls_made, 1);
    team_run(8, use, &heap);
    ck_assert_uint_eq(fr_load_relaxed(&configured), calls_made);
    frusa_destroy(&heap);
    team_run(1, use, &heap);
    ck_assert_uint_gt(fr_load_relaxed(&configured), calls_made);
}
END_TEST

START_TEST(test_foreign_pointers)
{
    errno = 0;
    frusa_free(&heap, early);
    ck_assert_int_eq(errno, 0);
    ck_assert_uint_eq(frusa_usable_size(&heap, early), sizeof(early));
    char *p = frusa_resize(&heap, early, 100);
    ck_assert_ptr_nonnull(p);
    ck_assert_ptr_ne(p, early);
    ck_assert_str_eq(p, "early");
    frusa_free(&heap, p);
    p = frusa_resize(&heap, early, 3);
    ck_assert_ptr_nonnull(p);
    ck_assert_int_eq(memcmp(p, early, 3), 0);
    frusa_free(&heap, p);
    ck_assert_str_eq(early, "early");
}
END_TEST

static jmp_buf escape;
static char message[200];

static void keep(void *arg, const char *text)
{
    (void)arg;
    strncpy(message, text, sizeof(message) - 1);
    longjmp(escape, 1);
}

START_TEST(test_messages_use_its_names)
{
    static char other[64];
    frusa_set_panic_handler(keep, NULL);
    if (setjmp(escape) == 0) {
        frusa_free(&heap, other);
        ck_abort_msg("not detected");
    }
    ck_assert_int_eq(strncmp(message, "frusa: release: invalid pointer: 0x", 35), 0);
    if (setjmp(escape) == 0) {
        ck_abort_msg("not detected: %p", frusa_resize(&heap, other, 100));
    }
    ck_assert_int_eq(strncmp(message, "frusa: change: invalid pointer: 0x", 34), 0);
    if (setjmp(escape) == 0) {
        ck_abort_msg("not detected: %zu", frusa_usable_size(&heap, other));
    }
    ck_assert_int_eq(strncmp(message, "frusa: frusa_usable_size: invalid", 33), 0);
    if (setjmp(escape) == 0) {
        frusa_front_free(&heap, other, "drop");
        ck_abort_msg("not detected");
    }
    ck_assert_int_eq(strncmp(message, "frusa: drop: invalid pointer: 0x", 32), 0);
    char *volatile p = frusa_front_alloc(&heap, 100, 0, "get");
    ck_assert_ptr_nonnull(p);
    if (setjmp(escape) == 0) {
        frusa_front_dealloc(&heap, p, 100, 3, "drop");
        ck_abort_msg("not detected");
    }
    ck_assert_int_eq(strncmp(message, "frusa: drop: layout mismatch: 0x", 32), 0);
    frusa_front_dealloc(&heap, p + 16, 100, 0, "drop");
    if (setjmp(escape) == 0) {
        frusa_thread_flush(&heap);
        ck_abort_msg("not detected");
    }
    ck_assert_ptr_nonnull(strstr(message, "; run with a switch to find the call"));
    frusa_front_dealloc(&heap, p, 100, 0, "drop");
    frusa_set_panic_handler(NULL, NULL);
}
END_TEST

START_TEST(test_reserved_entries)
{
    static const struct frusa_front wrong = {.reserved = {NULL, NULL, NULL, early}};
    static frusa_t f = FRUSA_FRONT_INITIALIZER(NULL, &wrong);
    errno = 0;
    ck_assert_ptr_null(frusa_malloc(&f, 1));
    ck_assert_int_eq(errno, EINVAL);
}
END_TEST

START_TEST(test_all_members_zero)
{
    static const struct frusa_front none;
    static char other[64];
    static frusa_t f = FRUSA_FRONT_INITIALIZER(&frusa_fallback_malloc, &none);
    void *p = frusa_malloc(&f, 100);
    ck_assert_ptr_nonnull(p);
    frusa_free(&f, p);
    frusa_set_panic_handler(keep, NULL);
    if (setjmp(escape) == 0) {
        frusa_free(&f, other);
        ck_abort_msg("not detected");
    }
    ck_assert_int_eq(strncmp(message, "frusa: frusa_free: invalid", 26), 0);
    frusa_destroy(&f);
}
END_TEST

RUNNER_MAIN("front", test_configure_comes_before_the_first_use, test_threads_meet_in_configure,
            test_foreign_pointers, test_messages_use_its_names, test_reserved_entries,
            test_all_members_zero)
