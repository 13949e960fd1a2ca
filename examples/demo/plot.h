/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#ifndef DEMO_PLOT_H
#define DEMO_PLOT_H

#include "measure.h"

/* Writes the figures as a bar chart, an SVG image, to the file `path`. Returns 0, or -1 with
 * errno. */
int plot_write(const char *path, const struct record *record);

#endif /* DEMO_PLOT_H */
