/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The program that frusa-run is to run. */
#ifndef TOOLS_COMMAND_H
#define TOOLS_COMMAND_H

/* Returns the file that a shell would run for this name; exits with a message when there is
 * none. */
char *command_find(const char *name);

/* Exits with a message when the program is one that the library would not be loaded into. */
void command_check(const char *program, const char *library);

#endif /* TOOLS_COMMAND_H */
