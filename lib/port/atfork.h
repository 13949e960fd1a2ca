/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#ifndef FR_PORT_ATFORK_H
#define FR_PORT_ATFORK_H

/* Has the handlers run around every fork from now on, as pthread_atfork does. */
void fr_atfork(void (*prepare)(void), void (*parent)(void), void (*child)(void));

#endif /* FR_PORT_ATFORK_H */
