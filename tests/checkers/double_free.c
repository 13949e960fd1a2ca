/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* memcheck: Invalid free() / delete / delete[] / realloc() */
/* asan: frusa: frusa_dealloc: double free */
#include "watched.h"

int main(int argc, char **argv)
{
    frusa_t *f = watched_begin(argc, argv);
    char *p = watched_object(f, 100, 0);
    frusa_dealloc(f, p, 100, 0);
    frusa_dealloc(f, p, 100, 0); /* HERE */
    return 0;
}
