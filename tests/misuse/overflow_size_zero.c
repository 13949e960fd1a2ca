/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* One byte written to an object of size 0. */
#include "misuse.h"

int main(int argc, char **argv)
{
    frusa_t *f = misuse_begin_checked(argc, argv);
    volatile char *p = misuse_alloc(f, 0);
    volatile size_t behind = 0;
    p[behind] = (char)(p[behind] + 1);
    misuse_expect("frusa_dealloc", "overflow", (void *)p);
    frusa_dealloc(f, (void *)p, 0, 0);
    return misuse_end(f);
}
