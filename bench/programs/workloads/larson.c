/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * larson [THREADS [GENERATIONS [OBJECTS]]]: a server whose threads come and go and leave their
 * objects to the next ones, after P.-A. Larson and M. Krishnan, "Memory Allocation for
 * Long-Running Server Applications" (ISMM 1998). Each thread replaces random ones of its objects
 * of 8 to 1000 bytes, then starts its successor, hands everything over and ends.
 */
#include "common.h"

#define PAIRS ((size_t)100000) /* by each generation */

struct seat {
    char **objects;
    size_t count, generations;
    uint64_t random;
    size_t sum;
    WORK_APART;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t done = PTHREAD_COND_INITIALIZER;
static size_t seats_done;

static char *make(size_t size)
{
    char *object = work_alloc(size);
    object[size - 1] = 1;
    object[0] = (char)size;
    return object;
}

static void *serve(void *arg);

static void start(struct seat *seat)
{
    pthread_t thread;
    work_start(&thread, serve, seat);
    pthread_detach(thread);
}

static void *serve(void *arg)
{
    struct seat *seat = arg;
    for (size_t i = 0; i < PAIRS; i++) {
        char **slot = &seat->objects[bench_below(&seat->random, seat->count)];
        seat->sum += (unsigned char)**slot;
        free(*slot);
        *slot = make(bench_between(&seat->random, 8, 1000));
    }
    if (--seat->generations > 0) {
        start(seat);
        return NULL;
    }
    pthread_mutex_lock(&lock);
    seats_done++;
    pthread_cond_signal(&done);
    pthread_mutex_unlock(&lock);
    return NULL;
}

int main(int argc, char **argv)
{
    const size_t threads = work_argument(argc, argv, 1, 8);
    const size_t generations = work_argument(argc, argv, 2, 12);
    const size_t count = work_argument(argc, argv, 3, 5000);
    struct seat *seats = work_alloc(threads * sizeof *seats);
    for (size_t i = 0; i < threads; i++) {
        seats[i] = (struct seat){work_alloc(count * sizeof(char *)), count, generations,
                                 bench_seed((unsigned)i), .sum = 0};
        for (size_t j = 0; j < count; j++) /* all by main: the threads inherit from the start */
            seats[i].objects[j] = make(bench_between(&seats[i].random, 8, 1000));
    }
    for (size_t i = 0; i < threads; i++)
        start(&seats[i]);
    pthread_mutex_lock(&lock);
    while (seats_done < threads)
        pthread_cond_wait(&done, &lock);
    pthread_mutex_unlock(&lock);
    size_t sum = 0;
    for (size_t i = 0; i < threads; i++) {
        for (size_t j = 0; j < count; j++)
            free(seats[i].objects[j]);
        free(seats[i].objects);
        sum += seats[i].sum;
    }
    free(seats);
    printf("%zu pairs, sum %zu\n", threads * generations * PAIRS, sum);
    return 0;
}
