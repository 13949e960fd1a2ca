/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The statistics of the instance, written out without allocating. Signal handlers may call it. */
#ifndef FR_MALLOC_REPORT_H
#define FR_MALLOC_REPORT_H

#include <stddef.h>

/* To a file descriptor, for a person. Leaves errno alone. */
void fr_report_text(int fd);

/* As frusa_stats_json gives them, and a newline. */
void fr_report_json(int fd);

/* At the program's start, where the option "stats" says that statistics are written. */
void fr_report_prepare(const char *file, size_t length);

/* Whether it says so at all. */
int fr_report_is_wanted(void);

/* Writes them there. */
void fr_report(void);

#endif /* FR_MALLOC_REPORT_H */
