/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "port/panic.h"

#include "port/system.h"

#if FR_HOSTED
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

FR_COLD void fr_panic_raw(const char *message)
{
    char newline = '\n';
    struct iovec line[2] = {{(void *)(size_t)message, strlen(message)}, {&newline, 1}};
    int cancel;
    /* A thread that were cancelled here would end, and the program go on with what is wrong. */
    pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &cancel);
    ssize_t written = writev(STDERR_FILENO, line, 2);
    (void)written; /* there is nobody left to tell */
    abort();
}
#else
FR_COLD void fr_panic_raw(const char *message)
{
    (void)message;
    __builtin_trap();
}
#endif
