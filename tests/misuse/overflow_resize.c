/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* One byte written behind an object whose size is then changed. */
#include "misuse.h"

int main(int argc, char **argv)
{
    frusa_t *f = misuse_begin_checked(argc, argv);
    volatile char *p = misuse_alloc(f, 500);
    volatile size_t behind = 500;
    p[behind] = (char)(p[behind] + 1);
    misuse_expect("frusa_resize", "overflow", (void *)p);
    frusa_free(f, frusa_resize(f, (void *)p, 2000));
    return misuse_end(f);
}
