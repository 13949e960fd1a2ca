/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#ifndef DEMO_TABLE_H
#define DEMO_TABLE_H

#include "measure.h"

#include <stdio.h>

/* Prints the figures as a table, with a legend. */
void table_print(FILE *out, const struct record *record);

/* Prints what is resident after each step beside other allocators, if there were any. */
void table_print_others(FILE *out, const struct record *record);

#endif /* DEMO_TABLE_H */
