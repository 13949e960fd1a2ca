/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * neighbour [MIB [PAUSE]]: takes MIB from the system, page by page, with so many microseconds
 * between one MiB and the next, and says so. A process that needs memory, beside another that has
 * it.
 */
#include "common.h"

#include <sys/mman.h>
#include <time.h>

int main(int argc, char **argv)
{
    const size_t mib = work_argument(argc, argv, 1, 160);
    const size_t pause = work_argument(argc, argv, 2, 5000);
    struct timespec time = {0, (long)(pause % 1000000) * 1000};
    char *p = mmap(NULL, mib << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (p == MAP_FAILED) {
        perror("neighbour");
        return 1;
    }
    for (size_t i = 0; i < mib; i++) {
        memset(p + (i << 20), 1, (size_t)1 << 20);
        nanosleep(&time, NULL);
    }
    printf("%zu MiB\n", mib);
    return 0;
}
