/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "support/run.h"
#include "support/counters.h"
#include "support/memory.h"

#include <pthread.h>
#include <stdio.h>
#include <sys/resource.h>

/* The first repetitions of a process do not count: caches, of the processor and of the allocator,
 * fill in them, and a thread may still find its objects where no other thread has been. */
#define WARM_UP 2

/* More repetitions than this are not kept: the shortest of so many is found by then. */
#define MAX_REPETITIONS ((size_t)65536)

struct driver {
    const struct bench_workload *workload;
    struct bench_options options;
    struct bench_thread *threads;
    pthread_barrier_t barrier;
    int stop; /* written by thread 0 between two barriers, read by all after the second */
};

static struct driver driver;

static void wait_for_all(void)
{
    if (driver.options.threads > 1)
        pthread_barrier_wait(&driver.barrier);
}

static void open_thread(struct bench_thread *t)
{
    bench_handle_open(&t->handle);
    t->random = bench_seed(t->index);
    if (driver.workload->setup != NULL)
        driver.workload->setup(t);
}

static void close_thread(struct bench_thread *t)
{
    if (driver.workload->teardown != NULL)
        driver.workload->teardown(t);
    bench_handle_close(&t->handle);
}

/* The end that the workload has set stands; otherwise the whole call counts. */
static void repeat(struct bench_thread *t)
{
    t->cpu_extra = 0;
    t->wall_end = 0;
    bench_measure_begin(t);
    driver.workload->repeat(t);
    if (t->wall_end == 0)
        bench_measure_end(t);
}

/* From the first thread's start to the last one's end. */
static uint64_t wall_of_repetition(void)
{
    uint64_t begin = UINT64_MAX, end = 0;
    for (unsigned i = 0; i < driver.options.threads; i++) {
        const struct bench_thread *t = &driver.threads[i];
        begin = t->wall_begin < begin ? t->wall_begin : begin;
        end = t->wall_end > end ? t->wall_end : end;
    }
    return end - begin;
}

static uint64_t cpu_of_repetition(void)
{
    uint64_t sum = 0;
    for (unsigned i = 0; i < driver.options.threads; i++)
        sum +=
            driver.threads[i].cpu_end - driver.threads[i].cpu_begin + driver.threads[i].cpu_extra;
    return sum;
}

static void *other_thread(void *arg)
{
    struct bench_thread *t = arg;
    open_thread(t);
    for (;;) {
        wait_for_all();
        if (driver.stop)
            break;
        repeat(t);
        wait_for_all();
    }
    close_thread(t);
    return NULL;
}

/* Thread 0 sets the pace. Returns the number of repetitions. */
static size_t first_thread(struct bench_thread *t, uint64_t *walls, uint64_t *cpus)
{
    const struct bench_workload *w = driver.workload;
    uint64_t deadline = bench_wall() + (uint64_t)driver.options.budget_ms * 1000000u;
    size_t n = 0, warm_up = w->once ? 0 : WARM_UP;
    if (w->once)
        bench_counters_begin();
    do {
        if (w->prepare != NULL)
            w->prepare(driver.threads, driver.options.threads);
        wait_for_all();
        repeat(t);
        wait_for_all();
        walls[n] = wall_of_repetition();
        cpus[n] = cpu_of_repetition();
        if (warm_up > 0 && --warm_up == 0)
            bench_counters_begin();
        else if (warm_up == 0)
            n++;
    } while (n == 0 || (!w->once && n < MAX_REPETITIONS && bench_wall() < deadline));
    bench_counters_end();
    driver.stop = 1;
    wait_for_all();
    return n;
}

static int ascending(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

static void report(uint64_t *walls, uint64_t *cpus, size_t n)
{
    const struct bench_workload *w = driver.workload;
    double one = (double)w->operations(&driver.options);
    double all = w->operations_of_all != NULL ? (double)w->operations_of_all(&driver.options)
                                              : one * driver.options.threads;
    struct rusage usage;
    qsort(walls, n, sizeof *walls, ascending);
    qsort(cpus, n, sizeof *cpus, ascending);
    printf("wall_ns %.4f\n", (double)walls[0] / one);
    printf("wall_ns_median %.4f\n", (double)walls[n / 2] / one);
    printf("cpu_ns %.4f\n", (double)cpus[0] / all);
    printf("cpu_ns_median %.4f\n", (double)cpus[n / 2] / all);
    printf("repetitions %zu\n", n);
    bench_counters_report(all * (double)n);
    getrusage(RUSAGE_SELF, &usage);
    printf("minor_faults %ld\n", usage.ru_minflt);
    printf("peak_kib %ld\n", usage.ru_maxrss);
}

int bench_main(int argc, char **argv, const struct bench_workload *w)
{
    uint64_t *walls = bench_pages(MAX_REPETITIONS * sizeof *walls);
    uint64_t *cpus = bench_pages(MAX_REPETITIONS * sizeof *cpus);
    unsigned threads;
    size_t n;

    driver.workload = w;
    driver.options = w->defaults;
    bench_options_parse(&driver.options, argc, argv);
    bench_binding_open(driver.options.binding);
    threads = driver.options.threads;
    driver.threads = bench_pages(threads * sizeof *driver.threads);
    pthread_barrier_init(&driver.barrier, NULL, threads);
    pthread_t *ids = bench_pages(threads * sizeof *ids);
    for (unsigned i = 0; i < threads; i++) {
        driver.threads[i].index = i;
        driver.threads[i].options = &driver.options;
        if (i > 0 && pthread_create(&ids[i], NULL, other_thread, &driver.threads[i]) != 0) {
            perror("bench: pthread_create");
            return 1;
        }
    }
    open_thread(&driver.threads[0]);
    n = first_thread(&driver.threads[0], walls, cpus);
    for (unsigned i = 1; i < threads; i++)
        pthread_join(ids[i], NULL);
    close_thread(&driver.threads[0]);
    report(walls, cpus, n);
    bench_binding_close();
    return 0;
}
