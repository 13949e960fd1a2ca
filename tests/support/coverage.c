/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * In builds with --enable-coverage: what a process executed is on record too when it ends by
 * _exit, as children of tests do, or by abort, as misuse does. By itself the compiler's library
 * writes it at exit alone.
 */
#include <signal.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

void __gcov_dump(void); /* of libgcov */

/* In the place of the C library's. */
void _exit(int status)
{
    __gcov_dump();
    for (;;)
        syscall(SYS_exit_group, status);
}

/* abort goes on when a handler returns. */
static void write_record(int number)
{
    (void)number;
    __gcov_dump();
}

__attribute__((constructor)) static void handle_abort(void)
{
    struct sigaction action;
    memset(&action, 0, sizeof(action));
    action.sa_handler = write_record;
    sigemptyset(&action.sa_mask);
    sigaction(SIGABRT, &action, NULL);
}
