/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* frusa_realloc told the layout of another size class. */
#include "misuse.h"

int main(int argc, char **argv)
{
    frusa_t *f = misuse_begin(argc, argv);
    void *p = misuse_alloc(f, 64);
    misuse_expect("frusa_realloc", "layout mismatch", p);
    frusa_free(f, frusa_realloc(f, p, 1000, 0, 5000));
    return misuse_end(f);
}
