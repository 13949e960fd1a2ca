/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * What libfrusa counts in builds made for that (configure --enable-counters): contended locks,
 * retries, batches. In any other build, and for other allocators, nothing is printed.
 */
#ifndef BENCH_COUNTERS_H
#define BENCH_COUNTERS_H

/* Counts from here on. */
void bench_counters_begin(void);

/* And no further. */
void bench_counters_end(void);

/* Prints what was counted between, for each million of `operations`: lines "count_NAME FIGURE". */
void bench_counters_report(double operations);

#endif /* BENCH_COUNTERS_H */
