/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Refusing system calls for a while. */
#include "supervise.h"
#include "port/atomic.h"
#include "require.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <stddef.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { CALLS_MAX = 16 };

static struct {
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    int listener; /* where the calls arrive; -1: not yet */
    long number;  /* of the call that is refused; -1: none */
    int error;
    size_t first, every, most;
} plan = {.mutex = PTHREAD_MUTEX_INITIALIZER,
          .changed = PTHREAD_COND_INITIALIZER,
          .listener = -1,
          .number = -1};
static fr_atomic seen, refused;

static int is_refused(long number)
{
    if (number != plan.number)
        return 0;
    size_t call = fr_fetch_add_relaxed(&seen, 1) + 1;
    if (call < plan.first || (call - plan.first) % plan.every != 0 ||
        (plan.most > 0 && fr_load_relaxed(&refused) >= plan.most))
        return 0;
    fr_fetch_add_relaxed(&refused, 1);
    return 1;
}

static void answer(int listener, const struct seccomp_notif *call)
{
    struct seccomp_notif_resp response;
    memset(&response, 0, sizeof(response));
    response.id = call->id;
    pthread_mutex_lock(&plan.mutex);
    if (is_refused(call->data.nr))
        response.error = -plan.error;
    else
        response.flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE;
    pthread_mutex_unlock(&plan.mutex);
    /* It fails when the caller is gone. */
    ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, &response);
}

static void *watch(void *unused)
{
    struct seccomp_notif call;
    (void)unused;
    pthread_mutex_lock(&plan.mutex);
    while (plan.listener == -1)
        pthread_cond_wait(&plan.changed, &plan.mutex);
    int listener = plan.listener;
    pthread_mutex_unlock(&plan.mutex);
    for (;;) {
        memset(&call, 0, sizeof(call));
        if (ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, &call) == 0)
            answer(listener, &call);
        else if (errno != EINTR && errno != ENOENT)
            return NULL;
    }
}

static int install_filter(const long *numbers, size_t n)
{
    struct sock_filter filter[CALLS_MAX + 3] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
    };
    REQUIRE(n <= CALLS_MAX);
    for (size_t i = 0; i < n; i++)
        filter[1 + i] = (struct sock_filter)BPF_JUMP(
            BPF_JMP | BPF_JEQ | BPF_K, (unsigned)numbers[i], (unsigned char)(n - i), 0);
    filter[n + 1] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
    filter[n + 2] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF);
    struct sock_fprog program = {(unsigned short)(n + 3), filter};
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
        return -1;
    return (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER,
                        &program);
}

int supervise(const long *numbers, size_t n)
{
    /* Without the filter: it comes to threads that are started later only. */
    pthread_t thread;
    REQUIRE(pthread_create(&thread, NULL, watch, NULL) == 0);
    pthread_mutex_lock(&plan.mutex);
    int listener = install_filter(numbers, n);
    if (listener >= 0) {
        plan.listener = listener;
        pthread_cond_signal(&plan.changed);
    }
    pthread_mutex_unlock(&plan.mutex);
    return listener >= 0;
}

void supervise_refuse(long number, int error, size_t first, size_t every, size_t most)
{
    pthread_mutex_lock(&plan.mutex);
    plan.number = number;
    plan.error = error;
    plan.first = first;
    plan.every = every;
    plan.most = most;
    fr_store_relaxed(&seen, 0);
    fr_store_relaxed(&refused, 0);
    pthread_mutex_unlock(&plan.mutex);
}

void supervise_allow(void)
{
    pthread_mutex_lock(&plan.mutex);
    plan.number = -1;
    pthread_mutex_unlock(&plan.mutex);
}

size_t supervise_seen(void)
{
    return fr_load_relaxed(&seen);
}

size_t supervise_refused(void)
{
    return fr_load_relaxed(&refused);
}
