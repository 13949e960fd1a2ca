/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The mmap provider under a kernel that refuses what it is asked: that costs memory or time, and
 * what is handed out is zero all the same. Each case runs in a process of its own. */
#include "providers/mmap.h"

#include <frusa.h>

#include "port/pages.h"
#include "support/child.h"
#include "support/mappings.h"
#include "support/pattern.h"
#include "support/refuse.h"
#include "support/require.h"
#include "support/tools.h"
#include "unit/runner.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#define MIB ((size_t)1 << 20)

#if !defined(MADV_POPULATE_WRITE)
#define MADV_POPULATE_WRITE 23
#endif

enum { PAGE = 4096, SPAN = 64 << 10, SPANS = 200, SYSCALL_PROCESS_MADVISE = 440 };

static const struct frusa_fallback_ops *const ops = &frusa_fallback_mmap;

static char *take(size_t size)
{
    char *p = ops->alloc(ops->ctx, size, PAGE);
    REQUIRE(p != NULL);
    return p;
}

static void take_all(char **spans)
{
    for (size_t i = 0; i < SPANS; i++) {
        spans[i] = take(SPAN);
        pattern_require_zero(spans[i], SPAN);
        memset(spans[i], 1 + (int)(i % 100), SPAN);
    }
}

/* Every second span, or what is left, in one batch. */
static void give_half(char **spans, size_t first)
{
    static struct frusa_range batch[SPANS];
    size_t n = 0;
    for (size_t i = first; i < SPANS; i += 2) {
        size_t k = n++;
        for (; k > 0 && (uintptr_t)batch[k - 1].ptr > (uintptr_t)spans[i]; k--)
            batch[k] = batch[k - 1];
        batch[k] = (struct frusa_range){spans[i], SPAN};
    }
    ops->dealloc_batch(ops->ctx, batch, n, PAGE);
    REQUIRE(fr_fallback_mmap_is_valid());
}

/* Rounds of everything; returns the bytes of one batch that stayed resident. */
static size_t exercise(void)
{
    static char *spans[SPANS];
    size_t resident = 0;
    for (unsigned round = 0; round < 3; round++) {
        take_all(spans);
        give_half(spans, 0);
        for (size_t i = 1; i < SPANS; i += 2)
            REQUIRE(spans[i][0] == 1 + (int)(i % 100) && spans[i][SPAN - 1] == spans[i][0]);
        for (size_t i = 0; i < SPANS; i += 2)
            resident += mappings_resident(spans[i], SPAN);
        char *own = take(6 * MIB);
        memset(own, 5, 6 * MIB);
        own = ops->resize(ops->ctx, own, 6 * MIB, PAGE, 9 * MIB);
        REQUIRE(own != NULL && own[0] == 5 && own[6 * MIB - 1] == 5 && own[6 * MIB] == 0);
        ops->dealloc(ops->ctx, own, 9 * MIB, PAGE);
        give_half(spans, 1);
    }
    struct fr_mmap_state state;
    fr_fallback_mmap_state(&state);
    REQUIRE(state.used == 0 && state.own_mappings == 0);
    return resident / 3;
}

/* A filter, set before anything else or in the middle of it. */
struct refusal {
    long number;
    int third;
    int error;
    int is_late;
    size_t may_stay; /* bytes of one batch that may stay resident */
};

static void exercise_refused(void *arg)
{
    const struct refusal *r = arg;
    if (r->is_late)
        REQUIRE(exercise() == 0);
    if (!refuse_syscall(r->number, r->third, r->error)) {
        printf("no system call filters here\n");
        return;
    }
    size_t stayed = exercise();
    REQUIRE_MSG(stayed <= r->may_stay, "%zu bytes stay resident", stayed);
}

static void run_refused(long number, int third, size_t may_stay)
{
    static const int errors[] = {ENOSYS, EPERM, EINVAL};
    for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++) {
        struct refusal early = {number, third, errors[i], 0, may_stay};
        struct refusal late = {number, third, errors[i], 1, may_stay};
        child_run(exercise_refused, &early);
        child_run(exercise_refused, &late);
    }
}

