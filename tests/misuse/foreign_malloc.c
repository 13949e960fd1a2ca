/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* An object of the C library's given back. */
#include "misuse.h"

#include <stdlib.h>

int main(int argc, char **argv)
{
    frusa_t *f = misuse_begin(argc, argv);
    void *p = malloc(100);
    misuse_expect("frusa_free", "invalid pointer", p);
    frusa_free(f, p);
    free(p);
    return misuse_end(f);
}
