/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Objects on their way from one thread to another, through mailboxes that hold one each. The
 * receiver checks the contents and gives the object back.
 */
#ifndef SUPPORT_PARCEL_H
#define SUPPORT_PARCEL_H

#include <frusa.h>

#include "port/atomic.h"
#include "random.h"

struct parcel {
    void *ptr;
    size_t size, align;
    uintptr_t key;
};

/* A filled object of a random layout, below 2 to the power of `size_bits` bytes; NULL when the
 * instance refused it. */
struct parcel *parcel_pack(frusa_t *f, unsigned size_bits, struct random *r);

/* Checks and gives back; NULL is nothing. Returns the number of objects, 0 or 1. */
size_t parcel_unpack(frusa_t *f, struct parcel *p, struct random *r);

/* Puts a parcel (or NULL) where another was, or into an empty mailbox; returns the other. A
 * mailbox holds 0 at the beginning. */
struct parcel *parcel_exchange(fr_atomic *mailbox, struct parcel *p);

#endif /* SUPPORT_PARCEL_H */
