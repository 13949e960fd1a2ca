/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* memcheck: Invalid write of size 1 */
/* asan: use-after-poison */
#include "watched.h"

int main(int argc, char **argv)
{
    frusa_t *f = watched_begin(argc, argv);
    char *p = watched_object(f, 100, 0);
    char *q = frusa_resize(f, p, 5000);
    if (q == NULL)
        return 2;
    ((volatile char *)p)[7] = 1; /* HERE */
    return 0;
}
