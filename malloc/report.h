/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The statistics of the instance, written out without allocating. */
#ifndef FR_MALLOC_REPORT_H
#define FR_MALLOC_REPORT_H

#include <stddef.h>

/* To a file descriptor, for a person. Leaves errno alone. */
void fr_report_text(int fd);

/* As frusa_stats_json gives them, and a newline. */
void fr_report_json(int fd);

/* What the option "stats" asks for, at the program's start: remembers where to write, and at its
 * end. */
void fr_report_prepare(const char *file, size_t length);
void fr_report_at_exit(void);

#endif /* FR_MALLOC_REPORT_H */
