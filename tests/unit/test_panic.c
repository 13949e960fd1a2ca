/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The panic handler: what it is told, what it may do, and what happens when it returns. */
#include "support/check_instance.h"
#include "support/fallback.h"
#include "support/require.h"
#include "support/walk.h"
#include "unit/runner.h"

#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

/* What the handler below saw. */
static struct {
    jmp_buf leave;
    int calls;
    void *arg;
    char message[200];
    frusa_t *use; /* an instance to use inside the handler */
} seen;

static void note_and_leave(void *arg, const char *message)
{
    seen.calls++;
    seen.arg = arg;
    snprintf(seen.message, sizeof(seen.message), "%s", message);
    if (seen.use != NULL) {
        void *p = frusa_alloc(seen.use, 64, 0), *q = frusa_malloc(seen.use, 3 << 20);
        REQUIRE(p != NULL && q != NULL);
        frusa_free(seen.use, p);
        frusa_free(seen.use, q);
        frusa_reclaim(seen.use);
        walk_sum(seen.use);
    }
    longjmp(seen.leave, 1);
}

/* `more` is what stands behind the pointer. */
static void require_message(const char *call, const char *kind, const void *pointer,
                            const char *more)
{
    char expected[200];
    snprintf(expected, sizeof(expected), "frusa: %s: %s: %p%s", call, kind, pointer, more);
    REQUIRE_MSG(strcmp(seen.message, expected) == 0, "\"%s\", not \"%s\"", seen.message, expected);
}

static void leave_handler(unsigned flag)
{
    static int argument;
    struct counting_fallback fallback;
    struct frusa_config config = {.flags = flag};
    fallback_init(&fallback, FALLBACK_EVERYTHING);
    frusa_t *f = frusa_create_with(&fallback.ops, &config);
    ck_assert_ptr_nonnull(f);
    void *keep = frusa_alloc(f, 100, 0);
    char *volatile p = frusa_alloc(f, 100, 0);
    ck_assert(keep != NULL && p != NULL);
    frusa_set_panic_handler(note_and_leave, &argument);
    seen.use = f;
    seen.calls = 0;
    if (setjmp(seen.leave) == 0) {
        frusa_free(f, p + 16);
        frusa_thread_flush(f);
        ck_abort_msg("the mistake was not detected");
    }
    ck_assert_int_eq(seen.calls, 1);
    ck_assert_ptr_eq(seen.arg, &argument);
    if (flag == 0)
        require_message("frusa_thread_flush", "invalid pointer", p + 16,
                        "; run with FRUSA_CHECKED to find the call");
    else
        require_message("frusa_free", "invalid pointer", p + 16, "");
    /* The object stays as it was. */
    memset(p, 0x11, 100);
    ck_assert_uint_eq(stats_live_bytes(f), 2 * frusa_good_size(f, 100, 0));
    frusa_dealloc(f, p, 100, 0);
    frusa_dealloc(f, keep, 100, 0);
    support_check_instance(f);
    frusa_reclaim(f);
    ck_assert_uint_le(fallback_held(&fallback), RECORD_MAX + CACHE_MAX);
    frusa_destroy(f);
    fallback_require_empty(&fallback);
    frusa_set_panic_handler(NULL, NULL);
}

/* The handler gets its argument and the message; having left, the instance is as if nothing had
 * been. */
START_TEST(test_handler_leaves)
{
    leave_handler(0);
    leave_handler(FRUSA_NO_THREAD_CACHE);
    leave_handler(FRUSA_CHECKED);
}
END_TEST

/* Again and again, each kind of mistake that is found at the call. */
START_TEST(test_many_mistakes)
{
    static const struct frusa_config config = {.flags = FRUSA_CHECKED};
    frusa_t *volatile f = frusa_create_with(NULL, &config), *volatile g =
                                                                frusa_create_with(NULL, &config);
    char *volatile p = frusa_alloc(f, 64, 0), *volatile large = frusa_alloc(f, 3 << 20, 0);
    char *volatile freed = frusa_alloc(f, 64, 0);
    ck_assert(p != NULL && large != NULL && freed != NULL);
    frusa_dealloc(f, freed, 64, 0);
    frusa_set_panic_handler(note_and_leave, NULL);
    seen.use = f;
    for (volatile int i = 0; i < 200; i++) {
        if (setjmp(seen.leave) == 0) {
            switch (i % 5) {
            case 0:
                frusa_dealloc(f, freed, 64, 0);
                break;
            case 1:
                frusa_dealloc(f, p, 4000, 0);
                break;
            case 2:
                frusa_dealloc(g, p, 64, 0);
                break;
            case 3:
                frusa_free(f, large + 8192);
                break;
            default:
                frusa_dealloc(f, large, 64, 0);
            }
            ck_abort_msg("mistake %d was not detected", i % 5);
        }
        switch (i % 5) {
        case 0:
            require_message("frusa_dealloc", "double free", freed, "");
            break;
        case 1:
            require_message("frusa_dealloc", "layout mismatch", p,
                            ": freed as 4000 bytes, allocated as 64");
            break;
        case 2:
            require_message("frusa_dealloc", "wrong instance", p, "");
            break;
        case 3:
            require_message("frusa_free", "invalid pointer", large + 8192, "");
            break;
        default:
            require_message("frusa_dealloc", "layout mismatch", large,
                            ": freed as 64 bytes, allocated as 3145728");
        }
    }
    seen.use = NULL;
    frusa_free(f, p);
    frusa_free(f, large);
    ck_assert_uint_eq(stats_live_bytes(f), 0);
    frusa_destroy(f);
    frusa_destroy(g);
}
END_TEST

