/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* A pointer into an object given back, without a layout. */
#include "misuse.h"

int main(int argc, char **argv)
{
    frusa_t *f = misuse_begin(argc, argv);
    char *p = misuse_alloc(f, 1000);
    misuse_expect("frusa_free", "invalid pointer", p + 16);
    frusa_free(f, p + 16);
    return misuse_end(f);
}
