/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * FRUSA_CHECKED: every object given back is validated at the call, and its surroundings too.
 *
 * A slot of a checked instance holds
 *
 *     front    16 canary bytes; none when the layout's align is above 16
 *     object   as many bytes as were asked for
 *     tail     canary bytes up to the trailer, possibly none
 *     trailer  16 bytes: the size asked for, and a word made of the class of the layout, whether
 *              there is a front, and a hash of all that and the address
 *
 * and comes from the class of the layout's own class size plus front and trailer, so that layouts
 * of one class stay layouts of one class. A free slot is filled with a pattern, which is verified
 * when the slot is handed out again. The live bits, a second bitmap behind `taken`, tell what is
 * live right now; they are set by the thread that hands the object out and cleared by whoever wins
 * giving it back.
 *
 * An instance that a memory checker watches (port/tools.h) is a checked one. All but the live
 * objects is closed then, and opened for the functions here; what is given back goes through the
 * quarantine.
 *
 * Lookups hold the page map's guard [P.2], so that any address at all can be judged safely; a
 * checked instance has no caches and is meant for tests, not for speed.
 */
#ifndef FR_CHECKED_H
#define FR_CHECKED_H

#include "spans/grow.h"
#include "base/misuse.h"

/* A claim about an object's layout, as far as the caller of a public function made one. */
struct fr_claim {
    int known; /* 0: size and align mean nothing */
    size_t size;
    size_t align;
};

/* Non-zero when a managed layout with its surroundings is too long for a span: it is served as a
 * large object. */
int fr_checked_is_large(size_t size, size_t align);

/* The bytes of the slot for a managed layout that is not large. */
size_t fr_checked_slot_bytes(size_t size, size_t align);

/* Allocates a managed layout that is not large; NULL on failure, or when misuse was noted. */
void *fr_checked_alloc(struct fr_heap *h, size_t size, size_t align, int *at_limit,
                       struct fr_misuse *m);

/* Gives back a managed object; misuse is noted, and then nothing is done. */
void fr_checked_dealloc(struct fr_heap *h, void *p, const struct fr_claim *claim,
                        struct fr_misuse *m);

/* The size that a live managed object was asked for; 0 with misuse noted when it is none. */
size_t fr_checked_size(struct fr_heap *h, const void *p, const struct fr_claim *claim,
                       struct fr_misuse *m);

/* A span goes with everything in it: nothing in it is the program's any more. For watched
 * instances. */
void fr_checked_forget(struct fr_span *s);

/* Changes the size of a live managed object in place if the layout's class stays; 0: it does
 * not. */
int fr_checked_resize(struct fr_heap *h, void *p, size_t align, size_t new_size);

#endif /* FR_CHECKED_H */
