/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The address of a static variable given back, with a layout. */
#include "misuse.h"

static char variable[4096];

int main(int argc, char **argv)
{
    frusa_t *f = misuse_begin(argc, argv);
    misuse_expect("frusa_dealloc", "invalid pointer", variable);
    frusa_dealloc(f, variable, sizeof(variable), 0);
    return misuse_end(f);
}
