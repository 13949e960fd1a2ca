/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * How much stack the library takes. Coroutines and threads may have few KiB of it. Each kind of
 * call runs on a stack that was painted before, and the paint that is left is measured.
 *
 * usage: stack [-v]        -v: prints what each takes
 */
#include "expect.h"

#include <malloc.h>
#include <pthread.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <ucontext.h>

/* What man/frusa-malloc.7 promises. Code that is not optimised keeps every variable there. */
#if defined(__OPTIMIZE__)
#define MOST ((size_t)4096)
#else
#define MOST ((size_t)8192)
#endif

#define STACK_BYTES ((size_t)256 << 10)
#define PAINT       0xa5

enum { OBJECTS = 60000, SOME = 1000 };
static void *objects[OBJECTS];
static char *stack;
static int is_verbose;

static void paint(void)
{
    memset(stack, PAINT, STACK_BYTES);
}

/* Bytes from the lowest that was written up to `top`. */
static size_t written_below(const char *top)
{
    const char *low = stack;
    while (low < top && *(const unsigned char *)low == PAINT)
        low++;
    return (size_t)(top - low);
}

static void judge(const char *name, size_t bytes)
{
    if (is_verbose || bytes > MOST)
        fprintf(stderr, "%s: %zu bytes of stack\n", name, bytes);
    EXPECT(bytes <= MOST);
}

/* Runs a body on a coroutine. */
static void measure(const char *name, void (*body)(void))
{
    static ucontext_t here, there;
    paint();
    EXPECT(getcontext(&there) == 0);
    there.uc_stack.ss_sp = stack;
    there.uc_stack.ss_size = STACK_BYTES;
    there.uc_link = &here;
    makecontext(&there, body, 0);
    EXPECT(swapcontext(&here, &there) == 0);
    judge(name, written_below(stack + STACK_BYTES));
}

static size_t random_below(size_t n)
{
    static unsigned state = 7;
    state = state * 1664525u + 1013904223u;
    return (state >> 8) % n;
}

/* Until memory is refused. */
static void fill(size_t least, size_t most)
{
    for (size_t i = 0; i < OBJECTS; i++) {
        size_t size = least + random_below(most - least);
        if (!objects[i] && !(objects[i] = malloc(size)))
            return;
        memset(objects[i], 1, 16);
    }
}

/* One of so many stays. */
static void free_but(size_t share)
{
    for (size_t i = 0; i < OBJECTS; i++)
        if (random_below(share)) {
            free(objects[i]);
            objects[i] = NULL;
        }
}

static void empty(void)
{
    for (size_t i = 0; i < OBJECTS; i++) {
        free(objects[i]);
        objects[i] = NULL;
    }
}

static void allocate_small(void)
{
    fill(16, 4096);
}

static void free_most(void)
{
    free_but(16);
}

static void trim(void)
{
    malloc_trim(0);
}

static void use_large(void)
{
    static const size_t sizes[] = {60000, 300000, 2500000, 5000000, 40000000};
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
        for (size_t grown = sizes[i] / 4; grown < 2 * sizes[i]; grown += sizes[i] / 4) {
            char *p = realloc(NULL, grown);
            char *q = p ? realloc(p, grown * 2) : NULL;
            char *r = q ? realloc(q, grown / 2) : NULL;
            free(r ? r : q ? q : p);
        }
}

static void use_aligned(void)
{
    for (size_t align = 16; align <= (size_t)8 << 20; align *= 2) {
        void *p = memalign(align, 100);
        void *q = calloc(100, align / 4);
        EXPECT(malloc_usable_size(p) >= (p ? 100 : 0));
        free(p);
        free(q);
    }
}

typedef int visitor(const struct frusa_span_info *info, void *arg);
static frusa_t *instance;
static int (*walk)(frusa_t *, visitor *, void *);

static int visit(const struct frusa_span_info *info, void *arg)
{
    (void)info;
    (void)arg;
    return 0;
}

static void walk_all(void)
{
    walk(instance, visit, NULL);
}

/* The address of a variable of the thread's start routine: below it is what the routine calls. */
static uintptr_t routine;

static void *use_thread(void *arg)
{
    char here;
    void *volatile own[SOME / 10];
    routine = (uintptr_t)&here;
    for (size_t i = 0; i < SOME / 10; i++)
        own[i] = malloc(1 + random_below(2000));
    for (size_t i = 0; i < SOME / 10; i++)
        free(own[i]);
    return arg;
}

/* A thread's first use, and its end. */
static void measure_thread(void)
{
    pthread_t thread;
    pthread_attr_t attributes;
    paint();
    EXPECT(pthread_attr_init(&attributes) == 0);
    EXPECT(pthread_attr_setstack(&attributes, stack, STACK_BYTES) == 0);
    EXPECT(pthread_create(&thread, &attributes, use_thread, NULL) == 0);
    EXPECT(pthread_join(thread, NULL) == 0);
    pthread_attr_destroy(&attributes);
    judge("thread", written_below(stack + (routine - (uintptr_t)stack)));
}

static void measure_all(void)
{
    measure("malloc", allocate_small);
    measure("free", free_most);
    measure("malloc_trim", trim);
    measure("malloc again", allocate_small);
    measure("frusa_walk", walk_all);
    measure("free everything", empty);
    measure("large", use_large);
    measure("aligned", use_aligned);
    measure_thread();
}

static void fill_up(void)
{
    fill(20000, 40000);
}

/* The system refuses what exceeds the limit: the library reclaims first. */
static void measure_at_the_end(void)
{
    struct rlimit limit = {(size_t)64 << 20, (size_t)64 << 20};
    measure("malloc before", allocate_small);
    free_but(8);
    EXPECT(setrlimit(RLIMIT_AS, &limit) == 0);
    measure("malloc until refused", fill_up);
    measure("malloc_trim at the end", trim);
    measure("large at the end", use_large);
    measure("free at the end", empty);
}

int main(int argc, char **argv)
{
    is_verbose = argc > 1 && strcmp(argv[1], "-v") == 0;
    EXPECT(is_ours(malloc(100)));
    instance = the_instance();
    walk = (int (*)(frusa_t *, visitor *, void *))FIND(frusa_walk);
    EXPECT(walk != NULL);
    stack = mmap(NULL, STACK_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    EXPECT(stack != MAP_FAILED);
    measure_all();
    measure_at_the_end();
    return 0;
}
