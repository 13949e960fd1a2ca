/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* One byte written behind an object that is given back without its layout. */
#include "misuse.h"

int main(int argc, char **argv)
{
    frusa_t *f = misuse_begin_checked(argc, argv);
    volatile char *p = misuse_alloc(f, 500);
    volatile size_t behind = 500;
    p[behind] = (char)(p[behind] + 1);
    misuse_expect("frusa_free", "overflow", (void *)p);
    frusa_free(f, (void *)p);
    return misuse_end(f);
}
