/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The function that a fuzzer's program defines: libFuzzer calls it, and so does replay.c. */
#ifndef FUZZ_H
#define FUZZ_H

#include <stddef.h>
#include <stdint.h>

/* Executes one input; ends the process when something does not hold. Returns 0. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#endif /* FUZZ_H */
