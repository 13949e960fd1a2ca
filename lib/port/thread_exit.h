/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * A callback when a thread ends, through a key of thread-specific data.
 *
 * C libraries run the destructors of keys in up to PTHREAD_DESTRUCTOR_ITERATIONS rounds, each round
 * by ascending key. A thread may use the library for the first time in a destructor of the last
 * round. The callback still runs if its key comes after that destructor's key. So threads get the
 * last key that the process can have.
 *
 * The first thread of the process gets an ordinary key, made when the library is loaded: its
 * thread-local storage lasts as long as the process, so a missed callback leaves no dangling
 * address. The last key is found when another thread asks for a callback. Finding it takes half a
 * millisecond with glibc, which programs without threads need not pay.
 *
 * Where the process has no such key left, all threads share the ordinary key, and the callback may
 * be missed.
 */
#ifndef FR_PORT_THREAD_EXIT_H
#define FR_PORT_THREAD_EXIT_H

enum fr_exit_promise {
    FR_EXIT_NEVER,  /* there will be no callback */
    FR_EXIT_MAYBE,  /* unless this runs in the last round of destructors */
    FR_EXIT_CERTAIN /* or the thread's storage lasts as long as the process */
};

/* Has `callback(arg)` run once when the calling thread ends. One callback for the process. May call
 * malloc. */
enum fr_exit_promise fr_thread_at_exit(void (*callback)(void *arg), void *arg);

/* Non-zero while `arg` is what the callback of the calling thread will get. */
int fr_thread_at_exit_is(const void *arg);

/* In the child of a fork: forgets what other threads had begun. */
void fr_thread_after_fork(void);

#endif /* FR_PORT_THREAD_EXIT_H */
