/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* A pointer into the first page of a large object given back. */
#include "misuse.h"

int main(int argc, char **argv)
{
    frusa_t *f = misuse_begin(argc, argv);
    char *p = misuse_alloc(f, 5 << 20);
    misuse_expect("frusa_free", "invalid pointer", p + 512);
    frusa_free(f, p + 512);
    return misuse_end(f);
}
