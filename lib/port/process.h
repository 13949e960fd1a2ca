/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The calling process. */
#ifndef FR_PORT_PROCESS_H
#define FR_PORT_PROCESS_H

/* A number that the child of a fork does not share with its parent. Freestanding: 0. */
long fr_process_id(void);

/* Non-zero when the system says that the calling thread is the only one. 0 where the system does
 * not tell, or may not be asked (port/syscalls.h). */
int fr_process_has_one_thread(void);

/* Non-zero when the process has rights that the user who started it has not, and so must not do
 * what that user's environment asks for. Hosted only. */
int fr_process_has_more_rights(void);

#endif /* FR_PORT_PROCESS_H */
