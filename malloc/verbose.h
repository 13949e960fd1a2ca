/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* What the option "verbose" prints. */
#ifndef FR_MALLOC_VERBOSE_H
#define FR_MALLOC_VERBOSE_H

#include "options.h"

/* Writes a line for each option to standard error: its value, and where that is from. */
void fr_verbose_options(const struct fr_options *options);

#endif /* FR_MALLOC_VERBOSE_H */
