/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* What is measured during the soak, when, and whether it stays flat. */
#ifndef SOAK_SAMPLES_H
#define SOAK_SAMPLES_H

#include <stddef.h>
#include <stdio.h>

enum phase { PHASE_BUSY, PHASE_CALM, PHASES };

struct sample {
    double seconds; /* since the start */
    enum phase phase;
    size_t resident; /* bytes of the process */
    size_t held;     /* bytes of all instances, from their fallbacks */
    size_t live;     /* bytes of live objects */
};

/* Opens the table to write to (NULL: none), and writes its head. */
void samples_open(const char *path);

/* Fills in what the system knows. */
size_t samples_resident(void);

/* Keeps a sample, and writes it to the table. */
void samples_add(const struct sample *sample);

/*
 * Compares the medians of the samples of a phase from 10 to 40 % of the time with those of the
 * last 30 %, and prints both. Returns 1 when neither resident nor held bytes have grown by more
 * than `percent` and `slack` bytes; or when there are too few samples to tell, which it says.
 */
int samples_are_flat(enum phase phase, unsigned percent, size_t slack);

void samples_close(void);

#endif /* SOAK_SAMPLES_H */
