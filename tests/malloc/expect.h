/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * What the programs share. They use the C library alone, so that each can run under the preloaded
 * library; those that are linked with it are compiled with LINKED.
 */
#ifndef TESTS_MALLOC_EXPECT_H
#define TESTS_MALLOC_EXPECT_H

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <frusa-malloc.h>

/* Ends the program when a condition does not hold. */
#define EXPECT(condition)                                                                          \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #condition);                \
            _exit(1);                                                                              \
        }                                                                                          \
    } while (0)

/* Hides a value from the compiler, which knows what malloc does and leaves calls of it out. */
#if defined(__cplusplus)
template <typename Type> static inline Type hide(Type value)
{
    volatile Type hidden = value;
    return hidden;
}
#define HIDE(type, value) hide<type>(value)
#else
#define HIDE(type, value) (*(type volatile *)&(type){value})
#endif

/* The instance behind malloc; ends the program when there is none: then the test would test the C
 * library. */
static inline frusa_t *the_instance(void)
{
#if defined(LINKED)
    return frusa_malloc_instance();
#else
    void *found = dlsym(RTLD_DEFAULT, "frusa_malloc_instance");
    EXPECT(found != NULL);
    return ((frusa_t * (*)(void)) found)();
#endif
}

/* A function that the C library's headers and files may not have. */
#if defined(LINKED)
#define FIND(name) name
#else
#define FIND(name) dlsym(RTLD_DEFAULT, #name)
#endif

static inline int is_ours(const void *p)
{
#if defined(LINKED)
    return frusa_owns(the_instance(), p);
#else
    void *owns = dlsym(RTLD_DEFAULT, "frusa_owns");
    EXPECT(owns != NULL);
    return ((int (*)(frusa_t *, const void *))owns)(the_instance(), p);
#endif
}

#endif /* TESTS_MALLOC_EXPECT_H */
