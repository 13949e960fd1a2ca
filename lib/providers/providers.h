/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Layer providers: the fallbacks that ship with the library. An instance calls one through its
 * table of functions (base/fallback.h), like any fallback of the program's own. Layers above need
 * only the name of the default, and the handlers of fork in arena.h and mmap.h.
 */
#ifndef FR_PROVIDERS_H
#define FR_PROVIDERS_H

#include <frusa.h>

/* What NULL stands for in frusa_create; NULL where nothing is embedded (freestanding builds). */
extern const struct frusa_fallback_ops *const fr_default_ops;

/* Whether memory from the fallback stays when the program gives up all that it knows of it: that of
 * the system and of the C library does. */
int fr_providers_outlast(const struct frusa_fallback_ops *ops);

/* Whether blocks of the fallback can be given back in parts of whole pages, and neighbours
 * together, if the two calls below allow that. */
int fr_providers_divide(const struct frusa_fallback_ops *ops);

/* Another alloc function of the fallback, for blocks that may be hardly used; NULL: it has none. */
typedef void *fr_alloc_function(void *ctx, size_t size, size_t align);
fr_alloc_function *fr_providers_sparse(const struct frusa_fallback_ops *ops);

/* Of such a fallback: whether two blocks that touch are one from now on; and whether the block
 * around an address is two from now on, cut there. Take a lock of rank FR_RANK_PROVIDER. */
int fr_providers_join(const void *low, const void *high);
int fr_providers_cut(const void *at);

/* Tries the system calls that the default may make, when an instance begins (port/syscalls.h). */
void fr_providers_prepare(void);

#endif /* FR_PROVIDERS_H */
