/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * usage: malloc_mistake prints the mistakes, one a line, behind what they need: any or checked
 *        malloc_mistake NUMBER     makes one (from 1)
 *
 * A program that makes a mistake with malloc, linked with no allocator: the same under any that is
 * preloaded. On standard output come the messages that libfrusa-malloc may end it with, then
 * "made" if the mistaken call returned. The program then gives memory back (malloc_trim), unless
 * MISTAKE_KEEP is set in the environment, and goes on allocating. Its exit status is 0 if nobody
 * noticed, 3 if memory was handed out twice, 77 if the mistake cannot be made under this
 * allocator.
 */
#include "malloc_mistake.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

enum { OBJECTS = 2000 };

void mistake_is(const char *calls, const char *kind, const void *pointer)
{
    while (*calls != '\0') {
        size_t length = strcspn(calls, ",");
        printf("frusa: %.*s: %s: %p\n", (int)length, calls, kind, pointer);
        calls += length + (calls[length] == ',');
    }
    fflush(stdout);
}

void mistake_made(void)
{
    printf("made\n");
    fflush(stdout);
}

static int compare(const void *a, const void *b)
{
    char *const *x = a, *const *y = b;
    return (*x > *y) - (*x < *y);
}

/* Returns 1 if objects that are live at once overlap. */
static int goes_wrong(size_t size)
{
    static char *objects[OBJECTS];
    int found = 0;
    for (size_t i = 0; i < OBJECTS; i++) {
        objects[i] = malloc(size);
        if (objects[i] == NULL)
            exit(2);
        memset(objects[i], 0x44, size);
    }
    qsort(objects, OBJECTS, sizeof(objects[0]), compare);
    for (size_t i = 1; i < OBJECTS; i++)
        found |= objects[i] < objects[i - 1] + size;
    return found; /* they are not given back: that is the next mistake */
}

/* Not every C library has the function. */
static void give_memory_back(void)
{
    int (*trim)(size_t) = NULL;
    *(void **)&trim = dlsym(RTLD_DEFAULT, "malloc_trim");
    if (trim != NULL)
        trim(0);
}

int main(int argc, char **argv)
{
    const struct rlimit no_core_files = {0, 0};
    setrlimit(RLIMIT_CORE, &no_core_files);
    alarm(60);
    if (argc != 2) {
        for (size_t i = 0; i < mistake_count; i++)
            printf("%s %s\n", mistakes[i].checked_only ? "checked" : "any", mistakes[i].name);
        return argc == 1 ? 0 : 2;
    }
    size_t number = strtoul(argv[1], NULL, 10);
    if (number < 1 || number > mistake_count)
        return 2;
    mistakes[number - 1].make();
    if (getenv("MISTAKE_KEEP") == NULL)
        give_memory_back();
    return goes_wrong(40) || goes_wrong(24) ? 3 : 0;
}
