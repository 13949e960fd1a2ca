/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* An object given back with an alignment of another size class. */
#include "misuse.h"

int main(int argc, char **argv)
{
    frusa_t *f = misuse_begin(argc, argv);
    void *p = misuse_alloc(f, 64);
    misuse_expect("frusa_dealloc", "layout mismatch", p);
    frusa_dealloc(f, p, 64, 1024);
    return misuse_end(f);
}
