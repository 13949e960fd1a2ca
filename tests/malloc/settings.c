/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * usage: settings [limit | kept | leave | become | end | environment]
 *
 * Has options of its own, for options.sh, which says what must come of them: "limit" prints
 * whether 64 MiB can be had, "kept" the MiB that are held after much was freed; "leave" ends in
 * another directory, "become" with another effective user, "end" by a thread whose cancellation
 * was asked for. "environment" prints the environment of a program that this one executes.
 */
#include "expect.h"

#include <malloc.h>
#include <pthread.h>
#include <string.h>

#if !defined(OPTIONS)
#define OPTIONS "limit=32m,nonsense"
#endif

#if defined(LINKED)
const char *frusa_malloc_options = OPTIONS;
#endif

static int print_environment(char **environment)
{
    static char *const command[] = {"/usr/bin/env", NULL};
    execve(command[0], command, environment);
    return 1;
}

static void *end_program(void *arg)
{
    EXPECT(pthread_cancel(pthread_self()) == 0);
    exit(0);
    return arg;
}

int main(int argc, char **argv, char **environment)
{
    enum { N = 100000 };
    static void *objects[N];
    const char *what = argc > 1 ? argv[1] : "";
    if (strcmp(what, "limit") == 0) {
        void *p = malloc(HIDE(size_t, 64 << 20));
        puts(p ? "granted" : "refused");
        free(p);
    } else if (strcmp(what, "kept") == 0) {
        for (size_t i = 0; i < N; i++)
            EXPECT((objects[i] = malloc(600)) != NULL);
        for (size_t i = 0; i < N; i++)
            free(objects[i]);
        printf("%zu\n", mallinfo2().arena >> 20);
    } else if (strcmp(what, "leave") == 0) {
        EXPECT(chdir("/") == 0);
    } else if (strcmp(what, "become") == 0) {
        EXPECT(setresuid(65534, 0, 0) == 0);
    } else if (strcmp(what, "end") == 0) {
        pthread_t thread;
        EXPECT(pthread_create(&thread, NULL, end_program, NULL) == 0);
        pthread_join(thread, NULL);
    } else if (strcmp(what, "environment") == 0) {
        return print_environment(environment);
    }
    return 0;
}
