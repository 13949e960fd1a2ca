/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Explicit caches: for owners other than threads. Here the owners are two workers of a scheduler
 * that runs its tasks in turn on one thread; in a kernel they are the CPUs. Each worker allocates
 * and frees through its own cache, and a reclaim empties all of them.
 */
#include <frusa.h>

#include <stdio.h>

#define WORKERS  2
#define MESSAGES 1000

struct message {
    int from;
    int number;
    char text[48];
};

struct worker {
    frusa_cache_t *cache;
    struct message *inbox[MESSAGES];
};

static struct worker workers[WORKERS];

/* One task: allocates from the sender's cache. Returns 0, or -1 when out of memory. */
static int send_message(int from, int to, int number)
{
    struct message *m = frusa_cache_alloc(workers[from].cache, sizeof *m, _Alignof(struct message));
    if (m == NULL) {
        return -1;
    }
    *m = (struct message){.from = from, .number = number};
    (void)snprintf(m->text, sizeof m->text, "message %d from worker %d", number, from);
    workers[to].inbox[number] = m;
    return 0;
}

/* Another task: the receiver gives the message back, through its own cache. Returns 1 when the
 * message is the one that was sent. */
static int receive_message(int to, int number)
{
    struct message *m = workers[to].inbox[number];
    int intact = m->number == number && m->from != to;
    frusa_cache_dealloc(workers[to].cache, m, sizeof *m, _Alignof(struct message));
    return intact;
}

static int run(frusa_t *heap)
{
    for (int w = 0; w < WORKERS; w++) {
        workers[w].cache = frusa_cache_create(heap);
        if (workers[w].cache == NULL) {
            perror("frusa_cache_create");
            return 1;
        }
    }
    int intact = 1;
    for (int number = 0; number < MESSAGES; number++) {
        int from = number % WORKERS;
        if (send_message(from, (from + 1) % WORKERS, number) != 0) {
            perror("frusa_cache_alloc");
            return 1;
        }
    }
    for (int number = 0; number < MESSAGES; number++) {
        intact &= receive_message((number + 1) % WORKERS, number);
    }

    /* The caches may still hold free messages: reclaim takes them out. */
    frusa_reclaim(heap);
    struct frusa_stats stats;
    if (frusa_get_stats(heap, &stats) != 0) {
        perror("frusa_get_stats");
        return 1;
    }
    printf("%d messages passed; %zu bytes in caches after reclaim\n", MESSAGES, stats.cached);
    for (int w = 0; w < WORKERS; w++) {
        frusa_cache_destroy(workers[w].cache);
    }
    return intact && stats.cached == 0 ? 0 : 1;
}

int main(void)
{
    frusa_t *heap = frusa_create(NULL);
    if (heap == NULL) {
        perror("frusa_create");
        return 1;
    }
    int status = run(heap);
    frusa_destroy(heap);
    return status;
}
