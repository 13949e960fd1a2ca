/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* memcheck: Invalid read of size 1 */
/* asan: use-after-poison */
#include "watched.h"

int main(int argc, char **argv)
{
    frusa_t *f = watched_begin(argc, argv);
    char *p = watched_object(f, 64, 0);
    char *q = frusa_resize(f, p, 50); /* stays where it is */
    volatile size_t at = 50;
    if (q == NULL)
        return 2;
    return q[at] == 0x5a; /* HERE */
}
