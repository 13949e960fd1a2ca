/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Under which tool the tests run. The only place in tests/ that asks the compiler: TOOL_TSAN and
 * TOOL_ASAN are always defined, as 0 or 1.
 */
#ifndef SUPPORT_TOOLS_H
#define SUPPORT_TOOLS_H

#include <pthread.h>

#if defined(__SANITIZE_THREAD__)
#define TOOL_TSAN 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define TOOL_TSAN 1
#endif
#endif
#if !defined(TOOL_TSAN)
#define TOOL_TSAN 0
#endif

#if defined(__SANITIZE_ADDRESS__)
#define TOOL_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define TOOL_ASAN 1
#endif
#endif
#if !defined(TOOL_ASAN)
#define TOOL_ASAN 0
#endif

/* Returns 1 when the program runs under valgrind. */
int tool_is_valgrind(void);

/* For the child of a process with several threads: what the threads that do not exist here held on
 * their stacks is lost to it, and no leak. */
void tool_expect_lost_objects(void);

/* Makes the C library keep freed memory for the next allocation instead of giving it back to the
 * system, where it can be told so. For programs that allocate and free the same large blocks
 * thousands of times. */
void tool_keep_freed_memory(void);

/* Makes the C library give back to the system what it can of its freed memory, where it can be
 * told so; and keeps it from having an arena for each processor, for programs that watch their own
 * resident memory. */
void tool_trim_malloc(void);
void tool_limit_malloc(void);

/* Prepares a lock whose writers come before readers, where the C library has such: or they would
 * wait for ever while there are always some readers. */
void tool_init_rwlock(pthread_rwlock_t *lock);

#endif /* SUPPORT_TOOLS_H */
