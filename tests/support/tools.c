/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* What the tests ask of the tool that they run under. */
#include "tools.h"

#include <stdlib.h>

#if defined(__has_include)
#if __has_include(<valgrind/valgrind.h>)
#include <valgrind/valgrind.h>
#endif
#endif

int tool_is_valgrind(void)
{
#if defined(RUNNING_ON_VALGRIND)
    return RUNNING_ON_VALGRIND != 0;
#else
    return 0;
#endif
}

/* The library's own tests are about instances as they are without a memory checker.
 * FRUSA_TEST_TOOLS has them watched. Programs that link the shared library cannot reach this, and
 * are watched. */
#if defined(FRUSA_TEST_INTERNALS)
extern int fr_tools_ignored __attribute__((weak));
__attribute__((constructor(101))) static void ignore_tools(void)
{
    if (&fr_tools_ignored != NULL && getenv("FRUSA_TEST_TOOLS") == NULL)
        fr_tools_ignored = 1;
}
#endif

#if defined(__GLIBC__)
#include <malloc.h>
#endif

void tool_expect_lost_objects(void)
{
#if defined(VALGRIND_CLO_CHANGE)
    VALGRIND_CLO_CHANGE("--leak-check=no");
#endif
}

void tool_keep_freed_memory(void)
{
#if defined(__GLIBC__)
    mallopt(M_ARENA_MAX, 1);
    mallopt(M_MMAP_THRESHOLD, 32 << 20);
    mallopt(M_TRIM_THRESHOLD, 512 << 20);
#endif
}

void tool_trim_malloc(void)
{
#if defined(__GLIBC__)
    malloc_trim(0);
#endif
}

void tool_limit_malloc(void)
{
#if defined(__GLIBC__)
    mallopt(M_ARENA_MAX, 2);
#endif
}

void tool_init_rwlock(pthread_rwlock_t *lock)
{
    pthread_rwlockattr_t attributes;
    pthread_rwlockattr_init(&attributes);
#if defined(__GLIBC__)
    pthread_rwlockattr_setkind_np(&attributes, PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP);
#endif
    pthread_rwlock_init(lock, &attributes);
    pthread_rwlockattr_destroy(&attributes);
}

#if TOOL_TSAN
/* The tests fork while they have several threads, and the child starts new ones. */
const char *__tsan_default_options(void);
const char *__tsan_default_options(void)
{
    return "die_after_fork=0";
}
#endif
