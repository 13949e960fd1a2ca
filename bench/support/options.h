/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The command line that all workloads share. */
#ifndef BENCH_OPTIONS_H
#define BENCH_OPTIONS_H

#include <stddef.h>

struct bench_options {
    const char *binding; /* --binding=NAME, see bench_binding_open */
    unsigned threads;    /* --threads=N */
    unsigned budget_ms;  /* --budget=MS: repeat for about that long, one repetition at least */
    size_t min_size;     /* --min=BYTES, --max=BYTES: sizes of objects */
    size_t max_size;
    size_t objects;   /* --objects=N: what it counts depends on the workload */
    const char *mode; /* --mode=WORD: a variant of the workload; NULL: its default */
};

/* Fills what the command line names and leaves the rest, the workload's defaults, alone. Ends the
 * process on a bad one. */
void bench_options_parse(struct bench_options *o, int argc, char **argv);

#endif /* BENCH_OPTIONS_H */
