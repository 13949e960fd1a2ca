/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * What the programs say when they fail, and how they exit then. frusa-run exits as env(1) and other
 * programs do that run a command; others say at their beginning what they do.
 */
#ifndef TOOLS_MESSAGE_H
#define TOOLS_MESSAGE_H

enum { STATUS_FAILED = 125, STATUS_NOT_RUN = 126, STATUS_NOT_FOUND = 127 };

/* The name in front of messages, "frusa-run" unless set, and the status of a program that fails in
 * one of the functions below, STATUS_FAILED unless set. */
void message_begin(const char *program, int failed);

/* One line on standard error, "PROGRAM: ...". */
__attribute__((format(printf, 1, 2))) void complain(const char *format, ...);

/* The same, then exits with the status. */
__attribute__((noreturn, format(printf, 2, 3))) void fail(int status, const char *format, ...);

/* Returns the exit status of a run that only printed: output that did not arrive is a failure. */
int close_output(void);

/* printf into new memory, never NULL. */
__attribute__((format(printf, 1, 2))) char *text_of(const char *format, ...);

/* Puts text before or behind the value of an environment variable, with a separator if it has
 * one. */
void prepend_variable(const char *variable, const char *text, char separator);
void append_variable(const char *variable, const char *text, char separator);

#endif /* TOOLS_MESSAGE_H */
