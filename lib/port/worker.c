/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "port/worker.h"

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stddef.h>
#if defined(__linux__)
#include <sys/prctl.h>
#endif

#include "port/atomic.h"
#include "port/error.h"
#include "port/wait.h"

/* A reclaim needs less than 8 KiB. The rest is for the program's fallback. */
#define STACK_BYTES ((size_t)128 << 10)
/* Thread-local variables of the program lie in the stack, too: more is tried up to this. */
#define STACK_BYTES_MAX ((size_t)64 << 20)

/* Lies on the stack of the thread that starts another, until that one has taken a copy. */
struct plan {
    struct fr_worker *worker;
    void (*run)(void *);
    void *arg;
    const char *name;
    fr_atomic_u32 taken;
};

static void set_name(const char *name)
{
#if defined(__linux__)
    prctl(PR_SET_NAME, name, 0, 0, 0);
#else
    (void)name;
#endif
}

static void *enter(void *arg)
{
    struct plan *shared = arg;
    struct plan plan = *shared;
    plan.worker->id = pthread_self();
    fr_store_u32_release(&shared->taken, 1);
    fr_wake_one(&shared->taken); /* at worst an address that nobody waits at any more */
    set_name(plan.name);
    plan.run(plan.arg);
    return NULL;
}

static int create(size_t stack, struct plan *plan)
{
    pthread_t id;
    pthread_attr_t attributes;
    int error = pthread_attr_init(&attributes);
    if (error)
        return error;
    error = pthread_attr_setstacksize(&attributes, stack);
    if (!error)
        error = pthread_create(&id, &attributes, enter, plan);
    pthread_attr_destroy(&attributes);
    return error;
}

int fr_worker_start(struct fr_worker *t, const char *name, void (*run)(void *), void *arg)
{
    struct plan plan = {.worker = t, .run = run, .arg = arg, .name = name};
    sigset_t all;
    sigset_t before;
    int error = EINVAL;
    int saved = fr_save_errno();
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before); /* inherited */
    for (size_t stack = STACK_BYTES; error == EINVAL && stack <= STACK_BYTES_MAX; stack *= 2)
        error = create(stack, &plan);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    while (!error && !fr_load_u32_acquire(&plan.taken))
        fr_wait_on(&plan.taken, 0);
    fr_restore_errno(saved);
    return error;
}

void fr_worker_join(struct fr_worker *t)
{
    pthread_join(t->id, NULL);
}

void fr_worker_detach(struct fr_worker *t)
{
    pthread_detach(t->id);
}
