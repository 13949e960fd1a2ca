/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * What may happen while a page of the shared page map is being discarded. The program has a
 * madvise of its own, which the library calls instead of the C library's, and which runs a body
 * just before the page goes.
 */
#include "pagemap/leaf.h"
#include "port/pages.h"
#include "reclaim/fork.h"
#include "support/child.h"
#include "support/require.h"
#include "unit/runner.h"

#include <pthread.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* Pages of the address space whose entries lie in different pages of one leaf. */
#define STEP  (fr_page_size() / sizeof(fr_atomic))
#define PAGE  (500 * ((uintptr_t)1 << FR_MAP_LEAF_BITS))
#define OTHER (PAGE + 2 * STEP)

enum { ENTRY = 5 * FR_SPAN_ALIGN | 5 };

static struct fr_pagemap map;
static void (*before_discard)(void);
static size_t discards;

int madvise(void *p, size_t size, int advice)
{
    void (*body)(void) = before_discard;
    if (body && advice == MADV_DONTNEED) {
        before_discard = NULL;
        body();
    }
    discards += advice == MADV_DONTNEED;
    return (int)syscall(SYS_madvise, p, size, advice);
}

static const void *address(uintptr_t page)
{
    return (const void *)(page << FR_PAGE_SHIFT);
}

static fr_entry get(uintptr_t page)
{
    return fr_pagemap_get(&map, address(page));
}

static void set(uintptr_t page)
{
    fr_entry outer;
    REQUIRE(fr_pagemap_set(&map, address(page), FR_PAGE_SIZE, ENTRY, &outer, NULL));
}

static void clear(uintptr_t page)
{
    fr_pagemap_clear(&map, address(page), FR_PAGE_SIZE, 0);
}

/* Empties a page of a leaf and discards it, with the body called before; 0 where a leaf has no
 * pages. */
static int discard_with(void (*body)(void))
{
    if (((size_t)1 << FR_MAP_LEAF_BITS) * sizeof(fr_atomic) < 4 * fr_page_size())
        return 0;
    set(PAGE);
    clear(PAGE);
    before_discard = body;
    fr_pagemap_trim(&map);
    REQUIRE(before_discard == NULL);
    return 1;
}

/* ---- another thread stores into the page ---- */

static pthread_t setter;
static fr_atomic is_stored;

static void *set_in_thread(void *arg)
{
    (void)arg;
    set(PAGE);
    fr_store_relaxed(&is_stored, 1);
    return NULL;
}

/* A setter that does not wait is done before the page goes. */
static void start_setter(void)
{
    REQUIRE(pthread_create(&setter, NULL, set_in_thread, NULL) == 0);
    for (int i = 0; i < 100 && !fr_load_relaxed(&is_stored); i++)
        usleep(1000);
}

START_TEST(test_a_set_is_not_lost_to_a_discard)
{
    if (!discard_with(start_setter))
        return;
    REQUIRE(pthread_join(setter, NULL) == 0);
    ck_assert_uint_eq(get(PAGE), ENTRY);
    ck_assert(fr_pagemap_is_valid(&map));
    clear(PAGE);
}
END_TEST

/* ---- another thread uses the rest of the map ---- */

static void *work_in_thread(void *arg)
{
    set(OTHER);
    REQUIRE(get(OTHER) == ENTRY);
    REQUIRE(get(PAGE) == 0);
    clear(OTHER);
    fr_pagemap_trim(&map);
    return arg;
}

static void work_meanwhile(void)
{
    pthread_t thread;
    REQUIRE(pthread_create(&thread, NULL, work_in_thread, NULL) == 0);
    REQUIRE(pthread_join(thread, NULL) == 0);
}

/* Nobody else waits, a second trim either: the first one does the second one's work. */
START_TEST(test_no_lock_is_held_meanwhile)
{
    size_t before = discards;
    if (!discard_with(work_meanwhile))
        return;
    ck_assert_uint_eq(discards, before + 2);
    ck_assert_uint_eq(fr_load_relaxed(&fr_leaf_idle_pages), 0);
    ck_assert(fr_pagemap_is_valid(&map));
}
END_TEST

/* ---- the process forks ---- */

static void use_page(void *arg)
{
    (void)arg;
    set(PAGE);
    fr_pagemap_trim(&map);
    REQUIRE(get(PAGE) == ENTRY);
    clear(PAGE);
    fr_pagemap_trim(&map);
    REQUIRE(fr_load_relaxed(&fr_leaf_idle_pages) == 0);
    REQUIRE(fr_pagemap_is_valid(&map));
}

static void use_page_in_child(void *arg)
{
    child_begin("test_leaf");
    use_page(arg);
}

static void *fork_in_thread(void *arg)
{
    child_run(use_page_in_child, NULL);
    return arg;
}

static void fork_meanwhile(void)
{
    pthread_t thread;
    REQUIRE(pthread_create(&thread, NULL, fork_in_thread, NULL) == 0);
    REQUIRE(pthread_join(thread, NULL) == 0);
}

/* The child has no thread that would finish. */
START_TEST(test_another_thread_forks)
{
    fr_fork_arm();
    if (discard_with(fork_meanwhile))
        use_page(NULL);
}
END_TEST

static pid_t child;

/* As a signal handler would. */
static void fork_here(void)
{
    fflush(NULL);
    REQUIRE((child = fork()) >= 0);
}

/* The child goes on with the discard when the handler returns. */
START_TEST(test_the_thread_itself_forks)
{
    int status = 0;
    fr_fork_arm();
    if (!discard_with(fork_here))
        return;
    use_page(NULL);
    if (child == 0)
        _exit(0);
    REQUIRE(waitpid(child, &status, 0) == child);
    ck_assert_int_eq(status, 0);
}
END_TEST

RUNNER_MAIN("discarded pages of the page map", test_a_set_is_not_lost_to_a_discard,
            test_no_lock_is_held_meanwhile, test_another_thread_forks, test_the_thread_itself_forks)
