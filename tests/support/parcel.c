/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Objects that change hands. */
#include "parcel.h"
#include "pattern.h"
#include "require.h"

#include <errno.h>
#include <stdlib.h>

struct parcel *parcel_pack(frusa_t *f, unsigned size_bits, struct random *r)
{
    struct parcel *p = malloc(sizeof(*p));
    REQUIRE(p != NULL);
    p->size = random_size(r, size_bits);
    p->align = (size_t)1 << random_below(r, 8);
    p->key = (uintptr_t)random_next(r);
    p->ptr = frusa_alloc(f, p->size, p->align);
    if (p->ptr == NULL) {
        REQUIRE(errno == ENOMEM);
        free(p);
        return NULL;
    }
    pattern_fill(p->ptr, p->size, p->key);
    return p;
}

size_t parcel_unpack(frusa_t *f, struct parcel *p, struct random *r)
{
    if (p == NULL)
        return 0;
    pattern_require(p->ptr, p->size, p->key);
    if (random_percent(r, 50))
        frusa_dealloc(f, p->ptr, p->size, p->align);
    else
        frusa_free(f, p->ptr);
    free(p);
    return 1;
}

struct parcel *parcel_exchange(fr_atomic *mailbox, struct parcel *p)
{
    for (;;) {
        size_t old = fr_load_acquire(mailbox);
        if (fr_cas_full(mailbox, old, (size_t)(uintptr_t)p))
            return (struct parcel *)(uintptr_t)old;
    }
}
