/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The same object given back twice in a row. */
#include "misuse.h"

int main(int argc, char **argv)
{
    frusa_t *f = misuse_begin(argc, argv);
    void *keep = misuse_alloc(f, 64), *p = misuse_alloc(f, 64);
    frusa_dealloc(f, p, 64, 0);
    misuse_expect("frusa_dealloc", "double free", p);
    frusa_dealloc(f, p, 64, 0);
    int status = misuse_end(f);
    frusa_free(f, keep);
    return status;
}
