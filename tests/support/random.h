/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Random numbers for tests: fast, the same everywhere, one generator per thread. The algorithm is
 * splitmix64 (Steele, Lea, Flood: Fast splittable pseudorandom number generators, OOPSLA 2014).
 */
#ifndef SUPPORT_RANDOM_H
#define SUPPORT_RANDOM_H

#include <stddef.h>
#include <stdint.h>

struct random {
    uint64_t state;
};

static inline uint64_t random_next(struct random *r)
{
    uint64_t z = r->state += 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

/* A generator of its own for each `stream` of one seed. */
static inline struct random random_stream(uint64_t seed, uint64_t stream)
{
    struct random r = {seed ^ (stream + 1) * 0xd1342543de82ef95u};
    random_next(&r);
    return r;
}

/* Returns a number in 0 .. bound - 1; bound must not be 0. */
static inline size_t random_below(struct random *r, size_t bound)
{
    return (size_t)(random_next(r) % bound);
}

/* Returns a number in low .. high. */
static inline size_t random_between(struct random *r, size_t low, size_t high)
{
    return low + random_below(r, high - low + 1);
}

/* Returns 1 in `percent` of 100 cases. */
static inline int random_percent(struct random *r, unsigned percent)
{
    return random_below(r, 100) < percent;
}

/* Returns a size in 0 .. 2^bits - 1, small ones more often: every power of two equally likely. */
static inline size_t random_size(struct random *r, unsigned bits)
{
    size_t magnitude = random_below(r, bits + 1);
    return magnitude == 0
               ? 0
               : random_between(r, ((size_t)1 << magnitude) >> 1, ((size_t)1 << magnitude) - 1);
}

/* Puts `n` pointers into random order. */
static inline void random_shuffle(struct random *r, void **items, size_t n)
{
    for (size_t i = n; i > 1; i--) {
        size_t j = random_below(r, i);
        void *swap = items[i - 1];
        items[i - 1] = items[j];
        items[j] = swap;
    }
}

#endif /* SUPPORT_RANDOM_H */
