/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* A pointer into a large object given back. */
#include "misuse.h"

int main(int argc, char **argv)
{
    frusa_t *f = misuse_begin(argc, argv);
    char *p = misuse_alloc(f, 5 << 20);
    misuse_expect("frusa_dealloc", "invalid pointer", p + 4096);
    frusa_dealloc(f, p + 4096, 5 << 20, 0);
    return misuse_end(f);
}
