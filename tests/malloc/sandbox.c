/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * What a program may take away from itself after its start: all file descriptors, and system calls
 * by a filter. Allocation and reclaim go on.
 */
#include "expect.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <malloc.h>
#include <pthread.h>
#include <stddef.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

enum { OBJECTS = 30000 };

/* After the descriptors are gone nobody hears complaints: the exit status has to do. */
static void *work(void *arg)
{
    static __thread void *objects[OBJECTS];
    for (int round = 0; round < 2; round++) {
        for (size_t i = 0; i < OBJECTS; i++) {
            objects[i] = calloc(1, 1 + i % 800);
            EXPECT(objects[i] != NULL);
            memset(objects[i], 1, 1 + i % 800);
        }
        for (size_t i = 0; i < OBJECTS; i++)
            free(objects[i]);
        malloc_trim(0);
    }
    void *large = malloc(20000000);
    EXPECT(large != NULL);
    memset(large, 1, 20000000);
    free(realloc(large, 30000000));
    return arg;
}

static void work_in_threads(void)
{
    pthread_t threads[2];
    for (size_t i = 0; i < 2; i++)
        EXPECT(pthread_create(&threads[i], NULL, work, NULL) == 0);
    work(NULL);
    for (size_t i = 0; i < 2; i++)
        EXPECT(pthread_join(threads[i], NULL) == 0);
}

#define REFUSE(number)                                                                             \
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (number), 0, 1),                                           \
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM)

#if !defined(SYS_process_madvise)
#define SYS_process_madvise 440
#endif

/* Refuses what an allocator can do without; 0 when there are no filters here. */
static int install_filter(void)
{
    struct sock_filter filter[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        REFUSE(SYS_membarrier),
        REFUSE(SYS_process_madvise),
        REFUSE(SYS_madvise),
        REFUSE(SYS_mremap),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog program = {sizeof(filter) / sizeof(filter[0]), filter};
    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
           prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0) == 0;
}

int main(void)
{
    void *p = malloc(100);
    EXPECT(is_ours(p));
    work(NULL);
    for (int fd = 0; fd < 1024; fd++)
        close(fd);
    work_in_threads();
    if (install_filter())
        work_in_threads();
    free(p);
    return 0;
}
