/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* An object given back with the layout of another size class. */
#include "misuse.h"

int main(int argc, char **argv)
{
    frusa_t *f = misuse_begin(argc, argv);
    void *p = misuse_alloc(f, 64);
    misuse_expect("frusa_dealloc", "layout mismatch", p);
    frusa_dealloc(f, p, 1000, 0);
    return misuse_end(f);
}
