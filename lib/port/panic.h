/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The last resort: says one line and ends the process (hosted), or traps (freestanding). */
#ifndef FR_PORT_PANIC_H
#define FR_PORT_PANIC_H

#include "port/compiler.h"

/* Writes `message` and a newline to standard error with one system call, allocates nothing,
 * aborts. */
FR_NORETURN void fr_panic_raw(const char *message);

#endif /* FR_PORT_PANIC_H */
