/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* memcheck: frusa: frusa_free: invalid pointer */
/* asan: frusa: frusa_free: invalid pointer */
#include "watched.h"

int main(int argc, char **argv)
{
    frusa_t *f = watched_begin(argc, argv);
    char *p = watched_object(f, 100, 0);
    frusa_free(f, p + 16); /* HERE */
    return 0;
}
