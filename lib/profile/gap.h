/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The arithmetic of sampling by bytes. The points at which samples are taken are a Poisson process
 * on the sequence of all bytes that are allocated: gaps between points have an exponential
 * distribution whose mean is the rate. An object is sampled when a point lies in it. So an object
 * of n bytes is sampled with probability 1 - exp(-n / rate), whatever was allocated before. Counted
 * with the reciprocal of that probability, samples add up to the truth on average.
 *
 * The logarithm and the exponential function are written out here, because the C library's are in a
 * library of their own (libm), which no program should have to load for this.
 */
#ifndef FR_GAP_H
#define FR_GAP_H

#include <stddef.h>
#include <stdint.h>

/* The next number of a sequence (S. Vigna's splitmix64); *state is any number at first. */
uint64_t fr_random_next(uint64_t *state);

/* The bytes from one point to the next, at least 1. */
size_t fr_gap_next(uint64_t *state, size_t rate);

/* What one sample of an object of `size` bytes counts for, in units of 1/65536 object. `size` is
 * not 0. */
#define FR_WEIGHT_ONE ((uint64_t)1 << 16)
uint64_t fr_gap_weight(size_t size, size_t rate);

#endif /* FR_GAP_H */
