/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* An address that no machine maps given back. */
#include "misuse.h"

#include <stdint.h>

int main(int argc, char **argv)
{
    frusa_t *f = misuse_begin(argc, argv);
    void *p = (void *)(UINTPTR_MAX / 15 * 11);
    misuse_expect("frusa_free", "invalid pointer", p);
    frusa_free(f, p);
    return misuse_end(f);
}
