/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* usage: mistake KIND: misuses malloc; to be run with checked=1. */
#include "expect.h"

#include <dlfcn.h>
#include <malloc.h>
#include <pthread.h>
#include <string.h>

static char not_allocated[64];

static void *free_while_cancelled(void *arg)
{
    pthread_cancel(pthread_self());
    free(arg);
    return NULL;
}

/* A thread makes the mistake with a request for its cancellation pending; the program waits for
 * the thread. */
static void be_cancelled(void)
{
    pthread_t thread;
    EXPECT(pthread_create(&thread, NULL, free_while_cancelled, HIDE(char *, not_allocated)) == 0);
    pthread_join(thread, NULL);
}

int main(int argc, char **argv)
{
    const char *kind = argc == 2 ? argv[1] : "";
    char *p = malloc(40);
    char *volatile alias = p;
    if (strcmp(kind, "free") == 0) {
        free(p);
        free(alias);
    } else if (strcmp(kind, "static") == 0) {
        free(HIDE(char *, not_allocated));
    } else if (strcmp(kind, "cancelled") == 0) {
        be_cancelled();
    } else if (strcmp(kind, "realloc") == 0) {
        free(p);
        alias = realloc(alias, 100);
    } else if (strcmp(kind, "usable") == 0) {
        return (int)malloc_usable_size(HIDE(char *, not_allocated));
    } else if (strcmp(kind, "sized") == 0) {
        void (*volatile sized)(void *, size_t) = NULL;
        *(void **)&sized = dlsym(RTLD_DEFAULT, "free_sized");
        EXPECT(sized != NULL);
        sized(p, 1000);
        malloc_trim(0);
    } else if (strcmp(kind, "zero") == 0) {
        free(p);
        p = realloc(alias, 0);
    } else if (strcmp(kind, "overflow") == 0) {
        alias[40] = 1;
        free(p);
    }
    return 0;
}
