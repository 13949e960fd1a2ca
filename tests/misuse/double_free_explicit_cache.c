/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* An object given back twice through an explicit cache. */
#include "misuse.h"

int main(int argc, char **argv)
{
    frusa_t *f = misuse_begin(argc, argv);
    frusa_cache_t *c = frusa_cache_create(f);
    void *keep = frusa_cache_alloc(c, 64, 0), *p = frusa_cache_alloc(c, 64, 0);
    frusa_cache_dealloc(c, p, 64, 0);
    misuse_expect("frusa_cache_dealloc", "double free", p);
    misuse_expect("frusa_cache_destroy", "double free", p);
    frusa_cache_dealloc(c, p, 64, 0);
    int status = misuse_end(f);
    frusa_free(f, keep);
    frusa_cache_destroy(c);
    return status;
}
