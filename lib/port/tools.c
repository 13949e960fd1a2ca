/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "port/tools.h"

#if FR_HOSTED
#include "port/atomic.h"
#include "port/compiler.h"

/* Headers alone: client requests are instructions that do nothing outside valgrind. */
#if !defined(FRUSA_WITHOUT_VALGRIND) && defined(__has_include)
#if __has_include(<valgrind/memcheck.h>)
#include <valgrind/memcheck.h>
#define HAVE_MEMCHECK 1
/* A machine that valgrind does not know: its requests are nothing, whatever the arguments. */
#if defined(NVALGRIND)
#pragma GCC diagnostic ignored "-Wunused-parameter"
#pragma GCC diagnostic ignored "-Wunused-variable"
#endif
#endif
#endif
#if !defined(HAVE_MEMCHECK)
#define HAVE_MEMCHECK       0
#define RUNNING_ON_VALGRIND 0
/* The arguments count as used. */
#define VALGRIND_MALLOCLIKE_BLOCK(p, size, redzone, zero)  ((void)(p), (void)(size))
#define VALGRIND_FREELIKE_BLOCK(p, redzone)                ((void)(p))
#define VALGRIND_RESIZEINPLACE_BLOCK(p, old, new, redzone) ((void)(p), (void)(old), (void)(new))
#define VALGRIND_CREATE_MEMPOOL(pool, redzone, zero)       ((void)(pool))
#define VALGRIND_DESTROY_MEMPOOL(pool)                     ((void)(pool))
#define VALGRIND_MEMPOOL_ALLOC(pool, p, size)              ((void)(pool), (void)(p), (void)(size))
#define VALGRIND_MEMPOOL_FREE(pool, p)                     ((void)(pool), (void)(p))
#define VALGRIND_MEMPOOL_CHANGE(pool, from, to, size)                                              \
    ((void)(pool), (void)(from), (void)(to), (void)(size))
#define VALGRIND_PRINTF_BACKTRACE(format, text) ((void)(format), (void)(text))
#define VALGRIND_MAKE_MEM_NOACCESS(p, size)     ((void)(p), (void)(size), 0)
#define VALGRIND_MAKE_MEM_UNDEFINED(p, size)    ((void)(p), (void)(size), 0)
#define VALGRIND_MAKE_MEM_DEFINED(p, size)      ((void)(p), (void)(size), 0)
#endif

/* The address sanitizer's interface; absent unless its run-time library is in the process. */
#pragma weak __asan_poison_memory_region
#pragma weak __asan_unpoison_memory_region
#pragma weak __sanitizer_print_stack_trace
#pragma weak __lsan_register_root_region
#pragma weak __lsan_unregister_root_region
void __asan_poison_memory_region(void const volatile *addr, size_t size);
void __asan_unpoison_memory_region(void const volatile *addr, size_t size);
void __sanitizer_print_stack_trace(void);
void __lsan_register_root_region(const void *p, size_t size);
void __lsan_unregister_root_region(const void *p, size_t size);

int fr_tools_ignored;

enum { TOOL_UNKNOWN, TOOL_NONE, TOOL_MEMCHECK, TOOL_ASAN };

/* Other tools of valgrind's, such as callgrind, do not answer memcheck's requests. */
static size_t find_tool(void)
{
    char probe = 0;
    if (__asan_poison_memory_region && __asan_unpoison_memory_region)
        return TOOL_ASAN;
    if (HAVE_MEMCHECK && RUNNING_ON_VALGRIND && VALGRIND_MAKE_MEM_DEFINED(&probe, sizeof(probe)))
        return TOOL_MEMCHECK;
    return TOOL_NONE;
}

static size_t tool(void)
{
    static fr_atomic found;
    size_t known = fr_load_relaxed(&found);
    if (FR_UNLIKELY(known == TOOL_UNKNOWN)) {
        known = find_tool();
        fr_store_relaxed(&found, known);
    }
    return fr_tools_ignored ? TOOL_NONE : known;
}

int fr_tools_watch(void)
{
    return tool() != TOOL_NONE;
}

int fr_tools_valgrind(void)
{
    return RUNNING_ON_VALGRIND != 0;
}

void fr_tools_taken(void *p, size_t size, int is_zero)
{
    if (tool() == TOOL_MEMCHECK && is_zero)
        (void)VALGRIND_MAKE_MEM_DEFINED(p, size);
}

void fr_tools_given(void *p, size_t size)
{
    if (tool() == TOOL_MEMCHECK)
        (void)VALGRIND_MAKE_MEM_UNDEFINED(p, size);
    else if (tool() == TOOL_ASAN)
        __asan_unpoison_memory_region(p, size);
}

