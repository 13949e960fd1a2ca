/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "port/process.h"

#include "port/syscalls.h"
#include "port/system.h"

#if FR_HOSTED
#include <errno.h>
#include <sys/auxv.h>
#include <sys/stat.h>
#include <unistd.h>

long fr_process_id(void)
{
    return (long)getpid();
}

/* Linux: the directory has a subdirectory for each thread, hence two links more than threads. */
int fr_process_has_one_thread(void)
{
    struct stat tasks;
    if (fr_syscalls_kept_to() == FR_SYSCALLS_BASIC)
        return 0;
    int saved = errno;
    int is_one = stat("/proc/self/task", &tasks) == 0 && tasks.st_nlink == 3;
    errno = saved;
    return is_one;
}

int fr_process_has_more_rights(void)
{
    return getauxval(AT_SECURE) || geteuid() != getuid() || getegid() != getgid();
}
#else
long fr_process_id(void)
{
    return 0;
}

int fr_process_has_one_thread(void)
{
    return 0;
}
#endif
