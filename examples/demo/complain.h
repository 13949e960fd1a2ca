/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#ifndef DEMO_COMPLAIN_H
#define DEMO_COMPLAIN_H

#include <stdio.h>

/* Writes one line to standard error, preceded by the program's name; used as printf. */
#define complain(...)                                                                              \
    ((void)fputs("frusa-demo: ", stderr), (void)fprintf(stderr, __VA_ARGS__),                      \
     (void)fputc('\n', stderr))

#endif /* DEMO_COMPLAIN_H */
