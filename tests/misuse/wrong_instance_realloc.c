/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* frusa_realloc on another instance than the object's. */
#include "misuse.h"

int main(int argc, char **argv)
{
    frusa_t *f = misuse_begin(argc, argv);
    frusa_t *g = frusa_create_with(NULL, misuse_config());
    void *p = misuse_alloc(f, 64);
    misuse_expect("frusa_realloc", "wrong instance", p);
    frusa_free(g, frusa_realloc(g, p, 64, 0, 5000));
    return misuse_end(g);
}
