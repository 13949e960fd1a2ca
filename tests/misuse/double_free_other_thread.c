/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* An object given back by one thread and then by another. */
#include "misuse.h"

#include <pthread.h>

struct gift {
    frusa_t *f;
    void *object;
};

static void *give_back(void *arg)
{
    struct gift *gift = arg;
    frusa_dealloc(gift->f, gift->object, 100, 0);
    return NULL;
}

int main(int argc, char **argv)
{
    frusa_t *f = misuse_begin(argc, argv);
    pthread_t thread;
    struct gift gift = {f, misuse_alloc(f, 100)};
    void *keep = misuse_alloc(f, 100);
    if (pthread_create(&thread, NULL, give_back, &gift) != 0 || pthread_join(thread, NULL) != 0)
        return 2;
    misuse_expect("frusa_dealloc", "double free", gift.object);
    frusa_dealloc(f, gift.object, 100, 0);
    int status = misuse_end(f);
    frusa_free(f, keep);
    return status;
}
