/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The mistakes of malloc_mistake.c. Each makes its preparations, tells what it is about to do by
 * mistake_is, makes its mistake, and tells so by mistake_made; what it has kept is used by
 * malloc_mistake afterwards.
 */
#ifndef MALLOC_MISTAKE_H
#define MALLOC_MISTAKE_H

#include <stddef.h>

struct mistake {
    const char *name;
    void (*make)(void);
    int checked_only; /* libfrusa-malloc sees it with the option "checked" alone */
};

extern const struct mistake mistakes[];
extern const size_t mistake_count;

/* Prints what libfrusa-malloc is to say: any of the calls, separated by commas, the kind, and the
 * address. */
void mistake_is(const char *calls, const char *kind, const void *pointer);

void mistake_made(void);

#endif /* MALLOC_MISTAKE_H */
