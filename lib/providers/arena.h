/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* What the library itself needs of the arenas. */
#ifndef FR_FALLBACK_ARENA_H
#define FR_FALLBACK_ARENA_H

#include <frusa.h>

/* Returns the bytes that an arena hands out in all; 0: the fallback is no arena. */
size_t fr_arena_bytes(const struct frusa_fallback_ops *ops);

/*
 * Around fork, with the gate closed for providers (base/gate.h): prepare waits until no arena
 * changes any more. In the child every arena is as it was then. Pages that a vanished thread was
 * just being handed stay taken in the child.
 */
void fr_fallback_arena_fork_prepare(void);
void fr_fallback_arena_fork_child(void);

#endif /* FR_FALLBACK_ARENA_H */