START_TEST(test_process_madvise_refused)
{
    run_refused(SYSCALL_PROCESS_MADVISE, REFUSE_ALWAYS, 0);
}
END_TEST

START_TEST(test_madvise_refused)
{
    /* The one system call that is left, process_madvise, may still discard. */
    run_refused(SYS_madvise, REFUSE_ALWAYS, SPANS / 2 * SPAN);
}
END_TEST

static void exercise_without_any_discard(void *arg)
{
    (void)arg;
    if (refuse_syscall(SYSCALL_PROCESS_MADVISE, REFUSE_ALWAYS, EPERM) &&
        refuse_syscall(SYS_madvise, REFUSE_ALWAYS, EPERM))
        REQUIRE(exercise() > 0);
}

START_TEST(test_every_discard_refused)
{
    child_run(exercise_without_any_discard, NULL);
}
END_TEST

START_TEST(test_populating_refused)
{
    run_refused(SYS_madvise, MADV_POPULATE_WRITE, 0);
}
END_TEST

START_TEST(test_advice_refused)
{
    run_refused(SYS_madvise, MADV_HUGEPAGE, 0);
    /* The kernel may then make whole blocks resident again in the background. */
    run_refused(SYS_madvise, MADV_NOHUGEPAGE, SPANS / 2 * SPAN);
}
END_TEST

static void give_back_without_munmap(void *arg)
{
    static char *spans[SPANS];
    struct fr_mmap_state before, after;
    (void)arg;
    take_all(spans);
    char *own = take(6 * MIB);
    memset(own, 1, 6 * MIB);
    fr_fallback_mmap_state(&before);
    if (!refuse_syscall(SYS_munmap, REFUSE_ALWAYS, ENOMEM))
        return;
    give_half(spans, 0);
    give_half(spans, 1);
    ops->dealloc(ops->ctx, own, 6 * MIB, PAGE);
    REQUIRE(mappings_resident(own, 6 * MIB) == 0);
    for (size_t i = 0; i < SPANS; i++)
        REQUIRE(mappings_resident(spans[i], SPAN) == 0);
    fr_fallback_mmap_state(&after);
    REQUIRE(after.used == 0 && after.chunks == before.chunks);
    /* The chunks are used again. */
    take_all(spans);
    fr_fallback_mmap_state(&after);
    REQUIRE(after.chunks == before.chunks && fr_fallback_mmap_is_valid());
}

START_TEST(test_munmap_refused)
{
    if (TOOL_TSAN)
        return; /* it unmaps memory of its own at any moment */
    child_run(give_back_without_munmap, NULL);
}
END_TEST

static void give_back_locked_pages(void *arg)
{
    static char *spans[SPANS];
    size_t page = fr_page_size();
    (void)arg;
    take_all(spans);
    for (size_t i = 0; i < SPANS; i += 20)
        /* Not by mlock(): sanitizers make that do nothing. */
        REQUIRE(syscall(SYS_mlock, spans[i] + 2 * page, page) == 0);
    give_half(spans, 0);
    for (size_t i = 0; i < SPANS; i += 2)
        REQUIRE(mappings_resident(spans[i], SPAN) <= (i % 20 == 0 ? SPAN : 0));
    for (size_t i = 0; i < SPANS; i += 2) {
        spans[i] = take(SPAN);
        pattern_require_zero(spans[i], SPAN);
        memset(spans[i], 3, SPAN);
    }
    if (!mappings_knows_locked_pages())
        return;
    struct frusa_range locked = {NULL, page}, both[2];
    for (size_t i = 0; i < SPANS; i++)
        if (mappings_has_flag(spans[i] + 2 * page, "lo"))
            locked.ptr = spans[i] + 2 * page;
    REQUIRE(locked.ptr != NULL);
    both[0] = locked;
    both[1] = (struct frusa_range){(char *)locked.ptr + 2 * page, page};
    REQUIRE(ops->purge(ops->ctx, both, 2) == page);
    give_half(spans, 0);
    give_half(spans, 1);
    take_all(spans);
}

