/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * What the misuse programs share. Each program makes one mistake, the one it is named after;
 * run.sh runs it in every mode and asserts the message. The mode is the program's argument:
 *   checked   a FRUSA_CHECKED instance: the mistake is reported at the call
 *   uncached  no thread caches: at the call too, since nothing delays the object's return to its
 *             span
 *   flush     at the call, or when the thread's cache is flushed
 *   reclaim   at the call, or in a reclaim
 *   elsewhere at the call, or in a reclaim by another thread
 */
#ifndef MISUSE_H
#define MISUSE_H

#include <frusa.h>

#include <stddef.h>

/* Reads the mode and returns an instance for it. */
frusa_t *misuse_begin(int argc, char **argv);

/* The same for mistakes that only FRUSA_CHECKED can see: ends the program with status 77 in other
 * modes. */
frusa_t *misuse_begin_checked(int argc, char **argv);

/* The options of the mode, for further instances. */
const struct frusa_config *misuse_config(void);

/* Prints the message that is to come when `call` makes the mistake. Further calls add
 * alternatives. */
void misuse_expect(const char *call, const char *kind, const void *pointer);

/* Allocates; never NULL. */
void *misuse_alloc(frusa_t *f, size_t size);

/* Does what the mode takes for the mistake to be found. Returns the exit status for one that was
 * not. */
int misuse_end(frusa_t *f);

#endif /* MISUSE_H */
