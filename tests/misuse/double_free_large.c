/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* A large object given back twice. Its address no longer belongs to the instance then. */
#include "misuse.h"

int main(int argc, char **argv)
{
    frusa_t *f = misuse_begin(argc, argv);
    void *p = misuse_alloc(f, 5 << 20);
    frusa_dealloc(f, p, 5 << 20, 0);
    misuse_expect("frusa_dealloc", "double free", p);
    misuse_expect("frusa_dealloc", "invalid pointer", p);
    frusa_dealloc(f, p, 5 << 20, 0);
    return misuse_end(f);
}
