/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The address of a local variable given back. */
#include "misuse.h"

int main(int argc, char **argv)
{
    frusa_t *f = misuse_begin(argc, argv);
    char local[64];
    misuse_expect("frusa_dealloc", "invalid pointer", local);
    frusa_dealloc(f, local, sizeof(local), 1);
    return misuse_end(f);
}
