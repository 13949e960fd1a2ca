/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "port/atfork.h"

#include <pthread.h>
#include <signal.h>
#include <stddef.h>

#include "port/atomic.h"
#include "port/tls.h"

static struct {
    void (*prepare)(void);
    void (*parent)(void);
    void (*child)(void);
} handlers;

/* Forks that the thread is inside of: a handler of a signal that cannot be blocked may fork too. */
static FR_THREAD_LOCAL unsigned depth;

/* Signals that the forking thread had blocked before. One thread at a time is between prepare and
 * parent. */
static sigset_t blocked_before;

#if defined(__GLIBC__)
/* Exported, but in no header. */
__attribute__((weak)) void _IO_list_lock(void);
__attribute__((weak)) void _IO_list_unlock(void);
__attribute__((weak)) void _IO_list_resetlock(void);

static void lock_streams(void)
{
    if (_IO_list_lock && _IO_list_unlock && _IO_list_resetlock)
        _IO_list_lock();
}

static void unlock_streams(void)
{
    if (_IO_list_lock && _IO_list_unlock && _IO_list_resetlock)
        _IO_list_unlock();
}

/* The C library may have done so before. */
static void reset_streams(void)
{
    if (_IO_list_lock && _IO_list_unlock && _IO_list_resetlock)
        _IO_list_resetlock();
}
#else
static void lock_streams(void)
{
}

static void unlock_streams(void)
{
}

static void reset_streams(void)
{
}
#endif

/* All but those that report a fault of the thread itself: blocked, they would end the process. */
static void block_signals(sigset_t *before)
{
    static const int faults[] = {SIGABRT, SIGBUS, SIGFPE, SIGILL, SIGSEGV, SIGSYS, SIGTRAP};
    sigset_t all;
    sigfillset(&all);
    for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++)
        sigdelset(&all, faults[i]);
    pthread_sigmask(SIG_BLOCK, &all, before);
}

static void before_fork(void)
{
    sigset_t before;
    if (FR_ALONE() || depth++)
        return;
    block_signals(&before);
    lock_streams();
    handlers.prepare();
    blocked_before = before;
}

static void after_fork(void (*handler)(void), void (*streams)(void))
{
    sigset_t before = blocked_before;
    handler();
    streams();
    pthread_sigmask(SIG_SETMASK, &before, NULL);
}

static void in_parent(void)
{
    if (depth && !--depth)
        after_fork(handlers.parent, unlock_streams);
}

static void in_child(void)
{
    if (depth) {
        depth = 0;
        after_fork(handlers.child, reset_streams);
    }
}

int fr_atfork(void (*prepare)(void), void (*parent)(void), void (*child)(void))
{
    handlers.prepare = prepare;
    handlers.parent = parent;
    handlers.child = child;
    return pthread_atfork(before_fork, in_parent, in_child) == 0;
}
