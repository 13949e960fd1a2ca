/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Tests that need a process of their own: they change its limits, or end it. */
#ifndef SUPPORT_CHILD_H
#define SUPPORT_CHILD_H

#include <sys/types.h>

/* Runs body(arg) in a child process and requires that it returns there. */
void child_run(void (*body)(void *arg), void *arg);

/* The same, but requires that it is ended by abort(). Its standard error goes nowhere. */
void child_run_to_abort(void (*body)(void *arg), void *arg);

/* To be called first in a child that `program` forks while it has several threads. */
void child_begin(const char *program);

/* Waits for the end of a child, and requires that it exits with 0. */
void child_await(pid_t child);

#endif /* SUPPORT_CHILD_H */
