/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The date. Hosted only. */
#ifndef FR_PORT_CALENDAR_H
#define FR_PORT_CALENDAR_H

#include <stdint.h>
#include <time.h>

/* Nanoseconds since the beginning of 1970. */
static inline int64_t fr_calendar_now(void)
{
    struct timespec now = {0, 0};
    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

#endif /* FR_PORT_CALENDAR_H */
