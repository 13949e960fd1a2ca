/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Does giving back disturb those who go on? --threads threads never stop replacing random ones of
 * --objects live objects of --min .. --max bytes each. For the first half of the time nobody gives
 * back, for the second the main thread does so without a pause. Prints the time of a give-back,
 * median and longest; what a thread's pair costs in both halves; and how often a pair took longer
 * than 100 us and 1 ms, for each million: on a machine with fewer processors than threads that is
 * when others run, in both halves.
 */
#include "support/counters.h"
#include "support/memory.h"
#include "support/run.h"

#include <pthread.h>
#include <stdio.h>

#define PAIRS_BETWEEN_LOOKS 64
#define MAX_CALLS           ((size_t)1 << 20)

struct slot {
    char *ptr;
    size_t size;
};

/* What a thread saw in one half. */
struct half {
    uint64_t pairs, ns, cpu_ns, over_100us, over_1ms, longest;
};

struct mutator {
    struct bench_handle handle;
    uint64_t random;
    struct slot *slots;
    struct half halves[2];
    char apart[64];
};

static struct bench_options options = {
    .threads = 8, .budget_ms = 2000, .min_size = 16, .max_size = 1024, .objects = 1000};
static struct mutator *mutators;
static pthread_barrier_t barrier;
static volatile unsigned phase; /* 0, 1: the halves; 2: over. Written by the main thread alone */

BENCH_INLINE void fill(enum bench_binding b, struct mutator *m)
{
    for (size_t i = 0; i < options.objects; i++) {
        m->slots[i].size = bench_between(&m->random, options.min_size, options.max_size);
        m->slots[i].ptr = bench_alloc(b, &m->handle, m->slots[i].size);
    }
}

BENCH_INLINE void empty(enum bench_binding b, struct mutator *m)
{
    for (size_t i = 0; i < options.objects; i++)
        bench_free(b, &m->handle, m->slots[i].ptr, m->slots[i].size);
}

BENCH_INLINE void replace_until(enum bench_binding b, struct mutator *m, unsigned end)
{
    struct half *half = &m->halves[end - 1];
    uint64_t cpu = bench_thread_cpu(), begin = bench_wall(), last = begin;
    while (phase < end) {
        for (size_t i = 0; i < PAIRS_BETWEEN_LOOKS; i++) {
            struct slot *s = &m->slots[bench_below(&m->random, options.objects)];
            bench_free(b, &m->handle, s->ptr, s->size);
            s->size = bench_between(&m->random, options.min_size, options.max_size);
            s->ptr = bench_alloc(b, &m->handle, s->size);
            *s->ptr = (char)i;
            uint64_t now = bench_wall(), took = now - last;
            half->over_100us += took > 100000;
            half->over_1ms += took > 1000000;
            half->longest = took > half->longest ? took : half->longest;
            last = now;
        }
        half->pairs += PAIRS_BETWEEN_LOOKS;
    }
    half->ns = last - begin;
    half->cpu_ns = bench_thread_cpu() - cpu;
}

static void *mutate(void *arg)
{
    struct mutator *m = arg;
    bench_handle_open(&m->handle);
    BENCH_DISPATCH(fill, m);
    pthread_barrier_wait(&barrier);
    BENCH_DISPATCH(replace_until, m, 1);
    BENCH_DISPATCH(replace_until, m, 2);
    BENCH_DISPATCH(empty, m);
    bench_handle_close(&m->handle);
    return NULL;
}

static int ascending(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

static void report_half(const char *name, unsigned which)
{
    struct half sum = {0, 0, 0, 0, 0, 0};
    for (unsigned i = 0; i < options.threads; i++) {
        const struct half *h = &mutators[i].halves[which];
        sum.pairs += h->pairs;
        sum.cpu_ns += h->cpu_ns;
        sum.over_100us += h->over_100us;
        sum.over_1ms += h->over_1ms;
        sum.longest = h->longest > sum.longest ? h->longest : sum.longest;
    }
    if (sum.pairs == 0)
        return; /* an allocator without a call to give back */
    double million = (double)sum.pairs / 1e6;
    printf("%s_pairs %llu\n", name, (unsigned long long)sum.pairs);
    printf("%s_cpu_ns %.2f\n", name, (double)sum.cpu_ns / (double)sum.pairs);
    printf("%s_over_100us %.2f\n%s_over_1ms %.2f\n", name, (double)sum.over_100us / million, name,
           (double)sum.over_1ms / million);
    printf("%s_longest_us %.1f\n", name, (double)sum.longest / 1e3);
}

/* Gives back until the deadline; returns the number of calls. */
static size_t give_back_until(uint64_t deadline, uint64_t *times)
{
    size_t n = 0;
    while (n < MAX_CALLS && bench_wall() < deadline) {
        uint64_t begin = bench_wall();
        if (bench_purge() == NULL)
            return 0;
        times[n++] = bench_wall() - begin;
    }
    return n;
}

static void sleep_until(uint64_t deadline)
{
    struct timespec pause = {0, 1000000};
    while (bench_wall() < deadline)
        nanosleep(&pause, NULL);
}

int main(int argc, char **argv)
{
    bench_options_parse(&options, argc, argv);
    uint64_t *times = bench_pages(MAX_CALLS * sizeof *times);
    pthread_t *ids = bench_pages(options.threads * sizeof *ids);
    mutators = bench_pages(options.threads * sizeof *mutators);
    pthread_barrier_init(&barrier, NULL, options.threads + 1);
    bench_binding_open(options.binding);
    for (unsigned i = 0; i < options.threads; i++) {
        mutators[i].random = bench_seed(i);
        mutators[i].slots = bench_pages(options.objects * sizeof(struct slot));
        if (pthread_create(&ids[i], NULL, mutate, &mutators[i]) != 0) {
            perror("beside: pthread_create");
            return 1;
        }
    }
    pthread_barrier_wait(&barrier);
    uint64_t half = (uint64_t)options.budget_ms * 500000u, begin = bench_wall();
    sleep_until(begin + half);
    phase = 1;
    bench_counters_begin();
    size_t n = give_back_until(begin + 2 * half, times);
    phase = 2;
    bench_counters_end();
    for (unsigned i = 0; i < options.threads; i++)
        pthread_join(ids[i], NULL);
    double pairs = 0;
    for (unsigned i = 0; i < options.threads; i++)
        pairs += (double)mutators[i].halves[1].pairs;
    if (pairs > 0)
        bench_counters_report(pairs);
    qsort(times, n, sizeof *times, ascending);
    printf("calls %zu\n", n);
    if (n > 0)
        printf("call_us_median %.1f\ncall_us_longest %.1f\n", (double)times[n / 2] / 1e3,
               (double)times[n - 1] / 1e3);
    report_half("alone", 0);
    report_half("beside", 1);
    bench_binding_close();
    return 0;
}
