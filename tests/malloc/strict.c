/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * usage: strict [alone | basic | all]
 *
 * Enters a sandbox that kills the process at the first system call which is not on a list, once
 * malloc has been called. The list has what the C library calls for threads and output, and what
 * the library may call: by default, with several threads or one ("alone"), or under syscalls=basic
 * or syscalls=all.
 */
#include "expect.h"

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <malloc.h>
#include <pthread.h>
#include <stddef.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

enum { OBJECTS = 20000, BIG_MIB = 24 };

#if !defined(SYS_process_madvise)
#define SYS_process_madvise 440
#endif
#if !defined(SYS_clone3)
#define SYS_clone3 435
#endif
#if !defined(SYS_rseq)
#define SYS_rseq SYS_clone3
#endif
#if defined(SYS_mmap2)
#define CALL_MMAP SYS_mmap2
#else
#define CALL_MMAP SYS_mmap
#endif

#define ALLOW(number)                                                                              \
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (number), 0, 1),                                           \
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)

/* Returns 0 when there are no filters here. */
static int enter_sandbox(int has_membarrier, int has_process_madvise)
{
    struct sock_filter filter[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        ALLOW(SYS_write),
        ALLOW(SYS_writev),
        ALLOW(SYS_exit),
        ALLOW(SYS_exit_group),
        ALLOW(SYS_clone),
        ALLOW(SYS_clone3),
        ALLOW(SYS_rseq),
        ALLOW(SYS_set_robust_list),
        ALLOW(SYS_rt_sigprocmask),
        ALLOW(SYS_rt_sigaction),
        ALLOW(SYS_mprotect),
        ALLOW(CALL_MMAP),
        ALLOW(SYS_munmap),
        ALLOW(SYS_madvise),
        ALLOW(SYS_mremap),
        ALLOW(SYS_futex),
        ALLOW(has_membarrier ? SYS_membarrier : SYS_futex),
        ALLOW(has_process_madvise ? SYS_process_madvise : SYS_futex),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
    };
    struct sock_fprog program = {sizeof(filter) / sizeof(filter[0]), filter};
    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
           prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0) == 0;
}

static void *work(void *arg)
{
    static __thread void *objects[OBJECTS];
    unsigned random = 7;
    for (int round = 0; round < 3; round++) {
        for (size_t i = 0; i < OBJECTS; i++) {
            random = random * 1664525u + 1013904223u;
            objects[i] = malloc(16 + (random >> 8) % 9000);
            EXPECT(objects[i] != NULL);
            memset(objects[i], 1, 16);
        }
        for (size_t i = 0; i < OBJECTS; i++)
            free(objects[i]);
        malloc_trim(0);
    }
    for (size_t mib = 1; mib <= BIG_MIB; mib++) {
        char *p = calloc(HIDE(size_t, mib << 20), 1);
        EXPECT(p != NULL);
        p = realloc(p, HIDE(size_t, (mib + 1) << 20));
        EXPECT(p != NULL);
        p[mib << 20] = 1;
        free(p);
    }
    return arg;
}

int main(int argc, char **argv)
{
    pthread_t threads[3];
    const char *mode = argc > 1 ? argv[1] : "";
    int is_alone = strcmp(mode, "alone") == 0;
    free(malloc(HIDE(size_t, 100)));
    if (!enter_sandbox(!is_alone && strcmp(mode, "basic") != 0, strcmp(mode, "all") == 0))
        return 0;
    for (size_t i = 0; i < 3 && !is_alone; i++)
        EXPECT(pthread_create(&threads[i], NULL, work, NULL) == 0);
    work(NULL);
    for (size_t i = 0; i < 3 && !is_alone; i++)
        EXPECT(pthread_join(threads[i], NULL) == 0);
    _exit(0);
}
