/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* An object given back to another instance. */
#include "misuse.h"

int main(int argc, char **argv)
{
    frusa_t *f = misuse_begin(argc, argv);
    frusa_t *g = frusa_create_with(NULL, misuse_config());
    void *p = misuse_alloc(f, 64);
    frusa_free(g, misuse_alloc(g, 64));
    misuse_expect("frusa_dealloc", "wrong instance", p);
    frusa_dealloc(g, p, 64, 0);
    return misuse_end(g);
}
