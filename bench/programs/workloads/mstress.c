/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * mstress [THREADS [ROUNDS [OBJECTS]]]: threads that live for one round and exchange objects
 * through slots that all share, after the description of the stress test of D. Leijen, B. Zorn and
 * L. de Moura, "Mimalloc: Free List Sharding in Action" (APLAS 2019). Sizes are mostly small,
 * rarely up to some 100 KiB; part of the objects live for a few steps, part until their thread
 * ends, part pass to another thread.
 */
#include "common.h"

#define SLOTS 1000
#define LOCKS 50

struct worker {
    size_t objects, sum;
    uint64_t random;
    WORK_APART;
};

static pthread_mutex_t locks[LOCKS];
static uint64_t *slots[SLOTS];

static uint64_t *make(struct worker *worker)
{
    const size_t dice = bench_below(&worker->random, 1000);
    size_t words = bench_between(&worker->random, 1, dice < 10 ? 160 : 16);
    if (dice == 0)
        words *= 80;
    uint64_t *object =
        dice % 8 == 0 ? calloc(words, sizeof *object) : work_alloc(words * sizeof *object);
    if (object == NULL)
        abort();
    for (size_t i = 0; i < words; i++)
        object[i] = words ^ i;
    return object;
}

static void drop(struct worker *worker, uint64_t *object)
{
    if (object == NULL)
        return;
    const uint64_t words = object[0];
    for (uint64_t i = 0; i < words; i++)
        if (object[i] != (words ^ i)) {
            puts("an object was overwritten");
            exit(1);
        }
    worker->sum++;
    free(object);
}

/* Leaves an object in a slot; the one that was there is ours now. */
static uint64_t *exchange(struct worker *worker, uint64_t *object)
{
    const size_t i = bench_below(&worker->random, SLOTS);
    pthread_mutex_lock(&locks[i % LOCKS]);
    uint64_t *other = slots[i];
    slots[i] = object;
    pthread_mutex_unlock(&locks[i % LOCKS]);
    return other;
}

static void *work(void *arg)
{
    struct worker *worker = arg;
    size_t kept = 0, capacity = 64, live = 0;
    uint64_t **keep = work_alloc(capacity * sizeof *keep);
    uint64_t **recent = calloc(worker->objects, sizeof *recent);
    for (size_t i = 0; i < worker->objects; i++) {
        const size_t dice = bench_below(&worker->random, 100);
        if (kept == capacity) {
            capacity *= 2;
            keep = realloc(keep, capacity * sizeof *keep);
        }
        if (dice < 20)
            keep[kept++] = make(worker);
        else
            recent[live++] = make(worker);
        if (dice >= 66 && live > 0) {
            uint64_t **any = &recent[bench_below(&worker->random, live)];
            drop(worker, *any);
            *any = recent[--live];
        }
        if (dice % 4 == 0 && live > 0) {
            uint64_t **any = &recent[bench_below(&worker->random, live)];
            *any = exchange(worker, *any);
        }
    }
    while (live > 0)
        drop(worker, recent[--live]);
    while (kept > 0)
        drop(worker, keep[--kept]);
    free(recent);
    free(keep);
    return NULL;
}

int main(int argc, char **argv)
{
    const size_t threads = work_argument(argc, argv, 1, 8);
    const size_t rounds = work_argument(argc, argv, 2, 40);
    const size_t objects = work_argument(argc, argv, 3, 20000);
    struct worker *workers = work_alloc(threads * sizeof *workers);
    for (size_t i = 0; i < LOCKS; i++)
        pthread_mutex_init(&locks[i], NULL);
    size_t sum = 0;
    for (size_t r = 0; r < rounds; r++) {
        for (size_t i = 0; i < threads; i++)
            workers[i] =
                (struct worker){objects, 0, .random = bench_seed((unsigned)(r * threads + i))};
        work_run(threads, work, workers, sizeof *workers);
        for (size_t i = 0; i < SLOTS && r % 10 == 9; i++) { /* now and then all slots empty */
            drop(&workers[0], slots[i]);
            slots[i] = NULL;
        }
        for (size_t i = 0; i < threads; i++)
            sum += workers[i].sum;
    }
    for (size_t i = 0; i < SLOTS; i++) {
        sum += slots[i] != NULL;
        free(slots[i]);
    }
    free(workers);
    printf("%zu objects freed\n", sum);
    return 0;
}
