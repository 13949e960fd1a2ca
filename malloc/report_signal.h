/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Statistics when a signal comes. */
#ifndef FR_MALLOC_REPORT_SIGNAL_H
#define FR_MALLOC_REPORT_SIGNAL_H

/* The option "stats_at" has these values, in this order. */
enum fr_report_at { FR_REPORT_AT_EXIT, FR_REPORT_AT_SIGTERM, FR_REPORT_AT_SIGUSR2 };

/*
 * At the program's start: installs handlers of the signals at which statistics are written, as far
 * as the program was started with their default actions. A program that installs its own later
 * replaces them.
 */
void fr_report_catch(enum fr_report_at at);

#endif /* FR_MALLOC_REPORT_SIGNAL_H */
