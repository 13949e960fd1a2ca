/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Repetitions. A workload describes one short repetition; bench_main runs it in as many threads as
 * asked, again and again until the time is up, and prints the shortest and the median. Short and
 * many, because the minimum is what survives a noisy machine. Nothing is subtracted.
 */
#ifndef BENCH_RUN_H
#define BENCH_RUN_H

#include <stdint.h>

#include "support/binding.h"
#include "support/clock.h"
#include "support/options.h"
#include "support/random.h"

struct bench_thread {
    unsigned index; /* 0 .. threads - 1 */
    const struct bench_options *options;
    struct bench_handle handle;
    uint64_t random; /* state of this thread's random numbers */
    void *state;     /* the workload's own */
    /* The measured part of the repetition under way, set by bench_measure_begin and _end. */
    uint64_t wall_begin, wall_end;
    uint64_t cpu_begin, cpu_end;
    uint64_t cpu_extra; /* of threads that the workload made and joined; reset by the driver */
};

struct bench_workload {
    const char *name;
    struct bench_options defaults;
    int once; /* one repetition only: what is measured happens once in a process */
    /* Each may be NULL except repeat. setup and teardown run in each thread, once. */
    void (*setup)(struct bench_thread *t);
    void (*teardown)(struct bench_thread *t);
    /* Runs in thread 0 before each repetition, while the others wait. */
    void (*prepare)(struct bench_thread *threads, unsigned n);
    /* One repetition in one thread. All of it is measured unless it calls bench_measure_*. */
    void (*repeat)(struct bench_thread *t);
    /* Operations (alloc and dealloc pairs, unless the workload says otherwise) of one repetition:
     * by a thread, while the others do as many, for the wall time; and by all threads together,
     * for the processor time. */
    size_t (*operations)(const struct bench_options *o);
    size_t (*operations_of_all)(const struct bench_options *o); /* NULL: operations * threads */
};

/* Narrows the measured part of a repetition. */
static inline void bench_measure_begin(struct bench_thread *t)
{
    t->cpu_begin = bench_thread_cpu();
    t->wall_begin = bench_wall();
}

static inline void bench_measure_end(struct bench_thread *t)
{
    t->wall_end = bench_wall();
    t->cpu_end = bench_thread_cpu();
}

/* main for a workload. */
int bench_main(int argc, char **argv, const struct bench_workload *w);

#endif /* BENCH_RUN_H */