void fr_tools_hold(void *p, size_t size)
{
    if (tool() == TOOL_ASAN && __lsan_register_root_region)
        __lsan_register_root_region(p, size);
}

void fr_tools_unhold(void *p, size_t size)
{
    if (tool() == TOOL_ASAN && __lsan_unregister_root_region)
        __lsan_unregister_root_region(p, size);
}

void fr_tools_open(const void *p, size_t size)
{
    if (tool() == TOOL_MEMCHECK)
        (void)VALGRIND_MAKE_MEM_DEFINED(p, size);
    else if (tool() == TOOL_ASAN)
        __asan_unpoison_memory_region(p, size);
}

void fr_tools_close(const void *p, size_t size)
{
    if (tool() == TOOL_MEMCHECK)
        (void)VALGRIND_MAKE_MEM_NOACCESS(p, size);
    else if (tool() == TOOL_ASAN)
        __asan_poison_memory_region(p, size);
}

void fr_tools_allocated(void *p, size_t size)
{
    if (tool() == TOOL_MEMCHECK)
        VALGRIND_MALLOCLIKE_BLOCK(p, size, 0, 0);
    else if (tool() == TOOL_ASAN)
        __asan_unpoison_memory_region(p, size);
}

void fr_tools_freed(void *p, size_t size)
{
    if (tool() == TOOL_MEMCHECK)
        VALGRIND_FREELIKE_BLOCK(p, 0);
    else if (tool() == TOOL_ASAN)
        __asan_poison_memory_region(p, size);
}

void fr_tools_resized(void *p, size_t old_size, size_t new_size)
{
    char *bytes = p;
    if (tool() == TOOL_MEMCHECK && new_size == 0) { /* which the request does not take */
        VALGRIND_FREELIKE_BLOCK(p, 0);
        VALGRIND_MALLOCLIKE_BLOCK(p, 0, 0, 0);
    } else if (tool() == TOOL_MEMCHECK)
        VALGRIND_RESIZEINPLACE_BLOCK(p, old_size, new_size, 0);
    else if (tool() == TOOL_ASAN && new_size > old_size)
        __asan_unpoison_memory_region(bytes, new_size);
    else if (tool() == TOOL_ASAN)
        __asan_poison_memory_region(bytes + new_size, old_size - new_size);
}

void fr_tools_pool_begin(void *pool)
{
    if (tool() == TOOL_MEMCHECK)
        VALGRIND_CREATE_MEMPOOL(pool, 0, 0);
}

void fr_tools_pool_end(void *pool)
{
    if (tool() == TOOL_MEMCHECK)
        VALGRIND_DESTROY_MEMPOOL(pool);
}

void fr_tools_pool_put(void *pool, void *p, size_t size, size_t known)
{
    if (tool() == TOOL_MEMCHECK) {
        if (pool)
            VALGRIND_MEMPOOL_ALLOC(pool, p, size);
        else
            VALGRIND_MALLOCLIKE_BLOCK(p, size, 0, 0);
        (void)VALGRIND_MAKE_MEM_DEFINED(p, known < size ? known : size);
    } else if (tool() == TOOL_ASAN) {
        __asan_unpoison_memory_region(p, size);
    }
}

void fr_tools_pool_drop(void *pool, void *p, size_t size)
{
    if (tool() == TOOL_MEMCHECK && pool)
        VALGRIND_MEMPOOL_FREE(pool, p);
    else
        fr_tools_freed(p, size);
}

void fr_tools_pool_resize(void *pool, void *p, size_t old_size, size_t new_size)
{
    if (tool() != TOOL_MEMCHECK || !pool) {
        fr_tools_resized(p, old_size, new_size);
        return;
    }
    VALGRIND_MEMPOOL_CHANGE(pool, p, p, new_size);
    if (new_size > old_size)
        (void)VALGRIND_MAKE_MEM_UNDEFINED((char *)p + old_size, new_size - old_size);
    else
        (void)VALGRIND_MAKE_MEM_NOACCESS((char *)p + new_size, old_size - new_size);
}

/* Memcheck takes an object that is freed twice for a mistake of its own kind, and tells its
 * history. */
void fr_tools_misused(const char *message, void *double_freed)
{
    if (tool() == TOOL_MEMCHECK) {
        if (double_freed)
            VALGRIND_FREELIKE_BLOCK(double_freed, 0);
        VALGRIND_PRINTF_BACKTRACE("%s", message);
    } else if (tool() == TOOL_ASAN && __sanitizer_print_stack_trace) {
        __sanitizer_print_stack_trace();
    }
}
#endif
