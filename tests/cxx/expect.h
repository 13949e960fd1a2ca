/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#ifndef TESTS_CXX_EXPECT_H
#define TESTS_CXX_EXPECT_H

#include <frusa.hpp>

#include <cstdio>
#include <cstdlib>

/* Ends the program when a condition does not hold. */
#define EXPECT(condition)                                                                          \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            std::fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #condition);           \
            std::_Exit(1);                                                                         \
        }                                                                                          \
    } while (0)

/* The bytes of live objects. */
inline std::size_t live_bytes(const frusa::instance &heap)
{
    frusa_stats s = heap.stats();
    return s.in_use - s.in_use_metadata + s.large;
}

/* What nothing live leaves behind: after a reclaim the instance holds its record, and the header of
 * this thread's cache. */
inline void expect_all_back(frusa::instance &heap)
{
    EXPECT(live_bytes(heap) == 0);
    heap.reclaim();
    frusa_stats s = heap.stats();
    EXPECT(s.allocated_from_fallback == s.allocated_metadata);
    EXPECT(s.allocated_from_fallback <= std::size_t(48) * 1024);
    EXPECT(s.large == 0 && s.cached == 0);
}

#endif /* TESTS_CXX_EXPECT_H */
