/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* memcheck: Conditional jump or move depends on uninitialised value */
/* asan: - */
#include "watched.h"

#include <stdio.h>

int main(int argc, char **argv)
{
    frusa_t *f = watched_begin(argc, argv);
    char *used = watched_object(f, 100, 0);
    frusa_dealloc(f, used, 100, 0);
    char *p = frusa_malloc(f, 100);
    if (p == NULL)
        return 2;
    if (p[7] == 1) /* HERE */
        puts("one");
    return 0;
}
