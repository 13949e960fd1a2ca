/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The same object given back twice in a row, without its layout. */
#include "misuse.h"

int main(int argc, char **argv)
{
    frusa_t *f = misuse_begin(argc, argv);
    void *keep = misuse_alloc(f, 200), *p = misuse_alloc(f, 200);
    frusa_free(f, p);
    misuse_expect("frusa_free", "double free", p);
    frusa_free(f, p);
    int status = misuse_end(f);
    frusa_free(f, keep);
    return status;
}
