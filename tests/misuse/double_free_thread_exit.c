/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* An object given back twice by a thread that ends: its end empties its cache. */
#include "misuse.h"

#include <pthread.h>

static frusa_t *f;

static void *give_back_twice(void *object)
{
    frusa_dealloc(f, object, 100, 0);
    frusa_dealloc(f, object, 100, 0);
    return NULL;
}

int main(int argc, char **argv)
{
    f = misuse_begin(argc, argv);
    pthread_t thread;
    void *p = misuse_alloc(f, 100);
    void *keep = misuse_alloc(f, 100);
    misuse_expect("frusa_dealloc", "double free", p);
    misuse_expect("thread exit", "double free", p);
    if (pthread_create(&thread, NULL, give_back_twice, p) != 0 || pthread_join(thread, NULL) != 0)
        return 2;
    frusa_free(f, keep);
    return 0;
}
