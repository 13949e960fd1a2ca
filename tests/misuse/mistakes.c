/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Mistakes with malloc, one function each. */
#include "malloc_mistake.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

enum { SMALL = 40, LARGE = 5 << 20, MAPPING = 4 << 20 };

/* Calls by which a free that was not refused at once is found out. */
#define WHEN_FREED "free,malloc_trim"

/* Compilers know malloc and warn of such mistakes; they do not see through this. */
static void *hide(void *p)
{
    void *volatile hidden = p;
    return hidden;
}

static void *filled(size_t size)
{
    void *p = malloc(size);
    if (p == NULL)
        exit(2);
    memset(p, 0x33, size);
    return hide(p);
}

static void free_wrongly(void *p, const char *kind)
{
    mistake_is(WHEN_FREED, kind, p);
    free(hide(p));
    mistake_made();
}

static void double_free(void)
{
    void *p = filled(SMALL);
    free(hide(p));
    free_wrongly(p, "double free");
}

static void double_free_later(void)
{
    void *p = filled(SMALL), *others[50];
    for (size_t i = 0; i < 50; i++)
        others[i] = filled(SMALL);
    free(hide(p));
    for (size_t i = 0; i < 50; i++)
        free(others[i]);
    free_wrongly(p, "double free");
}

static void *give_back(void *p)
{
    free(p);
    return NULL;
}

static void double_free_other_thread(void)
{
    pthread_t thread;
    void *p = filled(SMALL);
    if (pthread_create(&thread, NULL, give_back, p) != 0 || pthread_join(thread, NULL) != 0)
        exit(2);
    free_wrongly(p, "double free");
}

static void double_free_large(void)
{
    void *p = filled(LARGE);
    free(hide(p));
    mistake_is(WHEN_FREED, "double free", p); /* a span is there by now, perhaps */
    free_wrongly(p, "invalid pointer");
}

static void realloc_of_freed(void)
{
    void *p = filled(SMALL);
    free(hide(p));
    mistake_is("realloc,malloc_trim", "double free", p);
    p = realloc(p, 3000);
    mistake_made();
}

static void interior_pointer(void)
{
    char *p = filled(SMALL);
    free_wrongly(p + 16, "invalid pointer");
}

static void interior_pointer_odd(void)
{
    char *p = filled(SMALL);
    free_wrongly(p + 3, "invalid pointer");
}

static void interior_pointer_large(void)
{
    char *p = filled(LARGE);
    free_wrongly(p + 65536, "invalid pointer");
}

static void free_of_stack(void)
{
    _Alignas(16) volatile char local[64];
    local[0] = 1;
    free_wrongly((void *)local, "invalid pointer");
}

static void free_of_static(void)
{
    static _Alignas(16) char array[64];
    free_wrongly(array, "invalid pointer");
}

/* Memory of its own, at some distance from all other: libfrusa-malloc takes what is near the
 * dynamic linker's data for the linker's. */
static char *map_alone(void)
{
    char *p = mmap(NULL, MAPPING, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (p == MAP_FAILED)
        exit(2);
    return p;
}

static void free_of_unmapped(void)
{
    char *p = map_alone();
    munmap(p, MAPPING);
    free_wrongly(p + MAPPING / 2 + 16, "invalid pointer");
}

/* What looks like an object, made by an attacker or by another allocator. */
static void free_of_foreign(void)
{
    size_t *p = (size_t *)(void *)(map_alone() + MAPPING / 2);
    p[1] = 0x41;
    p[9] = 0x41;
    free_wrongly(p + 2, "invalid pointer");
}

static void free_with_wrong_size(void)
{
    void (*sized)(void *, size_t) = NULL;
    *(void **)&sized = dlsym(RTLD_DEFAULT, "free_sized");
    if (sized == NULL)
        exit(77);
    void *p = filled(SMALL);
    mistake_is("free_sized,malloc_trim", "layout mismatch", p);
    sized(p, 3000);
    mistake_made();
}

static void overflow(void)
{
    volatile char *p = filled(SMALL), *next = filled(SMALL);
    for (size_t i = SMALL; i < SMALL + 32; i++)
        p[i] = 0x41;
    mistake_is("free", "overflow", (void *)p);
    free((void *)p);
    free((void *)next);
    mistake_made();
}

static void underflow(void)
{
    volatile char *before = filled(SMALL), *p = filled(SMALL);
    for (size_t i = 1; i <= 16; i++)
        p[-(ptrdiff_t)i] = 0x41;
    mistake_is("free", "underflow", (void *)p);
    free((void *)p);
    free((void *)before);
    mistake_made();
}

static void write_after_free(void)
{
    volatile char *keep = filled(SMALL), *p = filled(SMALL);
    free(hide((void *)p));
    mistake_is("malloc", "write after free", (void *)p);
    for (size_t i = 0; i < 16; i++)
        p[i] = 0x41;
    keep[0] = 0x33; /* its neighbour, so that the memory stays */
    mistake_made();
}

const struct mistake mistakes[] = {
    {"double free at once", double_free, 0},
    {"double free, others freed in between", double_free_later, 0},
    {"double free, first by another thread", double_free_other_thread, 0},
    {"double free of a large object", double_free_large, 0},
    {"realloc of a freed object", realloc_of_freed, 0},
    {"free of an interior pointer, aligned", interior_pointer, 0},
    {"free of an interior pointer, odd", interior_pointer_odd, 0},
    {"free of an interior pointer, large object", interior_pointer_large, 0},
    {"free of a stack address", free_of_stack, 0},
    {"free of a static address", free_of_static, 0},
    {"free of an unmapped address", free_of_unmapped, 0},
    {"free of foreign memory made to look right", free_of_foreign, 0},
    {"free_sized with another size", free_with_wrong_size, 0},
    {"overflow of 32 bytes into the next object", overflow, 1},
    {"underflow of 16 bytes", underflow, 1},
    {"write to a freed object", write_after_free, 1},
};
const size_t mistake_count = sizeof(mistakes) / sizeof(mistakes[0]);
