/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* A pointer that is not even aligned given back. */
#include "misuse.h"

int main(int argc, char **argv)
{
    frusa_t *f = misuse_begin(argc, argv);
    char *p = misuse_alloc(f, 100);
    misuse_expect("frusa_dealloc", "invalid pointer", p + 3);
    frusa_dealloc(f, p + 3, 100, 0);
    return misuse_end(f);
}
