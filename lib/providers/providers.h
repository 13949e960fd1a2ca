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

/* Tries the system calls that the default may make, when an instance begins (port/syscalls.h). */
void fr_providers_prepare(void);

#endif /* FR_PROVIDERS_H */
