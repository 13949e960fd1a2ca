/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The same run on other allocators, each in a process of its own, for what is resident there.
 */
#ifndef DEMO_OTHERS_H
#define DEMO_OTHERS_H

#include "measure.h"

/*
 * Runs this program again, with the arguments that it was given, on each other allocator that is
 * installed. Adds to *record what is resident in each after every step. An allocator that is not
 * installed, or whose run fails, is left out.
 */
void others_run(struct record *record, int argc, char *const *argv);

/* The other end: writes what is resident after every step to standard output. */
void others_report(const struct record *record);

#endif /* DEMO_OTHERS_H */
