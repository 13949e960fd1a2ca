/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* A large object given back twice, without its layout. */
#include "misuse.h"

int main(int argc, char **argv)
{
    frusa_t *f = misuse_begin(argc, argv);
    void *p = misuse_alloc(f, 5 << 20);
    frusa_free(f, p);
    misuse_expect("frusa_free", "double free", p);
    misuse_expect("frusa_free", "invalid pointer", p);
    frusa_free(f, p);
    return misuse_end(f);
}
