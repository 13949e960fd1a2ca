/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The threads of the fuzzer: the calling one is number 0, the others are started when they are
 * first needed. Each does what it is told and then waits, with whatever its caches hold.
 */
#ifndef FUZZ_CREW_H
#define FUZZ_CREW_H

#include <stddef.h>

/* Runs work(arg) on a thread and waits for it. */
void crew_run(size_t thread, void (*work)(void *arg), void *arg);

/* Starts work(arg) on a thread other than 0. crew_wait waits until it is done. */
void crew_start(size_t thread, void (*work)(void *arg), void *arg);
void crew_wait(size_t thread);

/* Ends a thread, if it was started; it can be used again. */
void crew_end(size_t thread);

#endif /* FUZZ_CREW_H */
