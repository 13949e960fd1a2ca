/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* What the library itself needs of the arenas. */
#ifndef FR_FALLBACK_ARENA_H
#define FR_FALLBACK_ARENA_H

/*
 * Around fork: no arena changes between prepare and parent; in the child every arena is as it was
 * when prepare returned. Pages that a vanished thread was just being handed stay taken in the
 * child. Call prepare after every lock of a lower rank is held, parent or child before those are
 * released.
 */
void fr_fallback_arena_fork_prepare(void);
void fr_fallback_arena_fork_parent(void);
void fr_fallback_arena_fork_child(void);

#endif /* FR_FALLBACK_ARENA_H */
