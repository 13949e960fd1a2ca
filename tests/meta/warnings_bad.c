/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* One mistake in each function. The comment in its line names the warning that has to come. */
#include <frusa.h>
#include <stdlib.h>

void libc_free(frusa_t *f);
void libc_free(frusa_t *f)
{
    void *p = frusa_alloc(f, 10, 0);
    free(p); /* mismatched-dealloc */
}

void libc_free_unsized(frusa_t *f);
void libc_free_unsized(frusa_t *f)
{
    void *p = frusa_calloc(f, 10, 10);
    free(p); /* mismatched-dealloc */
}

void libc_free_cached(frusa_cache_t *c);
void libc_free_cached(frusa_cache_t *c)
{
    void *p = frusa_cache_alloc(c, 10, 0);
    free(p); /* mismatched-dealloc */
}

void foreign(frusa_t *f);
void foreign(frusa_t *f)
{
    void *p = malloc(10);
    frusa_free(f, p); /* mismatched-dealloc */
}

void foreign_sized(frusa_t *f);
void foreign_sized(frusa_t *f)
{
    void *p = malloc(10);
    frusa_dealloc(f, p, 10, 0); /* mismatched-dealloc */
}

void double_free(frusa_t *f);
void double_free(frusa_t *f)
{
    void *p = frusa_malloc(f, 10);
    frusa_free(f, p);
    frusa_free(f, p); /* analyzer-double-free */
}

void double_dealloc(frusa_t *f);
void double_dealloc(frusa_t *f)
{
    void *p = frusa_alloc(f, 10, 0);
    frusa_dealloc(f, p, 10, 0);
    frusa_dealloc(f, p, 10, 0); /* analyzer-double-free */
}

void double_mixed(frusa_t *f);
void double_mixed(frusa_t *f)
{
    void *p = frusa_alloc(f, 10, 0);
    frusa_dealloc(f, p, 10, 0);
    frusa_free(f, p); /* use-after-free */
}

void double_in_callee(frusa_t *f, void *p);
void double_in_callee(frusa_t *f, void *p)
{
    frusa_free(f, p);
    frusa_free(f, p); /* analyzer-double-free */
}

int used_after(frusa_t *f);
int used_after(frusa_t *f)
{
    int *p = frusa_malloc(f, sizeof(*p));
    if (p == NULL)
        return 0;
    *p = 1;
    frusa_free(f, p);
    return *p; /* analyzer-use-after-free */
}

void unchecked(frusa_t *f);
void unchecked(frusa_t *f)
{
    int *p = frusa_malloc(f, sizeof(*p));
    *p = 1; /* analyzer-possible-null-dereference */
    frusa_free(f, p);
}

void lost(frusa_t *f);
void lost(frusa_t *f)
{
    char *p = frusa_malloc(f, 10);
    if (p != NULL)
        *(volatile char *)p = 1;
} /* analyzer-malloc-leak */

void null_instance(void);
void null_instance(void)
{
    void *p = frusa_malloc(NULL, 10); /* nonnull */
    (void)p;
}

void null_instance_free(void *p);
void null_instance_free(void *p)
{
    frusa_free(NULL, p); /* nonnull */
}

void null_instance_variable(void);
void null_instance_variable(void)
{
    frusa_t *f = NULL;
    frusa_reclaim(f); /* analyzer-null-argument */
}

void unchecked_cache(void);
void unchecked_cache(void)
{
    frusa_cache_destroy(frusa_cache_create(NULL)); /* nonnull */
}
