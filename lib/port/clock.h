/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The time, roughly. */
#ifndef FR_PORT_CLOCK_H
#define FR_PORT_CLOCK_H

#include <stddef.h>

/*
 * Seconds since some moment in the past, without a system call where the system offers that. Always
 * 0 where there is no clock: in freestanding builds, and in processes that keep to basic system
 * calls (port/syscalls.h).
 */
size_t fr_clock_seconds(void);

/* For tests: adds to what the clock shows. */
void fr_clock_advance(size_t seconds);

#endif /* FR_PORT_CLOCK_H */
