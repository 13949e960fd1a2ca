/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Under which tool the tests run. The only place in tests/ that asks the compiler: TOOL_TSAN and
 * TOOL_ASAN are always defined, as 0 or 1.
 */
#ifndef SUPPORT_TOOLS_H
#define SUPPORT_TOOLS_H

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

/* Makes the C library keep freed memory for the next allocation instead of giving it back to the system,
 * where it can be told so. For programs that allocate and free the same large blocks thousands of times. */
void tool_keep_freed_memory(void);

#endif /* SUPPORT_TOOLS_H */