/* Runs a mistake, and whatever finds it, up to the message. */
#define EXPECT_MESSAGE(mistake, ...)                                                               \
    do {                                                                                           \
        if (setjmp(seen.leave) == 0) {                                                             \
            mistake;                                                                               \
            ck_abort_msg("the mistake was not detected");                                          \
        }                                                                                          \
        require_message(__VA_ARGS__);                                                              \
    } while (0)

/* The sizes in messages: those that the call passes and the object has where they are known, size
 * classes where not. */
START_TEST(test_sizes)
{
    static const struct frusa_config config = {.flags = FRUSA_CHECKED};
    frusa_t *volatile f = frusa_create(NULL), *volatile g = frusa_create_with(NULL, &config);
    char *volatile p = frusa_alloc(f, 100, 0), *volatile q = frusa_alloc(g, 100, 0);
    char *volatile large = frusa_alloc(f, 3 << 20, 0);
    ck_assert(p != NULL && q != NULL && large != NULL);
    frusa_set_panic_handler(note_and_leave, NULL);
    EXPECT_MESSAGE(frusa_dealloc(g, q, 1000, 0), "frusa_dealloc", "layout mismatch", q,
                   ": freed as 1000 bytes, allocated as 100");
    EXPECT_MESSAGE(frusa_dealloc(g, q, 1, 0), "frusa_dealloc", "layout mismatch", q,
                   ": freed as 1 byte, allocated as 100");
    EXPECT_MESSAGE(frusa_dealloc(g, q, 0, 0), "frusa_dealloc", "layout mismatch", q,
                   ": freed as 0 bytes, allocated as 100");
    EXPECT_MESSAGE(frusa_dealloc(g, q, 100, 64), "frusa_dealloc", "layout mismatch", q,
                   ": freed as 100 bytes aligned to 64, allocated as 100");
    EXPECT_MESSAGE(frusa_dealloc(g, q, 100, 3), "frusa_dealloc", "layout mismatch", q,
                   ": freed as 100 bytes aligned to 3");
    EXPECT_MESSAGE(frusa_dealloc(f, p, 3 << 20, 0), "frusa_dealloc", "layout mismatch", p,
                   ": freed as 3145728 bytes, allocated as 112");
    EXPECT_MESSAGE(frusa_dealloc(f, large, 4 << 20, 0), "frusa_dealloc", "layout mismatch", large,
                   ": freed as 4194304 bytes, allocated as 3145728");
    EXPECT_MESSAGE((frusa_dealloc(f, p, 1000, 0), frusa_thread_flush(f)), "frusa_thread_flush",
                   "layout mismatch", p,
                   ": freed as 1024 bytes, allocated as 112; run with FRUSA_CHECKED to find the "
                   "call");
    q[100] = 1;
    EXPECT_MESSAGE(frusa_free(g, q), "frusa_free", "overflow", q, ": allocated as 100 bytes");
    frusa_set_panic_handler(NULL, NULL);
    frusa_destroy(f);
    frusa_destroy(g);
}
END_TEST

static void return_from_handler(void *arg, const char *message)
{
    (void)message;
    ssize_t written = write(*(int *)arg, "x", 1);
    (void)written;
}

/* A handler that returns ends in abort(), as does the default, which writes one line. */
static void require_abort(int with_handler)
{
    int out[2];
    char text[400];
    ck_assert_int_eq(pipe(out), 0);
    pid_t child = fork();
    if (child == 0) {
        const struct rlimit no_core_files = {0, 0};
        setrlimit(RLIMIT_CORE, &no_core_files);
        frusa_t *f = frusa_create(NULL);
        if (with_handler)
            frusa_set_panic_handler(return_from_handler, &out[1]);
        else if (dup2(out[1], STDERR_FILENO) < 0)
            _exit(3);
        frusa_free(f, text);
        _exit(3);
    }
    int status;
    close(out[1]);
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
    ssize_t n = read(out[0], text, sizeof(text) - 1);
    ck_assert_int_ge(n, 0);
    text[n] = '\0';
    close(out[0]);
    if (with_handler) {
        ck_assert_str_eq(text, "x");
    } else {
        char expected[200];
        snprintf(expected, sizeof(expected), "frusa: frusa_free: invalid pointer: %p\n",
                 (void *)text);
        /* An emulator of user programs has something to add. */
        char *note = strstr(text, "qemu: uncaught target signal");
        if (note != NULL)
            *note = '\0';
        ck_assert_str_eq(text, expected);
    }
}

START_TEST(test_handler_returns)
{
    require_abort(1);
}
END_TEST

START_TEST(test_default_handler)
{
    require_abort(0);
}
END_TEST

START_TEST(test_default_is_restored)
{
    frusa_set_panic_handler(note_and_leave, NULL);
    frusa_set_panic_handler(NULL, NULL);
    require_abort(0);
}
END_TEST

RUNNER_MAIN("panic handler", test_handler_leaves, test_many_mistakes, test_sizes,
            test_handler_returns, test_default_handler, test_default_is_restored)
