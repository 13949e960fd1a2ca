/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Misuse: what a program did wrong with an object, found while giving it back or handing it out.
 *
 * Low layers only note the first misuse that they meet and go on; it is reported once no lock is
 * held and no cache is inside a critical section, as the handler may leave with longjmp or call
 * the instance.
 */
#ifndef FR_MISUSE_H
#define FR_MISUSE_H

#include <stddef.h>

#include "port/compiler.h"

enum fr_misuse_kind {
    FR_MISUSE_NONE,
    FR_DOUBLE_FREE,
    FR_INVALID_POINTER,
    FR_LAYOUT_MISMATCH,
    FR_WRONG_INSTANCE,
    FR_OVERFLOW,
    FR_UNDERFLOW,
    FR_WRITE_AFTER_FREE
};

#define FR_UNKNOWN_SIZE ((size_t)-1)

struct fr_misuse {
    enum fr_misuse_kind kind;
    const void *ptr;
    /* What the program says about the object's layout, and how the object was allocated, or its
     * size class. */
    size_t freed_as;
    size_t freed_align;
    size_t allocated_as;
    /* The option with which the call to blame would be found; NULL: the call that reports it is
     * the one. */
    const char *option;
};

#define FR_NO_MISUSE                                                                               \
    {                                                                                              \
        FR_MISUSE_NONE, NULL, FR_UNKNOWN_SIZE, 0, FR_UNKNOWN_SIZE, NULL                            \
    }

/* Notes a misuse unless one was noted before; returns 1 if this one was noted. */
static inline int fr_misuse_note(struct fr_misuse *m, enum fr_misuse_kind kind, const void *ptr)
{
    if (m->kind != FR_MISUSE_NONE)
        return 0;
    m->kind = kind;
    m->ptr = ptr;
    return 1;
}

/* The same with the size that the object was allocated as. */
static inline int fr_misuse_note_size(struct fr_misuse *m, enum fr_misuse_kind kind,
                                      const void *ptr, size_t allocated_as)
{
    if (!fr_misuse_note(m, kind, ptr))
        return 0;
    m->allocated_as = allocated_as;
    return 1;
}

/* Sets the handler; NULL: the default. */
void fr_misuse_set_handler(void (*handler)(void *arg, const char *message), void *arg);

/* Hands "frusa: CALL: KIND: POINTER", and what else is known, to the handler, then aborts. */
FR_NORETURN void fr_misuse_report(const char *call, const struct fr_misuse *m);

#endif /* FR_MISUSE_H */
