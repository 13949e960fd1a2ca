/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Repeatable random numbers: the same seed gives the same run on every machine. SplitMix64 (Steele,
 * Lea and Flood, "Fast splittable pseudorandom number generators", 2014).
 */
#ifndef DEMO_PRNG_H
#define DEMO_PRNG_H

#include <stddef.h>
#include <stdint.h>

/* Returns the next 64 random bits of the sequence whose state is *seed. */
static inline uint64_t prng_next(uint64_t *seed)
{
    uint64_t z = *seed += 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

/* Returns a random number below n, which is not 0; its bias, n in 2^64, is of no account here. */
static inline size_t prng_below(uint64_t *seed, size_t n)
{
    return (size_t)(prng_next(seed) % n);
}

#endif /* DEMO_PRNG_H */
