/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The calling thread's stack of calls. Hosted only.
 *
 * With glibc the stack is walked by backtrace, which reads the tables that compilers write for
 * exceptions. Its work is done by gcc's unwinder, libgcc_s, which glibc loads when it is first
 * needed. Elsewhere the stack is walked along the frame pointers, so code that was compiled without
 * them ends it.
 */
#ifndef FR_PORT_STACK_H
#define FR_PORT_STACK_H

#include <stddef.h>

/* Loads what the walk needs. May allocate, with malloc. To be called before the first walk. */
void fr_stack_prepare(void);

/* Stores up to `room` return addresses, innermost first, without those inside of this library where
 * it is a shared one. Returns their number. */
size_t fr_stack_walk(const void **addresses, size_t room);

#endif /* FR_PORT_STACK_H */
