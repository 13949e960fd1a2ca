/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* An object given back again after its span has gone to the fallback. */
#include "misuse.h"

int main(int argc, char **argv)
{
    frusa_t *f = misuse_begin(argc, argv);
    void *p = misuse_alloc(f, 64);
    frusa_dealloc(f, p, 64, 0);
    frusa_reclaim(f);
    misuse_expect("frusa_dealloc", "invalid pointer", p);
    frusa_dealloc(f, p, 64, 0);
    return misuse_end(f);
}
