/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* frusa_resize of a pointer into an object. */
#include "misuse.h"

int main(int argc, char **argv)
{
    frusa_t *f = misuse_begin(argc, argv);
    char *p = misuse_alloc(f, 1000);
    misuse_expect("frusa_resize", "invalid pointer", p + 48);
    frusa_free(f, frusa_resize(f, p + 48, 4000));
    return misuse_end(f);
}
