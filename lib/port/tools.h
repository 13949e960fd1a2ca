/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Memory checkers: what the library tells valgrind's memcheck and the address sanitizer about
 * objects, so that these report mistakes with them as they do with malloc's.
 *
 * An instance that starts under such a tool is watched: it is a checked one (checked.h), and tells
 * the tool of every object. No other instance spends an instruction on it but in calls of the
 * fallback. Both tools are found at run time: memcheck by a client request, the address sanitizer
 * by the functions that its run-time library brings, whether this library was built with it or
 * not.
 *
 * Requests (valgrind) of the kind MALLOCLIKE rather than MEMPOOL but for large objects: the
 * reports read like those about malloc, and blocks take part in the search for leaks. Memory
 * outside live objects is closed: an access by the program is reported. The library opens a slot
 * for its own accesses and closes it afterwards; what another thread does to it just then goes
 * unnoticed.
 */
#ifndef FR_PORT_TOOLS_H
#define FR_PORT_TOOLS_H

#include <stddef.h>

#include "port/system.h"

#if FR_HOSTED

/* Non-zero under a memory checker: then instances are to be watched. */
int fr_tools_watch(void);

/* Non-zero under any of valgrind's tools. */
int fr_tools_valgrind(void);

/* For tests of the library itself, which are about instances as they are without a tool: set
 * before the first instance starts, it keeps instances from being watched. */
extern int fr_tools_ignored;

/* Memory from the fallback, and on its way back to it; of all instances. */
void fr_tools_taken(void *p, size_t size, int is_zero);
void fr_tools_given(void *p, size_t size);

/* Memory that may hold the program's pointers: searched by the address sanitizer's search for
 * leaks. */
void fr_tools_hold(void *p, size_t size);
void fr_tools_unhold(void *p, size_t size);

/* Opens memory for the library; its contents count as known. Closes it for everybody. */
void fr_tools_open(const void *p, size_t size);
void fr_tools_close(const void *p, size_t size);

/* An object becomes the program's: its bytes are open, and not initialised. Is no longer the
 * program's. */
void fr_tools_allocated(void *p, size_t size);
void fr_tools_freed(void *p, size_t size);

/* An object changes its size where it is. */
void fr_tools_resized(void *p, size_t old_size, size_t new_size);

/*
 * The same for large objects, which a fallback over malloc puts where a block of malloc's begins:
 * memcheck keeps them in a pool of the instance's, so as not to mistake one for the other. Of an
 * object that was moved here the first `known` bytes are initialised. The pool is made with the
 * instance; NULL: none.
 */
void fr_tools_pool_begin(void *pool);
void fr_tools_pool_end(void *pool);
void fr_tools_pool_put(void *pool, void *p, size_t size, size_t known);
void fr_tools_pool_drop(void *pool, void *p, size_t size);
void fr_tools_pool_resize(void *pool, void *p, size_t old_size, size_t new_size);

/* Misuse was found that ends the program: shows where, if the tool can. `double_freed` is NULL
 * unless an object was given back twice. */
void fr_tools_misused(const char *message, void *double_freed);

#else

static inline int fr_tools_watch(void)
{
    return 0;
}
static inline void fr_tools_taken(void *p, size_t size, int is_zero)
{
    (void)p, (void)size, (void)is_zero;
}
static inline void fr_tools_given(void *p, size_t size)
{
    (void)p, (void)size;
}
static inline void fr_tools_hold(void *p, size_t size)
{
    (void)p, (void)size;
}
static inline void fr_tools_unhold(void *p, size_t size)
{
    (void)p, (void)size;
}
static inline void fr_tools_open(const void *p, size_t size)
{
    (void)p, (void)size;
}
static inline void fr_tools_close(const void *p, size_t size)
{
    (void)p, (void)size;
}
static inline void fr_tools_allocated(void *p, size_t size)
{
    (void)p, (void)size;
}
static inline void fr_tools_freed(void *p, size_t size)
{
    (void)p, (void)size;
}
static inline void fr_tools_resized(void *p, size_t old_size, size_t new_size)
{
    (void)p, (void)old_size, (void)new_size;
}
static inline void fr_tools_pool_begin(void *pool)
{
    (void)pool;
}
static inline void fr_tools_pool_end(void *pool)
{
    (void)pool;
}
static inline void fr_tools_pool_put(void *pool, void *p, size_t size, size_t known)
{
    (void)pool, (void)p, (void)size, (void)known;
}
static inline void fr_tools_pool_drop(void *pool, void *p, size_t size)
{
    (void)pool, (void)p, (void)size;
}
static inline void fr_tools_pool_resize(void *pool, void *p, size_t old_size, size_t new_size)
{
    (void)pool, (void)p, (void)old_size, (void)new_size;
}
static inline void fr_tools_misused(const char *message, void *double_freed)
{
    (void)message, (void)double_freed;
}

#endif

#endif /* FR_PORT_TOOLS_H */