START_TEST(test_locked_pages)
{
    if (fr_page_size() > 4096)
        return; /* counts in small pages */
    child_run(give_back_locked_pages, NULL);
}
END_TEST

static void exhaust_address_space(void *arg)
{
    size_t more = *(const size_t *)arg;
    enum { MOST = 2048 };
    static char *spans[MOST];
    size_t bytes = mappings_address_space() + more;
    struct rlimit limit = {bytes, bytes}, now;
    if (setrlimit(RLIMIT_AS, &limit) != 0)
        return;
    if (getrlimit(RLIMIT_AS, &now) != 0 || now.rlim_cur != bytes)
        return; /* an emulator, whose own memory is in the way */
    for (unsigned round = 0; round < 3; round++) {
        size_t n = 0;
        while (n < MOST && (spans[n] = ops->alloc(ops->ctx, SPAN, PAGE)) != NULL) {
            pattern_require_zero(spans[n], SPAN);
            memset(spans[n++], 9, SPAN);
        }
        /* Three quarters at least are used for blocks. */
        REQUIRE_MSG(n < MOST && n * SPAN >= more / 4 * 3, "%zu blocks in %zu bytes", n, more);
        REQUIRE(ops->alloc(ops->ctx, 8 * MIB, PAGE) == NULL);
        while (n > 0)
            ops->dealloc(ops->ctx, spans[--n], SPAN, PAGE);
        REQUIRE(fr_fallback_mmap_is_valid());
    }
}

START_TEST(test_address_space_exhausted)
{
    static const size_t sizes[] = {1 << 20, 3 << 20, 7 << 20, 23 << 20, 77 << 20};
    if (TOOL_ASAN || TOOL_TSAN || tool_is_valgrind())
        return; /* their own memory is in the way */
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
        child_run(exhaust_address_space, (void *)(uintptr_t)&sizes[i]);
}
END_TEST

static void exhaust_mappings(void *arg)
{
    static char *spans[SPANS];
    static char *owns[10];
    size_t page = fr_page_size(), n = 0;
    (void)arg;
    take_all(spans);
    for (size_t i = 0; i < 10; i++)
        owns[i] = take(6 * MIB);
    /* Every second page of a mapping gets other permissions, until the kernel has had enough. */
    size_t most = 200000;
    char *p =
        mmap(NULL, 2 * most * page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    REQUIRE(p != MAP_FAILED);
    while (n < most && mprotect(p + 2 * n * page, page, PROT_READ) == 0)
        n++;
    if (n == most)
        return; /* no limit that matters */
    give_half(spans, 0);
    for (size_t i = 0; i < SPANS; i += 2)
        REQUIRE(mappings_resident(spans[i], SPAN) == 0);
    for (size_t i = 0; i < SPANS; i += 2) {
        spans[i] = take(SPAN);
        pattern_require_zero(spans[i], SPAN);
    }
    for (size_t i = 0; i < 10; i++)
        ops->dealloc(ops->ctx, owns[i], 6 * MIB, PAGE);
    give_half(spans, 0);
    give_half(spans, 1);
}

START_TEST(test_too_many_mappings)
{
    if (TOOL_ASAN || TOOL_TSAN || tool_is_valgrind())
        return; /* they need mappings of their own at any moment */
    child_run(exhaust_mappings, NULL);
}
END_TEST

RUNNER_MAIN("fallback_mmap_refused", test_process_madvise_refused, test_madvise_refused,
            test_every_discard_refused, test_populating_refused, test_advice_refused,
            test_munmap_refused, test_locked_pages, test_address_space_exhausted,
            test_too_many_mappings)
