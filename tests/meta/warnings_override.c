/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Under libfrusa-malloc both families are one: nothing to warn of. */
#include <frusa-malloc.h>
#include <stdlib.h>

void mixed(void);
void mixed(void)
{
    frusa_t *f = frusa_malloc_instance();
    free(frusa_alloc(f, 10, 0));
    frusa_free(f, malloc(10));
    frusa_dealloc(f, malloc(10), 10, 0);
}
