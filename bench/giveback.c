/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * How much memory comes back, and what does it cost to give it back? Prints resident memory above
 * the process's start in KiB (smaps_rollup, less LazyFree) and the time of each call that gives
 * back.
 *
 * --mode=scenario: --objects objects of --min .. --max bytes are allocated and written; a random
 * 90 %
 *   are freed, then memory is given back; then the rest. With --threads above 1 that many threads
 *   share the work and stay alive, and the main thread gives back.
 * --mode=idle: --threads threads allocate and free --objects objects each and stay alive; the main
 *   thread gives back.
 * --mode=crowd: --threads threads allocate and free --objects objects each, ten times; all but
 * eight then
 *   sleep, while those go on for a while; the main thread measures, then gives back. Memory is
 *   counted from when the threads exist.
 * --mode=full: everything is allocated, freed and given back, beside munmap of as much memory.
 * --mode=footprint: one object of --min bytes.
 *
 * Each phase begins with access("/bench-phase/NAME"), which a trace of system calls shows.
 */
#include "support/memory.h"
#include "support/run.h"

#include <pthread.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#define PIECE ((size_t)2 * 1024 * 1024)

enum task {
    TASK_POPULATE,
    TASK_FREE_MOST,
    TASK_FREE_REST,
    TASK_NOTHING,
    TASK_CHURN,    /* populate and free everything */
    TASK_REQUESTS, /* the same ten times */
    TASK_BUSY,     /* the same again and again, for some of the threads */
    TASK_STOP
};

#define REQUESTS      10
#define BUSY_THREADS  8
#define BUSY_REQUESTS 1000

/* The part of the population that one thread looks after. */
struct part {
    struct bench_handle handle;
    char **objects;
    uint32_t *sizes;
    size_t n;
    size_t kept; /* how many TASK_FREE_MOST leaves, at the front */
};

static struct bench_options options = {
    .threads = 1, .min_size = 16, .max_size = 2048, .objects = 1000000, .mode = "scenario"};
static struct part *parts;
static pthread_barrier_t barrier;
static enum task task; /* written by the main thread between two barriers */
static size_t resident_at_start;

static void phase(const char *name)
{
    char path[64] = "/bench-phase/";
    strncat(path, name, sizeof path - strlen(path) - 1);
    (void)!access(path, F_OK);
}

BENCH_INLINE void populate(enum bench_binding b, struct part *p)
{
    for (size_t i = 0; i < p->n; i++) {
        p->objects[i] = bench_alloc(b, &p->handle, p->sizes[i]);
        memset(p->objects[i], 1, p->sizes[i]);
    }
}

BENCH_INLINE void free_range(enum bench_binding b, struct part *p, size_t from, size_t to)
{
    for (size_t i = from; i < to; i++)
        bench_free(b, &p->handle, p->objects[i], p->sizes[i]);
}

/* Sizes at random; and afterwards, with the objects, an order at random. */
static void draw_sizes(struct part *p, uint64_t *random)
{
    for (size_t i = 0; i < p->n; i++)
        p->sizes[i] = (uint32_t)bench_between(random, options.min_size, options.max_size);
}

static void shuffle(struct part *p)
{
    uint64_t random = bench_seed(1000);
    for (size_t i = p->n; i > 1; i--) {
        size_t other = bench_below(&random, i);
        char *object = p->objects[i - 1];
        uint32_t size = p->sizes[i - 1];
        p->objects[i - 1] = p->objects[other];
        p->sizes[i - 1] = p->sizes[other];
        p->objects[other] = object;
        p->sizes[other] = size;
    }
}

static void churn(struct part *p, size_t times)
{
    for (size_t i = 0; i < times; i++) {
        BENCH_DISPATCH(populate, p);
        BENCH_DISPATCH(free_range, p, 0, p->n);
    }
}

