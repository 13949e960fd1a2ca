/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * usage: deepbind PLUGIN: a program that opens a plugin with RTLD_DEEPBIND. The plugin, which is
 * this file with PLUGIN defined, is linked with libfrusa-malloc: else it would find the C
 * library's malloc before the program's, as frusa-malloc(7) says. Objects cross the border in both
 * directions.
 */
#include "expect.h"

#include <string.h>

#if !defined(RTLD_DEEPBIND)
#define RTLD_DEEPBIND 0
#endif

/* The plugin gives an object of its malloc, and gives back one of the caller's. */
struct calls {
    char *(*make)(void);
    char *(*duplicate)(const char *text);
    void (*release)(void *p);
};

#if defined(PLUGIN)
static char *make(void)
{
    return calloc(1, 40);
}

__attribute__((visibility("default"))) struct calls plugin_calls;
struct calls plugin_calls = {make, strdup, free};
#else
int main(int argc, char **argv)
{
    EXPECT(argc == 2);
    void *plugin = dlopen(argv[1], RTLD_NOW | RTLD_DEEPBIND);
    struct calls *calls = plugin ? dlsym(plugin, "plugin_calls") : NULL;
    EXPECT(calls != NULL);
    char *p = calls->make();
    EXPECT(p != NULL && is_ours(p));
    free(p);
    p = realloc(calls->make(), 1000);
    EXPECT(p != NULL);
    calls->release(p);
    p = calls->duplicate("by the C library");
    EXPECT(p != NULL && is_ours(p));
    calls->release(p);
    calls->release(malloc(HIDE(size_t, 100)));
    return 0;
}
#endif
