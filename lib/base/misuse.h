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

struct fr_misuse {
    enum fr_misuse_kind kind;
    const void *ptr;
};

/* Notes a misuse unless one was noted before. */
static inline void fr_misuse_note(struct fr_misuse *m, enum fr_misuse_kind kind, const void *ptr)
{
    if (m->kind == FR_MISUSE_NONE) {
        m->kind = kind;
        m->ptr = ptr;
    }
}

/* Sets the handler; NULL: the default. */
void fr_misuse_set_handler(void (*handler)(void *arg, const char *message), void *arg);

/* Hands "frusa: CALL: KIND: POINTER" to the handler, then aborts. */
FR_NORETURN void fr_misuse_report(const char *call, const struct fr_misuse *m);

#endif /* FR_MISUSE_H */