static void perform(struct part *p, enum task what)
{
    switch (what) {
    case TASK_POPULATE:
        BENCH_DISPATCH(populate, p);
        shuffle(p);
        break;
    case TASK_FREE_MOST:
        BENCH_DISPATCH(free_range, p, p->kept, p->n);
        break;
    case TASK_FREE_REST:
        BENCH_DISPATCH(free_range, p, 0, p->kept);
        break;
    case TASK_CHURN:
        churn(p, 1);
        break;
    case TASK_REQUESTS:
        churn(p, REQUESTS);
        break;
    case TASK_BUSY:
        churn(p, p - parts < BUSY_THREADS ? BUSY_REQUESTS : 0);
        break;
    case TASK_NOTHING:
    case TASK_STOP:
        break;
    }
}

static void *worker(void *arg)
{
    struct part *p = arg;
    bench_handle_open(&p->handle);
    for (;;) {
        pthread_barrier_wait(&barrier);
        if (task == TASK_STOP)
            break;
        perform(p, task);
        pthread_barrier_wait(&barrier);
    }
    bench_handle_close(&p->handle);
    return NULL;
}

/* Has all threads do it, and returns when it is done. */
static void order(enum task what, const char *name)
{
    phase(name);
    if (options.threads == 1) {
        perform(&parts[0], what);
        return;
    }
    task = what;
    pthread_barrier_wait(&barrier);
    if (what != TASK_STOP)
        pthread_barrier_wait(&barrier);
}

/* libfrusa's own figure for the same thing. */
static void report_claim(const char *name)
{
    struct frusa_stats s;
    if (bench_instance == NULL || frusa_get_stats(bench_instance, &s) != 0)
        return;
    printf("claimed_%s_kib %zu\n", name, (s.allocated_from_fallback + s.large - s.purged) / 1024);
    printf("live_%s_kib %zu\n", name, (s.in_use + s.large) / 1024);
    printf("metadata_%s_kib %zu\n", name, s.allocated_metadata / 1024);
}

static size_t report_resident(const char *name)
{
    phase("measure");
    size_t now = bench_memory_now().resident;
    size_t above = now > resident_at_start ? now - resident_at_start : 0;
    printf("%s_kib %zu\n", name, above);
    return above;
}

static void give_back(const char *name)
{
    phase(name);
    uint64_t wall = bench_wall(), cpu = bench_process_cpu();
    const char *call = bench_purge();
    wall = bench_wall() - wall;
    cpu = bench_process_cpu() - cpu;
    phase("measure");
    printf("%s_wall_ms %.3f\n%s_cpu_ms %.3f\n", name, (double)wall / 1e6, name, (double)cpu / 1e6);
    if (call != NULL)
        printf("call %s\n", call);
}

static void scenario(void)
{
    order(TASK_POPULATE, "populate");
    report_resident("full");
    report_claim("full");
    order(TASK_FREE_MOST, "free_most");
    report_resident("freed_most");
    give_back("reclaim_most");
    report_resident("after_most");
    report_claim("after_most");
    order(TASK_FREE_REST, "free_rest");
    give_back("reclaim_rest");
    report_resident("after_all");
    report_claim("after_all");
}

static void idle(void)
{
    order(TASK_CHURN, "churn");
    report_resident("before");
    report_claim("before");
    give_back("reclaim_idle");
    report_resident("after");
    report_claim("after");
}

static void crowd(void)
{
    order(TASK_NOTHING, "nothing"); /* the threads' stacks are there */
    resident_at_start = bench_memory_now().resident;
    order(TASK_REQUESTS, "requests");
    order(TASK_BUSY, "busy");
    report_resident("before");
    report_claim("before");
    give_back("reclaim_crowd");
    report_resident("after");
    report_claim("after");
}

