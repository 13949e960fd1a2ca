/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* A directory that a test pretends to be the root: with files of /proc and of control groups in
 * it. */
#ifndef SUPPORT_PRETENDED_H
#define SUPPORT_PRETENDED_H

#include <stddef.h>

/* Makes the directory. Returns its path, relative to the one where the test runs. */
const char *pretended_begin(void);

/* Removes it with all that is in it. */
void pretended_end(void);

/* Writes a file at a path that begins with a slash, and makes the directories above it. */
void pretended_write(const char *path, const char *text);

/* Reads such a file, at most room - 1 bytes of it. */
void pretended_read(const char *path, char *text, size_t room);

#endif /* SUPPORT_PRETENDED_H */
