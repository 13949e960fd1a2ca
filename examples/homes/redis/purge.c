/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * MEMORY PURGE for a redis-server whose malloc is libfrusa-malloc, as a library to preload.
 *
 * A redis-server that was built for jemalloc purges by mallctl("arena.N.purge"). With another
 * malloc in the process, jemalloc has nothing to give back. This mallctl calls malloc_trim instead,
 * and passes everything else on to jemalloc.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <malloc.h>
#include <string.h>

typedef int mallctl_function(const char *, void *, size_t *, void *, size_t);

int mallctl(const char *name, void *old, size_t *old_size, void *new, size_t new_size);

static int ends_in(const char *text, const char *end)
{
    size_t length = strlen(text), end_length = strlen(end);
    return length >= end_length && strcmp(text + length - end_length, end) == 0;
}

int mallctl(const char *name, void *old, size_t *old_size, void *new, size_t new_size)
{
    if (ends_in(name, ".purge")) {
        malloc_trim(0);
        return 0;
    }
    mallctl_function *next = (mallctl_function *)dlsym(RTLD_NEXT, "mallctl");
    return next != NULL ? next(name, old, old_size, new, new_size) : ENOENT;
}
