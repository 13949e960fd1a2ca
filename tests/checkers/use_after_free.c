/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* memcheck: Invalid read of size 1 */
/* asan: use-after-poison */
#include "watched.h"

int main(int argc, char **argv)
{
    frusa_t *f = watched_begin(argc, argv);
    char *p = watched_object(f, 100, 0);
    frusa_free(f, p);
    char *q = watched_object(f, 100, 0); /* does not take its place yet */
    return p[7] == q[7];                 /* HERE */
}
