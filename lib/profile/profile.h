/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Layer profile: the sampled heap profile of an instance. Which objects are sampled, where each of
 * them was allocated, and what each place has allocated so far. The instance tells of every object
 * that comes and goes while a profile is taken. Hosted only.
 *
 * Each cache counts its own bytes down to its next sample, so that threads do not meet. When the
 * countdown ends, the stack is walked and the object entered into a table by address. Objects that
 * go are looked up there. A filter stands in front of the table, so that most of them take no lock:
 * a bit for each bucket of the table, set while the bucket has an entry. Neighbouring addresses
 * have neighbouring bits, so that a thread that gives back objects of one span reads one line of
 * it.
 * Who gives an object back got it from the thread that allocated it, so the bit of its bucket, set
 * before the object was handed out, is seen.
 *
 * All memory comes from the operating system, none from the instance: nothing that is profiled is
 * changed, and the profile of an instance whose fallback refuses goes on.
 *
 * A record is made by the first profile of an instance, and stays until the instance ends: a thread
 * may be about to read the filter when a profile ends. What it holds stays too, for being written,
 * until the next profile begins.
 */
#ifndef FR_PROFILE_H
#define FR_PROFILE_H

#include "base/lock.h"
#include "port/system.h"

#define FR_PROFILE_BUCKETS_LOG2 17
#define FR_PROFILE_BUCKETS      ((size_t)1 << FR_PROFILE_BUCKETS_LOG2)
/* Return addresses that are kept of a stack, the innermost ones. */
#define FR_PROFILE_DEPTH 64

/* The way to the next sample of one cache. Owner: the cache's owner. All zero in the beginning. */
struct fr_countdown {
    size_t number; /* of the profile that it was made for */
    size_t left;   /* bytes before the next sample */
    uint64_t random;
};

/* Sums over samples. */
struct fr_tally {
    uint64_t samples;
    uint64_t sampled_bytes;
    uint64_t objects; /* what the samples count for, in units of 1 / FR_WEIGHT_ONE */
    uint64_t bytes;   /* what they count for */
};

/* A stack at which objects were allocated. Constant but for the sums. */
struct fr_site {
    struct fr_site *next; /* in the table */
    struct fr_tally live;
    struct fr_tally all; /* live objects included */
    size_t depth;
    const void *stack[]; /* return addresses, innermost first */
};

struct fr_sample;
struct fr_profile_chunk;

struct fr_profile {
    /* The number of the profile that is being taken; 0: none is. Changed under the lock. */
    fr_atomic on;
    fr_atomic filter[FR_PROFILE_BUCKETS / FR_WORD_BITS]; /* changed under the lock */
    fr_lock lock;               /* rank FR_RANK_PROFILE; covers what follows, sites included */
    size_t number;              /* profiles so far */
    size_t rate;                /* mean bytes from one sample to the next */
    size_t owners;              /* countdowns that were started */
    size_t lost;                /* samples for which the system had no memory */
    struct fr_countdown shared; /* for calls without a cache */
    int64_t started;            /* nanoseconds of the calendar clock */
    int64_t stopped;            /* 0: not yet */
    size_t sites_n;
    struct fr_profile_chunk *chunks;
    size_t chunk_used;
    struct fr_sample *free_samples;
    struct fr_site **sites;     /* by the stack's hash */
    struct fr_sample **buckets; /* by address */
};

/* What is known of a sampled object between its end at one address and its beginning at another. */
struct fr_sampled {
    size_t number; /* of the profile; 0: the object is not sampled */
    size_t size;
    struct fr_site *site;
};

/* A record, of which no profile is taken; NULL: the system has no memory. */
struct fr_profile *fr_profile_create(void);
void fr_profile_free(struct fr_profile *p);

/* Begins a profile, and forgets the one before; 0: one is being taken. The caller has called
 * fr_stack_prepare. */
int fr_profile_begin(struct fr_profile *p, size_t rate);

/* Ends it; what it holds stays as it is. 0: none was being taken. */
int fr_profile_end(struct fr_profile *p);

/* What fr_profile_count leaves. */
void fr_profile_count_slow(struct fr_profile *p, struct fr_countdown *countdown, const void *object,
                           size_t size);

/* Whether an object can be counted without being sampled. */
FR_INLINE int fr_countdown_lasts(const struct fr_countdown *countdown, const struct fr_profile *p,
                                 size_t size)
{
    return size < countdown->left && countdown->number == fr_load_relaxed(&p->on);
}

/* Tells of an object that is about to be handed out; `countdown` is the cache's, NULL without
 * one. Called with no lock held. */
FR_INLINE void fr_profile_count(struct fr_profile *p, struct fr_countdown *countdown,
                                const void *object, size_t size)
{
    if (FR_LIKELY(countdown && fr_countdown_lasts(countdown, p, size)))
        countdown->left -= size;
    else
        fr_profile_count_slow(p, countdown, object, size);
}

FR_INLINE size_t fr_profile_bucket(const void *object)
{
    uintptr_t a = (uintptr_t)object;
    return (a >> 6 ^ a >> (6 + FR_PROFILE_BUCKETS_LOG2)) & (FR_PROFILE_BUCKETS - 1);
}

/* What fr_profile_forget leaves. */
struct fr_sampled fr_profile_forget_slow(struct fr_profile *p, const void *object);

/* Tells of an object that is about to be given back. */
FR_INLINE void fr_profile_forget(struct fr_profile *p, const void *object)
{
    size_t bucket = fr_profile_bucket(object);
    size_t word = fr_load_relaxed(&p->filter[bucket / FR_WORD_BITS]);
    if (FR_UNLIKELY(word >> bucket % FR_WORD_BITS & 1))
        fr_profile_forget_slow(p, object);
}

/* A copy of what a profile holds, in memory of its own. */
struct fr_profile_copy {
    size_t bytes; /* of the copy */
    size_t rate;
    size_t lost;
    int64_t started;
    int64_t stopped; /* 0: it is being taken */
    size_t sites_n;
    struct fr_site *sites; /* on a list */
};

/* NULL: there is no profile (0 in *exists), or no memory. */
struct fr_profile_copy *fr_profile_copy(struct fr_profile *p, int *exists);
void fr_profile_copy_free(struct fr_profile_copy *copy);

/* An object stays what it was, after all: undoes fr_profile_forget_slow. */
void fr_profile_restore(struct fr_profile *p, const struct fr_sampled *sampled, const void *object);

#endif /* FR_PROFILE_H */
