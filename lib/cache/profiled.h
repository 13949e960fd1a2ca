/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * What calls do while a heap profile of the instance is taken. The paths that programs compile in
 * are closed then, so every call comes here. It takes its object out of the cache by the same
 * protocol, with a limit that stays open (own_end), and tells the profile.
 */
#ifndef FR_PROFILED_H
#define FR_PROFILED_H

#include "cache/fast.h"

/* An object of a layout; NULL: by the long way. */
void *fr_profiled_take(struct frusa_cache *c, size_t size, size_t align);

/* Tells of an object of `size` bytes, NULL for none, that is about to be handed out; `c` is the
 * cache that the call went through, NULL: not known. Returns the object. */
void *fr_profiled_count(struct fr_profile *profile, struct fr_instance *inst, struct frusa_cache *c,
                        void *p, size_t size);

/* What most allocations are: an object of a small size out of the calling thread's cache, told to
 * the profile, which does not sample it. NULL: by the long way. */
void *fr_profiled_alloc(const struct fr_profile *profile, const struct fr_instance *inst,
                        size_t size, size_t align);

/* Tell of an object that is about to be given back, and give it to the cache, which may be NULL, or
 * that of the calling thread. 0: by the long way. */
int fr_profiled_dealloc(struct fr_profile *profile, struct frusa_cache *c, void *p, size_t size,
                        size_t align);
int fr_profiled_free(struct fr_profile *profile, const struct fr_instance *inst, void *p);

#endif /* FR_PROFILED_H */
