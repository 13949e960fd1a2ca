/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* An object given back by two threads, so that it sits in the caches of both. */
#include "misuse.h"

#include <pthread.h>

struct gift {
    frusa_t *f;
    void *object;
    pthread_barrier_t given, done;
};

static void *give_back(void *arg)
{
    struct gift *gift = arg;
    frusa_dealloc(gift->f, gift->object, 100, 0);
    pthread_barrier_wait(&gift->given);
    pthread_barrier_wait(&gift->done);
    return NULL;
}

int main(int argc, char **argv)
{
    frusa_t *f = misuse_begin(argc, argv);
    pthread_t thread;
    struct gift gift;
    void *keep = misuse_alloc(f, 100);
    gift.f = f;
    gift.object = misuse_alloc(f, 100);
    pthread_barrier_init(&gift.given, NULL, 2);
    pthread_barrier_init(&gift.done, NULL, 2);
    if (pthread_create(&thread, NULL, give_back, &gift) != 0)
        return 2;
    pthread_barrier_wait(&gift.given);
    misuse_expect("frusa_dealloc", "double free", gift.object);
    frusa_dealloc(f, gift.object, 100, 0);
    int status = misuse_end(f);
    /* A flush empties the own cache alone: the other copy is found as its thread ends or by a
     * reclaim. */
    misuse_expect("frusa_reclaim", "double free", gift.object);
    frusa_reclaim(f);
    pthread_barrier_wait(&gift.done);
    pthread_join(thread, NULL);
    frusa_free(f, keep);
    return status;
}
