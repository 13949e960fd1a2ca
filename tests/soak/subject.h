/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The instances of the soak: 16, created and static, over every fallback that ships and under every
 * option, some of them over fallbacks that fail or block.
 *
 * Whoever uses a subject's instance holds its lock for reading; whoever needs it without users, to
 * count or to end it, for writing. Threads that hold several locks have taken them in the order of
 * the table.
 */
#ifndef SOAK_SUBJECT_H
#define SOAK_SUBJECT_H

#include "soak_fallback.h"
#include "support/random.h"

#include <pthread.h>

enum { SUBJECTS = 16, MAILBOXES = 32 };

struct subject {
    const char *name;
    struct soak_fallback fallback;
    struct frusa_config config;
    frusa_t *static_heap; /* NULL: created */
    frusa_t *f;
    pthread_rwlock_t lock;
    fr_atomic mailboxes[MAILBOXES]; /* struct parcel *, see support/parcel.h */
};

extern struct subject subjects[SUBJECTS];

/* Prepares and begins all. */
void subjects_open(void);

/* Ends all and requires that everything came back. */
void subjects_close(void);

/* Returns the resident bytes of the arenas' buffers, which are the program's own and which nobody
 * gives back. */
size_t subjects_arena_resident(void);

/* Begins the instance; its fallback's failures are waited out. The caller holds the lock for
 * writing. */
void subject_begin(struct subject *s);

/* With the lock held for writing: gives all mail back, reclaims, and requires that no span
 * stays. */
void subject_empty(struct subject *s, struct random *r);

/* The same while no thread that used the instance is on its way out: requires that the instance is
 * valid and that nothing but its record and two caches stay. */
void subject_calm(struct subject *s, struct random *r);

/* With the lock held for writing: empties and ends the instance, and requires that all came
 * back. */
void subject_end(struct subject *s, struct random *r);

#endif /* SOAK_SUBJECT_H */
