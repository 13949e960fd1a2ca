/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* A pointer into an object given back. */
#include "misuse.h"

int main(int argc, char **argv)
{
    frusa_t *f = misuse_begin(argc, argv);
    char *p = misuse_alloc(f, 256);
    misuse_expect("frusa_dealloc", "invalid pointer", p + 32);
    frusa_dealloc(f, p + 32, 256, 0);
    return misuse_end(f);
}
