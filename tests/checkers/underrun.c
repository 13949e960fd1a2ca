/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* memcheck: Invalid read of size 1 */
/* asan: use-after-poison */
#include "watched.h"

int main(int argc, char **argv)
{
    frusa_t *f = watched_begin(argc, argv);
    char *p = watched_object(f, 100, 0);
    volatile ptrdiff_t at = -1;
    return p[at] == 0x5a; /* HERE */
}
