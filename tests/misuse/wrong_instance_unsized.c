/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* An object given back to another instance, without its layout. */
#include "misuse.h"

int main(int argc, char **argv)
{
    frusa_t *f = misuse_begin(argc, argv);
    frusa_t *g = frusa_create_with(NULL, misuse_config());
    void *p = misuse_alloc(f, 64);
    misuse_expect("frusa_free", "wrong instance", p);
    frusa_free(g, p);
    return misuse_end(g);
}
