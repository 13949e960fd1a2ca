/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Random numbers that cost next to nothing: a linear congruential generator of 64 bits (multiplier
 * from D. Knuth's MMIX), of which the upper half is used. Seeds are fixed, so that every allocator
 * is given the same sequence.
 */
#ifndef BENCH_RANDOM_H
#define BENCH_RANDOM_H

#include <stddef.h>
#include <stdint.h>

static inline uint64_t bench_seed(unsigned thread)
{
    return 0x9e3779b97f4a7c15u * (thread + 1u);
}

/* A number in 0 .. n - 1; n is at most 2^32. */
static inline size_t bench_below(uint64_t *state, size_t n)
{
    *state = *state * 6364136223846793005u + 1442695040888963407u;
    return (size_t)(((*state >> 32) * n) >> 32);
}

/* A number in low .. high. */
static inline size_t bench_between(uint64_t *state, size_t low, size_t high)
{
    return low + bench_below(state, high - low + 1);
}

#endif /* BENCH_RANDOM_H */
