/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The C library's own names of its functions, __libc_malloc and others, mixed with the public
 * names. The program that is not linked with libfrusa-malloc refers to the names with the C
 * library's version of each.
 */
#include "expect.h"

#include <malloc.h>
#include <stdint.h>
#include <string.h>

/* Not every C library has these names. In a static link, a weak reference would not bring a
 * definition in. */
#if defined(LINKED)
#define OWN_NAME
#else
#define OWN_NAME __attribute__((weak))
#endif

OWN_NAME void *__libc_malloc(size_t size);
OWN_NAME void *__libc_calloc(size_t n, size_t size);
OWN_NAME void *__libc_realloc(void *p, size_t size);
OWN_NAME void __libc_free(void *p);
OWN_NAME void *__libc_memalign(size_t align, size_t size);
OWN_NAME void *__libc_valloc(size_t size);
OWN_NAME void *__libc_pvalloc(size_t size);
OWN_NAME struct mallinfo __libc_mallinfo(void);
OWN_NAME int __libc_mallopt(int parameter, int value);
OWN_NAME int __posix_memalign(void **out, size_t align, size_t size);

static const size_t sizes[] = {0, 1, 16, 100, 4096, 70000, 3000000};
#define SIZES (sizeof(sizes) / sizeof(sizes[0]))

/* An object of ours, all of it written. */
static void *use(void *p, size_t size)
{
    EXPECT(p != NULL && is_ours(p) && malloc_usable_size(p) >= size);
    memset(p, 0x5a, size);
    return p;
}

static void test_own_allocates(size_t size)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    free(use(__libc_malloc(size), size));
    free(use(__libc_calloc(1, size), size));
    free(realloc(use(__libc_malloc(size), size), size + 100));
    free(use(__libc_realloc(malloc(10), size + 1), size + 1));
    free(use(__libc_memalign(256, size), size));
    free(use(__libc_valloc(size), size));
    free(use(__libc_pvalloc(size), (size + page - 1) / page * page));
}

static void test_own_frees(size_t size)
{
    __libc_free(use(malloc(size), size));
    __libc_free(use(calloc(1, size), size));
    __libc_free(use(memalign(256, size), size));
    __libc_free(__libc_realloc(use(malloc(size), size), size + 100));
    __libc_free(use(__libc_malloc(size), size));
    __libc_free(NULL);
}

static void test_posix_memalign(size_t size)
{
    void *p = NULL;
    EXPECT(__posix_memalign(&p, 64, size) == 0);
    free(use(p, size));
}

static void test_inspection(void)
{
    void *p = malloc(3000000);
    EXPECT(__libc_mallinfo().hblkhd >= 3000000);
    free(p);
    EXPECT(__libc_mallopt(M_ARENA_MAX, 1) == 1 && __libc_mallopt(-12345, 1) == 0);
}

int main(void)
{
    for (size_t i = 0; i < SIZES; i++) {
        test_own_allocates(sizes[i]);
        test_own_frees(sizes[i]);
        test_posix_memalign(sizes[i]);
    }
    test_inspection();
    return 0;
}
