/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* A small object given back with a large layout. */
#include "misuse.h"

int main(int argc, char **argv)
{
    frusa_t *f = misuse_begin(argc, argv);
    void *p = misuse_alloc(f, 64);
    misuse_expect("frusa_dealloc", "layout mismatch", p);
    frusa_dealloc(f, p, 5 << 20, 0);
    return misuse_end(f);
}
