/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "port/atfork.h"

#include <pthread.h>

void fr_atfork(void (*prepare)(void), void (*parent)(void), void (*child)(void))
{
    /* A failure (no memory for the handlers) leaves fork() as it is without them. */
    int failed = pthread_atfork(prepare, parent, child);
    (void)failed;
}
