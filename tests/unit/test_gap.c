/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The arithmetic of sampling. All numbers come from fixed seeds. */
#include "profile/gap.h"
#include "support/require.h"
#include "unit/runner.h"

#include <math.h>

#define RATE ((size_t)524288)

static int is_near(double a, double b, double relative)
{
    return fabs(a - b) <= relative * fabs(b);
}

/* The standard deviation of the mean is a thousandth of it. */
START_TEST(test_gaps_have_the_rate_as_their_mean)
{
    uint64_t state = 1;
    double sum = 0, squares = 0;
    const size_t n = 1000000;
    for (size_t i = 0; i < n; i++) {
        double gap = (double)fr_gap_next(&state, RATE);
        REQUIRE(gap >= 1);
        sum += gap;
        squares += gap * gap;
    }
    double mean = sum / (double)n;
    REQUIRE(is_near(mean, (double)RATE, 0.005));
    REQUIRE(is_near(sqrt(squares / (double)n - mean * mean), mean, 0.01));
}
END_TEST

/* The share of gaps that are at most n is what the weight of n says. */
START_TEST(test_weights_are_reciprocals_of_probabilities)
{
    static const size_t sizes[] = {1000, 16384, 262144, 524288, 1048576, 4194304};
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        uint64_t state = i;
        size_t hits = 0;
        const size_t n = 2000000;
        for (size_t k = 0; k < n; k++)
            hits += fr_gap_next(&state, RATE) <= sizes[i];
        double counted =
            (double)hits * (double)fr_gap_weight(sizes[i], RATE) / (double)FR_WEIGHT_ONE;
        REQUIRE_MSG(is_near(counted, (double)n, 0.06), "%zu: %f", sizes[i], counted);
    }
}
END_TEST

/* A size far above the rate. */
#define LONG_LOG2 (sizeof(size_t) > 4 ? 40 : 30)

START_TEST(test_weights_are_exact)
{
    for (size_t size = 1; size < (size_t)1 << LONG_LOG2; size += size / 3 + 1) {
        double expected = -1 / expm1(-(double)size / (double)RATE);
        double weight = (double)fr_gap_weight(size, RATE) / (double)FR_WEIGHT_ONE;
        REQUIRE_MSG(is_near(weight, expected, 0.00002), "%zu: %f", size, weight);
    }
    REQUIRE(fr_gap_weight(1, 1) > FR_WEIGHT_ONE);
    REQUIRE(fr_gap_weight((size_t)1 << (LONG_LOG2 + 1), RATE) == FR_WEIGHT_ONE);
}
END_TEST

START_TEST(test_a_rate_of_any_size)
{
    uint64_t state = 7;
    for (unsigned i = 0; i < 1000; i++) {
        REQUIRE(fr_gap_next(&state, 1) >= 1);
        size_t gap = fr_gap_next(&state, SIZE_MAX);
        REQUIRE(gap >= 1 && gap <= SIZE_MAX / 2);
    }
}
END_TEST

RUNNER_MAIN("gaps of sampling", test_gaps_have_the_rate_as_their_mean,
            test_weights_are_reciprocals_of_probabilities, test_weights_are_exact,
            test_a_rate_of_any_size)
