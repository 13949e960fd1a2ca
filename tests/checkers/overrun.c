/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* memcheck: Invalid write of size 1 */
/* asan: use-after-poison */
#include "watched.h"

int main(int argc, char **argv)
{
    frusa_t *f = watched_begin(argc, argv);
    char *p = watched_object(f, 40, 0);
    volatile size_t at = 40;      /* inside the size class */
    ((volatile char *)p)[at] = 1; /* HERE */
    return 0;
}
