/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "allocator.h"

#include <dlfcn.h>
#include <stdio.h>
#include <string.h>

static void call_malloc_trim(void *function)
{
    int (*trim)(size_t);
    memcpy(&trim, &function, sizeof trim);
    (void)trim(0);
}

/* First the thread's own cache, then all arenas, whose common number in jemalloc 5 is 4096. */
static void call_mallctl(void *function)
{
    int (*control)(const char *, void *, size_t *, void *, size_t);
    memcpy(&control, &function, sizeof control);
    (void)control("thread.tcache.flush", NULL, NULL, NULL, 0);
    (void)control("arena.4096.purge", NULL, NULL, NULL, 0);
}

static void call_mi_collect(void *function)
{
    void (*collect)(bool);
    memcpy(&collect, &function, sizeof collect);
    collect(true);
}

const struct allocator allocators[] = {
    {"glibc", NULL, "malloc_trim", call_malloc_trim},
    {"jemalloc", "libjemalloc.so.2", "mallctl", call_mallctl},
    {"mimalloc", "libmimalloc.so.3", "mi_collect", call_mi_collect},
    {"mimalloc", "libmimalloc.so.2", "mi_collect", call_mi_collect},
    {0},
};

const struct allocator *allocator_here(const char *name)
{
    for (const struct allocator *a = allocators; a->name != NULL; a++) {
        if (strcmp(a->name, name) == 0 && dlsym(RTLD_DEFAULT, a->symbol) != NULL) {
            return a;
        }
    }
    return NULL;
}

void allocator_reclaim(const struct allocator *allocator)
{
    void *function = dlsym(RTLD_DEFAULT, allocator->symbol);
    if (function != NULL) {
        allocator->call(function);
    }
}
