/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Mistakes that the compiler sees beside the inline paths, as in warnings_bad.c. */
#include <frusa-inline.h>
#include <stdlib.h>

void null_instance_inline(void);
void null_instance_inline(void)
{
    void *p = frusa_inline_alloc(NULL, 10, 0); /* nonnull */
    (void)p;
}

void libc_free(frusa_t *f);
void libc_free(frusa_t *f)
{
    void *p = frusa_alloc(f, 10, 0);
    free(p); /* mismatched-dealloc */
}

void double_free(frusa_t *f);
void double_free(frusa_t *f)
{
    void *p = frusa_inline_malloc(f, 10);
    frusa_free(f, p);
    frusa_free(f, p); /* use-after-free */
}