/* The time of munmap, piece by piece, for as much memory in pages of the same kinds. */
static void compare_munmap(size_t plain_kib, size_t huge_kib)
{
    size_t plain = plain_kib * 1024 / PIECE, huge = huge_kib * 1024 / PIECE, n = plain + huge;
    if (n == 0)
        return;
    char *area =
        mmap(NULL, (n + 1) * PIECE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (area == MAP_FAILED)
        return;
    char *first = (char *)(((uintptr_t)area + PIECE - 1) & ~(uintptr_t)(PIECE - 1));
    for (size_t i = 0; i < n; i++) {
        madvise(first + i * PIECE, PIECE, i < plain ? MADV_NOHUGEPAGE : MADV_HUGEPAGE);
        memset(first + i * PIECE, 1, PIECE);
    }
    uint64_t wall = bench_wall(), cpu = bench_process_cpu();
    for (size_t i = 0; i < n; i++)
        munmap(first + i * PIECE, PIECE);
    wall = bench_wall() - wall;
    cpu = bench_process_cpu() - cpu;
    printf("munmap_mib %zu\nmunmap_wall_ms %.3f\nmunmap_cpu_ms %.3f\n", n * PIECE / 1048576,
           (double)wall / 1e6, (double)cpu / 1e6);
}

static void full(void)
{
    size_t huge_at_start = bench_memory_now().huge;
    order(TASK_POPULATE, "populate");
    order(TASK_FREE_REST, "free_rest");
    order(TASK_FREE_MOST, "free_most");
    size_t before = report_resident("before");
    size_t huge = bench_memory_now().huge - huge_at_start;
    give_back("reclaim_full");
    size_t after = report_resident("after");
    size_t returned = before > after ? before - after : 0;
    printf("huge_kib %zu\n", huge);
    huge = huge < returned ? huge : returned;
    phase("munmap");
    compare_munmap(returned - huge, huge);
}

static void footprint(void)
{
    struct bench_handle h;
    bench_handle_open(&h);
    options.objects = 1;
    parts[0].handle = h;
    order(TASK_POPULATE, "populate");
    report_resident("footprint");
    report_claim("footprint");
}

/* Divides the population and starts the threads that look after it. */
static pthread_t *open_parts(void)
{
    int each_alone = strcmp(options.mode, "idle") == 0 || strcmp(options.mode, "crowd") == 0;
    size_t each = each_alone ? options.objects : options.objects / options.threads;
    uint64_t random = bench_seed(0);
    pthread_t *ids = bench_pages(options.threads * sizeof *ids);
    parts = bench_pages(options.threads * sizeof *parts);
    pthread_barrier_init(&barrier, NULL, options.threads + 1);
    for (unsigned i = 0; i < options.threads; i++) {
        struct part *p = &parts[i];
        p->n = strcmp(options.mode, "footprint") == 0 ? 1 : each;
        p->kept = p->n / 10;
        p->objects = bench_pages(p->n * sizeof *p->objects);
        p->sizes = bench_pages(p->n * sizeof *p->sizes);
        draw_sizes(p, &random);
    }
    return ids;
}

static void start_threads(pthread_t *ids)
{
    for (unsigned i = 0; i < options.threads && options.threads > 1; i++) {
        if (pthread_create(&ids[i], NULL, worker, &parts[i]) != 0) {
            perror("giveback: pthread_create");
            exit(1);
        }
    }
    if (options.threads == 1)
        bench_handle_open(&parts[0].handle);
}

int main(int argc, char **argv)
{
    bench_options_parse(&options, argc, argv);
    pthread_t *ids = open_parts();
    setvbuf(stdout, NULL, _IOFBF, 1 << 16);
    printf("threads %u\n", options.threads); /* standard output takes its buffer now */
    bench_memory_now();
    resident_at_start = bench_memory_now().resident;
    bench_binding_open(options.binding);
    start_threads(ids);
    if (strcmp(options.mode, "idle") == 0)
        idle();
    else if (strcmp(options.mode, "crowd") == 0)
        crowd();
    else if (strcmp(options.mode, "full") == 0)
        full();
    else if (strcmp(options.mode, "footprint") == 0)
        footprint();
    else
        scenario();
    if (options.threads > 1) {
        order(TASK_STOP, "stop");
        for (unsigned i = 0; i < options.threads; i++)
            pthread_join(ids[i], NULL);
    } else {
        bench_handle_close(&parts[0].handle);
    }
    bench_binding_close();
    return 0;
}
