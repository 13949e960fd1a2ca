/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "profile/gap.h"

#include "port/compiler.h"

#define LN_2 0.69314718055994530942

uint64_t fr_random_next(uint64_t *state)
{
    uint64_t z = *state += 0x9e3779b97f4a7c15u;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return z ^ z >> 31;
}

/* The natural logarithm of m, 1 <= m < 2: twice the area tangent of z = (m - 1) / (m + 1), which is
 * below 1/3, so that the rest of the series after 14 terms is below 10^-14. */
static double log_of_mantissa(double m)
{
    double z = (m - 1) / (m + 1);
    double power = z;
    double sum = 0;
    for (unsigned k = 1; k < 29; k += 2) {
        sum += power / k;
        power *= z * z;
    }
    return 2 * sum;
}

/* A number with the exponential distribution of mean 1: minus the logarithm of a fraction of
 * 2^62. */
static double exponential(uint64_t *state)
{
    uint64_t n = (fr_random_next(state) >> 2) + 1;
    unsigned log2 = 0;
    while (n >> log2 > 1)
        log2++;
    double mantissa = (double)n / (double)((uint64_t)1 << log2);
    return LN_2 * (62 - (double)log2) - log_of_mantissa(mantissa);
}

size_t fr_gap_next(uint64_t *state, size_t rate)
{
    double gap = exponential(state) * (double)rate;
    return gap < (double)(SIZE_MAX / 2) ? (size_t)gap + 1 : SIZE_MAX / 2;
}

/* 1 - exp(-x) for x >= 0. By its series for a small part of x, which is then doubled as often as
 * needed: 1 - exp(-2x) = q (2 - q) for q = 1 - exp(-x). */
static double probability(double x)
{
    unsigned doublings = 0;
    for (; x > 0.125; x /= 2)
        doublings++;
    double q = x * (1 - x / 2 * (1 - x / 3 * (1 - x / 4 * (1 - x / 5 * (1 - x / 6)))));
    while (doublings--)
        q *= 2 - q;
    return q;
}

uint64_t fr_gap_weight(size_t size, size_t rate)
{
    double x = (double)size / (double)rate;
    return (uint64_t)((double)FR_WEIGHT_ONE / (x < 64 ? probability(x) : 1) + 0.5);
}
