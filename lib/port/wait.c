/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "port/wait.h"

#include "port/syscalls.h"
#include "port/system.h"

#if FR_HAVE_FUTEX
#include <errno.h>
#include <limits.h>
#include <sys/syscall.h>
#include <unistd.h>

/* From linux/futex.h, which some C libraries come without; part of the kernel's ABI. */
#define WAIT_PRIVATE (0 | 128)
#define WAKE_PRIVATE (1 | 128)

/* 32-bit systems with 64-bit time only have the second name; without a timeout they are the
 * same. */
#if defined(SYS_futex)
#define FUTEX_CALL SYS_futex
#else
#define FUTEX_CALL SYS_futex_time64
#endif

/* What the kernel reads: with SYS_futex two words, where the C library's structure may have
 * more. */
#if defined(SYS_futex)
struct kernel_time {
    long seconds, nanoseconds;
};
#else
struct kernel_time {
    long long seconds, nanoseconds;
};
#endif

static void wait_on(fr_atomic_u32 *word, unsigned value, const struct kernel_time *timeout)
{
    int saved = errno;
    syscall(FUTEX_CALL, &word->v, WAIT_PRIVATE, value, timeout, NULL, 0);
    errno = saved;
}

void fr_wait_on(fr_atomic_u32 *word, unsigned value)
{
    wait_on(word, value, NULL);
}

void fr_wait_on_for(fr_atomic_u32 *word, unsigned value, unsigned milliseconds)
{
    struct kernel_time timeout = {.seconds = milliseconds / 1000,
                                  .nanoseconds = (long)(milliseconds % 1000) * 1000000};
    wait_on(word, value, &timeout);
}

static void wake(fr_atomic_u32 *word, int threads)
{
    int saved = errno;
    syscall(FUTEX_CALL, &word->v, WAKE_PRIVATE, threads, NULL, NULL, 0);
    errno = saved;
}

void fr_wake_one(fr_atomic_u32 *word)
{
    wake(word, 1);
}

void fr_wake_all(fr_atomic_u32 *word)
{
    wake(word, INT_MAX);
}
#else
void fr_wait_on(fr_atomic_u32 *word, unsigned value)
{
    unsigned round = 0;
    while (fr_load_u32_relaxed(word) == value)
        fr_back_off(&round);
}

/* Each step takes about a millisecond at most. */
void fr_wait_on_for(fr_atomic_u32 *word, unsigned value, unsigned milliseconds)
{
    unsigned round = 0;
    while (fr_load_u32_relaxed(word) == value && milliseconds--)
        fr_back_off(&round);
}

void fr_wake_one(fr_atomic_u32 *word)
{
    (void)word;
}

void fr_wake_all(fr_atomic_u32 *word)
{
    (void)word;
}
#endif

#if FR_HOSTED
#include <errno.h>
#include <pthread.h>
#include <time.h>

#define SPIN_ROUNDS 32u
#define LEAST_SHIFT 10u
#define MAX_SHIFT   20u /* 2^20 ns, about a millisecond */

#if FR_HAVE_FUTEX && defined(SYS_futex)
/* Waits for a word that nobody changes: filters that know few calls know this one. It is no
 * cancellation point. The kernel's structure has words where the C library's may have more. */
static void sleep_for(long nanoseconds)
{
    static fr_atomic_u32 word;
    struct {
        long seconds, nanoseconds;
    } pause = {0, nanoseconds};
    syscall(SYS_futex, &word.v, WAIT_PRIVATE, 0, &pause, NULL, 0);
}
#else
static void sleep_for(long nanoseconds)
{
    struct timespec pause = {0, nanoseconds};
    int cancel;
    /* A thread that were cancelled here would keep its locks for ever. */
    pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &cancel);
    nanosleep(&pause, NULL);
    pthread_setcancelstate(cancel, NULL);
}
#endif

void fr_back_off(unsigned *round)
{
    unsigned r = (*round)++;
    if (r < SPIN_ROUNDS) {
        fr_cpu_relax();
        return;
    }
    int saved = errno;
    unsigned shift = r - SPIN_ROUNDS + LEAST_SHIFT;
    sleep_for(1L << (shift < MAX_SHIFT ? shift : MAX_SHIFT));
    if (shift >= MAX_SHIFT)
        (*round)--; /* stay at the longest pause; no overflow */
    errno = saved;
}
#elif defined(FRUSA_RELAX)
void FRUSA_RELAX(void);

void fr_back_off(unsigned *round)
{
    (void)round;
    FRUSA_RELAX();
}
#else
void fr_back_off(unsigned *round)
{
    (void)round;
    fr_cpu_relax();
}
#endif
