/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "port/thread_exit.h"

#include "port/tls.h"

#if FR_HAVE_TLS
#include <pthread.h>
#include <unistd.h>
#if defined(__linux__)
#include <sys/syscall.h>
#endif

#include "port/atomic.h"
#include "port/compiler.h"
#include "port/wait.h"

#if defined(PTHREAD_KEYS_MAX)
#define KEYS_MAX ((size_t)PTHREAD_KEYS_MAX)
#else
#define KEYS_MAX ((size_t)_POSIX_THREAD_KEYS_MAX)
#endif

/* Keys that stay free for other threads while this one looks for the last key. */
#define KEYS_FOR_OTHERS (KEYS_MAX / 16)

enum { KEY_NONE, KEY_BUSY, KEY_READY, KEY_REFUSED };

struct exit_key {
    fr_atomic state;
    pthread_key_t key;
};

static struct exit_key ordinary, last;
static fr_atomic exit_callback; /* the address of the function; the same for all threads */

/* Keys that the thread which makes `last` has besides. */
static pthread_key_t held[KEYS_MAX];
static fr_atomic held_n;

static fr_atomic loaded; /* the constructor has run */
static FR_THREAD_LOCAL char is_first;

static void run_callback(void *arg)
{
    void (*callback)(void *) = (void (*)(void *))(uintptr_t)fr_load_relaxed(&exit_callback);
    callback(arg);
}

static int make_ordinary(void)
{
    return pthread_key_create(&ordinary.key, run_callback) == 0;
}

/* 0: there is no key left. */
static int hold_one(void)
{
    size_t n = fr_load_relaxed(&held_n);
    if (n == KEYS_MAX || pthread_key_create(&held[n], run_callback) != 0)
        return 0;
    fr_store_relaxed(&held_n, n + 1);
    return 1;
}

/* Lowers the number first: a child of a fork just then loses one key, and deletes none of
 * another's. */
static void delete_held(void)
{
    for (size_t n; (n = fr_load_relaxed(&held_n)) > 0;) {
        fr_store_relaxed(&held_n, n - 1);
        pthread_key_delete(held[n - 1]);
    }
}

/* Takes a key that was held last for `last.key`. */
static void promote_newest(void)
{
    size_t n = fr_load_relaxed(&held_n) - 1;
    fr_store_relaxed(&held_n, n);
    last.key = held[n];
}

/* Some C libraries hand out the key after the newest one, not the lowest free one. Those keys would
 * come after `last`, so it has to become the very last. */
static void move_to_end(void)
{
    while (hold_one() && held[fr_load_relaxed(&held_n) - 1] > last.key) {
        pthread_key_t before = last.key;
        promote_newest();
        pthread_key_delete(before);
    }
    delete_held();
}

/* Creates keys until one is near the end, and deletes all others. Does not create all of them: for
 * a moment others could create none. */
static int make_last(void)
{
    int found = 0;
    while (!found && hold_one())
        found = held[fr_load_relaxed(&held_n) - 1] >= KEYS_MAX - KEYS_FOR_OTHERS;
    if (found)
        promote_newest();
    delete_held();
    if (found)
        move_to_end();
    return found;
}

/* Makes a key on first use. The loser of a race waits; the winner calls nothing that waits. */
static int is_ready(struct exit_key *key, int (*make)(void))
{
    unsigned round = 0;
    for (;;) {
        size_t state = fr_load_acquire(&key->state);
        if (state == KEY_READY || state == KEY_REFUSED)
            return state == KEY_READY;
        if (state == KEY_NONE && fr_cas_acquire(&key->state, KEY_NONE, KEY_BUSY)) {
            int made = make();
            fr_store_release(&key->state, made ? KEY_READY : KEY_REFUSED);
            return made;
        }
        fr_back_off(&round);
    }
}

/* Non-zero in the thread that the process began with. Unknown counts as no. */
static int runs_in_first_thread(void)
{
#if defined(__linux__)
    return syscall(SYS_gettid) == getpid();
#else
    return 0;
#endif
}

/* At load, so that the process has a key left, and so that a sandbox sees the system calls early.
 */
FR_CONSTRUCTOR static void prepare(void)
{
    is_first = (char)runs_in_first_thread();
    fr_store_release(&loaded, 1);
    is_ready(&ordinary, make_ordinary);
}

static int is_first_thread(void)
{
    return fr_load_acquire(&loaded) ? is_first : runs_in_first_thread();
}

enum fr_exit_promise fr_thread_at_exit(void (*callback)(void *), void *arg)
{
    int first = is_first_thread();
    fr_store_relaxed(&exit_callback, (size_t)(uintptr_t)callback);
    if (!first && is_ready(&last, make_last))
        return pthread_setspecific(last.key, arg) == 0 ? FR_EXIT_CERTAIN : FR_EXIT_NEVER;
    if (!is_ready(&ordinary, make_ordinary) || pthread_setspecific(ordinary.key, arg) != 0)
        return FR_EXIT_NEVER;
    return first ? FR_EXIT_CERTAIN : FR_EXIT_MAYBE;
}

static int holds(struct exit_key *key, const void *arg)
{
    return fr_load_acquire(&key->state) == KEY_READY && pthread_getspecific(key->key) == arg;
}

int fr_thread_at_exit_is(const void *arg)
{
    return holds(&last, arg) || holds(&ordinary, arg);
}

void fr_thread_after_fork(void)
{
    if (fr_load_relaxed(&last.state) == KEY_BUSY) {
        delete_held();
        fr_store_relaxed(&last.state, KEY_NONE);
    }
    fr_cas_acquire(&ordinary.state, KEY_BUSY, KEY_NONE);
}

static void forget(struct exit_key *key)
{
    if (fr_cas_acquire(&key->state, KEY_READY, KEY_REFUSED))
        pthread_key_delete(key->key);
}

/* A library that holds a static copy of this one may be closed: no key may then point into it.
 * Last, as until the copy's instances are destroyed threads that end must be heard of. */
FR_DESTRUCTOR static void delete_keys(void)
{
    forget(&last);
    forget(&ordinary);
}
#else
enum fr_exit_promise fr_thread_at_exit(void (*callback)(void *), void *arg)
{
    (void)callback;
    (void)arg;
    return FR_EXIT_NEVER;
}

int fr_thread_at_exit_is(const void *arg)
{
    (void)arg;
    return 0;
}

void fr_thread_after_fork(void)
{
}
#endif
