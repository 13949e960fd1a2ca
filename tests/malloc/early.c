/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Before main: calls before any constructor, and memory that the dynamic linker handed out before
 * there was a malloc to ask.
 */
#include "expect.h"

#include <link.h>
#include <malloc.h>
#include <string.h>

static void *first;
static void *second;

static void before_constructors(void)
{
    first = malloc(1000);
}

/* Not in a shared object; a static program runs it, too. */
__attribute__((section(".preinit_array"),
               used)) static void (*const preinit)(void) = before_constructors;

__attribute__((constructor(101))) static void in_constructor(void)
{
    second = calloc(10, 100);
}

static int find_name(struct dl_phdr_info *info, size_t size, void *found)
{
    (void)size;
    if (strstr(info->dlpi_name, "libc.so"))
        *(const char **)found = info->dlpi_name;
    return 0;
}

static void test_memory_of_the_linker(void)
{
    char *name = NULL;
    dl_iterate_phdr(find_name, &name);
    if (!name) /* static */
        return;
    EXPECT(!is_ours(name));
    EXPECT(malloc_usable_size(name) >= strlen(name) + 1);
    char *copy = realloc(name, 10000);
    EXPECT(copy != NULL && is_ours(copy));
    EXPECT(strcmp(copy, name) == 0); /* which is where it was */
    free(copy);
    free(name);
    char *again = NULL;
    dl_iterate_phdr(find_name, &again);
    EXPECT(again == name && strstr(again, "libc.so"));
}

static void test_opening_libraries(void)
{
    for (int i = 0; i < 3; i++) {
        void *library = dlopen("libm.so.6", RTLD_NOW | RTLD_LOCAL);
        if (!library)
            return; /* static, and there is none to go with it */
        double (*cosine)(double) = (double (*)(double))dlsym(library, "cos");
        EXPECT(cosine != NULL && cosine(0.0) > 0.99);
        EXPECT(dlsym(library, "no_such_name") == NULL);
        EXPECT(dlerror() != NULL);
        EXPECT(dlclose(library) == 0);
        EXPECT(dlopen("libno_such_library.so", RTLD_NOW) == NULL);
        EXPECT(dlerror() != NULL);
    }
}

int main(void)
{
    EXPECT(first != NULL && is_ours(first) && malloc_usable_size(first) >= 1000);
    EXPECT(second != NULL && is_ours(second));
    free(first);
    free(second);
    test_memory_of_the_linker();
#if !defined(STATIC)
    test_opening_libraries();
#endif
    return 0;
}
