/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Huge pages that the administrator reserved (hugetlbfs, vm.nr_hugepages) as a fallback.
 *
 * What it buys: the processor translates addresses of the heap by a few entries, from the first
 * byte, whatever the system thinks of transparent huge pages. Where too few pages are reserved, the
 * rest of the heap lies in ordinary ones, and the program need not know.
 */
#define _GNU_SOURCE
#include "home.h"

#include <sys/mman.h>
#include <time.h>

/* ---- The home: what a program copies -------------------------------------------------------- */

struct home {
    struct frusa_arena arena;
    char *start;
    size_t size; /* 0: no huge pages were granted */
};

/* Huge pages while there are some, then ordinary ones. */
static void *home_alloc(void *ctx, size_t size, size_t align)
{
    struct home *home = ctx;
    void *block = NULL;
    if (home->size != 0)
        block = home->arena.ops.alloc(home->arena.ops.ctx, size, align);
    if (block == NULL)
        block = frusa_fallback_mmap.alloc(frusa_fallback_mmap.ctx, size, align);
    return block;
}

static int is_huge(const struct home *home, const void *ptr)
{
    return (size_t)((const char *)ptr - home->start) < home->size;
}

static void home_dealloc(void *ctx, void *ptr, size_t size, size_t align)
{
    struct home *home = ctx;
    if (is_huge(home, ptr))
        home->arena.ops.dealloc(home->arena.ops.ctx, ptr, size, align);
    else
        frusa_fallback_mmap.dealloc(frusa_fallback_mmap.ctx, ptr, size, align);
}

/* Takes `size` bytes of huge pages; returns 0 when so many are not to be had. */
static int home_reserve(struct home *home, size_t size)
{
    home->start =
        mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB, -1, 0);
    if (home->start == MAP_FAILED)
        return 0;
    home->size = size;
    return frusa_arena_init(&home->arena, home->start, size) == 0;
}

/* ---- The check ------------------------------------------------------------------------------ */

#define OBJECTS 500000

struct object {
    struct object *next;
    char payload[56];
};

/* One figure of /proc/meminfo, such as "HugePages_Free:"; 0 when there is none. */
static size_t meminfo(const char *name)
{
    char line[200];
    size_t value = 0;
    FILE *file = fopen("/proc/meminfo", "r");
    CHECK(file != NULL);
    while (fgets(line, sizeof line, file) != NULL) {
        if (strncmp(line, name, strlen(name)) == 0)
            value = strtoul(line + strlen(name), NULL, 10);
    }
    fclose(file);
    return value;
}

/* Links objects in a random circle, so that each step needs another translation. */
static struct object *make_circle(frusa_t *heap)
{
    static struct object *objects[OBJECTS];
    for (size_t i = 0; i < OBJECTS; i++) {
        objects[i] = frusa_alloc(heap, sizeof(struct object), 0);
        CHECK(objects[i] != NULL);
    }
    for (size_t i = OBJECTS - 1; i > 0; i--) {
        size_t other = (size_t)random() % i;
        struct object *kept = objects[i];
        objects[i] = objects[other], objects[other] = kept;
    }
    for (size_t i = 0; i < OBJECTS; i++) {
        objects[i]->next = objects[(i + 1) % OBJECTS];
    }
    return objects[0];
}

/* The nanoseconds of one step through the circle. */
static double step_time(const struct object *object)
{
    struct timespec start, end;
    clock_gettime(CLOCK_MONOTONIC, &start);
    for (int i = 0; i < 4 * OBJECTS; i++) {
        object = object->next;
    }
    clock_gettime(CLOCK_MONOTONIC, &end);
    CHECK(object != NULL);
    return ((end.tv_sec - start.tv_sec) * 1e9 + (end.tv_nsec - start.tv_nsec)) / (4 * OBJECTS);
}

/* The step time with objects in this home; *huge: how much of 100 of them are in huge pages. */
static double measure(struct home *home, int *huge)
{
    const struct frusa_fallback_ops ops = {
        .alloc = home_alloc, .dealloc = home_dealloc, .ctx = home};
    frusa_t *heap = frusa_create(&ops);
    CHECK(heap != NULL);
    struct object *circle = make_circle(heap);
    *huge = 0;
    const struct object *object = circle;
    for (int i = 0; i < 100; i++, object = object->next) {
        *huge += is_huge(home, object);
    }
    double time = step_time(circle);
    frusa_destroy(heap);
    return time;
}

int main(void)
{
    struct home none = {.size = 0}, some = {.size = 0};
    int huge;
    CHECK(!home_reserve(&none, (size_t)1 << 46)); /* more than a machine has */
    CHECK(frusa_set_huge(FRUSA_HUGE_NEVER) == 0); /* to compare with */
    double ordinary_time = measure(&none, &huge);
    CHECK(huge == 0);

    size_t pages = meminfo("HugePages_Free:"), page = meminfo("Hugepagesize:") << 10;
    size_t wanted = (48 << 20) / (page != 0 ? page : 1);
    if (pages == 0 || !home_reserve(&some, (pages < wanted ? pages : wanted) * page)) {
        printf("no huge pages are reserved here (vm.nr_hugepages): refused, and all objects lie in "
               "ordinary pages\n");
        return 0;
    }
    double huge_time = measure(&some, &huge);
    CHECK(huge > 0);
    printf("%d of 100 objects in huge pages; %.1f ns to follow a pointer, %.1f ns with ordinary "
           "pages\n",
           huge, huge_time, ordinary_time);
    return 0;
}
