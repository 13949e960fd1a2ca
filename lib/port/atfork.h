/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#ifndef FR_PORT_ATFORK_H
#define FR_PORT_ATFORK_H

/*
 * Has the handlers run around every fork of a process with several threads from now on. Returns 0
 * when the system has no memory to note that.
 *
 * A process with one thread forks without handlers: nobody else is inside of the library, and a
 * signal handler may fork that interrupted the library itself. The child goes on with the
 * interrupted call as the parent does.
 *
 * Between prepare and parent or child the thread's signals are blocked: a signal handler may fork,
 * and would wait for its own thread. Also held is the C library's list of streams: its holder may
 * be waiting in malloc, and the C library waits for it after the handlers.
 */
int fr_atfork(void (*prepare)(void), void (*parent)(void), void (*child)(void));

#endif /* FR_PORT_ATFORK_H */
