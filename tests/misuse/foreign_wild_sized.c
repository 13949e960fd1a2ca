/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* An address that no machine maps given back, with a layout. */
#include "misuse.h"

#include <stdint.h>

int main(int argc, char **argv)
{
    frusa_t *f = misuse_begin(argc, argv);
    void *p = (void *)(UINTPTR_MAX / 15 * 11 / 16 * 16);
    misuse_expect("frusa_dealloc", "invalid pointer", p);
    frusa_dealloc(f, p, 64, 0);
    return misuse_end(f);
}
