/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* frusa_resize of a foreign pointer. */
#include "misuse.h"

static char variable[4096];

int main(int argc, char **argv)
{
    frusa_t *f = misuse_begin(argc, argv);
    misuse_expect("frusa_resize", "invalid pointer", variable);
    frusa_free(f, frusa_resize(f, variable, 100));
    return misuse_end(f);
}
