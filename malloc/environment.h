/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The environment variable FRUSA_OPTIONS, at any moment of a program's life. */
#ifndef FR_MALLOC_ENVIRONMENT_H
#define FR_MALLOC_ENVIRONMENT_H

#define FR_VARIABLE "FRUSA_OPTIONS"

/*
 * Its value, NULL when it is not set or not to be heeded: in a program with more rights than who
 * started it, the latter may not tell it how to allocate. Before the C library knows its
 * environment it is a copy, cut to fit.
 */
const char *fr_environment_value(void);

/* Has the process more rights than the user who started it, and gave it the environment? */
int fr_environment_is_foreign(void);

/*
 * Takes the variable out of the environment of a program that was started with more rights than
 * its caller's. The programs that it executes need not have such rights, so they would heed the
 * variable.
 */
void fr_environment_clean(void);

#endif /* FR_MALLOC_ENVIRONMENT_H */
