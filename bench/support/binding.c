/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "support/binding.h"
#include "support/memory.h"

#include <dlfcn.h>
#include <gnu/libc-version.h>
#include <pthread.h>
#include <stdio.h>

enum bench_binding bench_binding;
frusa_t *bench_instance;

/* What the preloaded library offers; NULL where it does not. */
static struct {
    void (*free_sized)(void *ptr, size_t size);
    const char *free_sized_name;
    void (*sdallocx)(void *ptr, size_t size, int flags);
    int (*mallctl)(const char *name, void *old, size_t *old_len, void *new_value, size_t new_len);
    void (*mi_collect)(_Bool force);
    int (*mi_version)(void);
    void (*tc_release)(void);
    const char *(*tc_version)(int *major, int *minor, const char **patch);
    void (*rp_collect)(void);
    int (*malloc_trim)(size_t pad);
} peer;

void bench_out_of_memory(size_t size)
{
    fprintf(stderr, "bench: an allocation of %zu bytes failed\n", size);
    exit(1);
}

static void *symbol(const char *name)
{
    return dlsym(RTLD_DEFAULT, name);
}

/* A function pointer cannot be cast from dlsym's result in strict C: its bytes are copied. */
#define RESOLVE(member, name)                                                                      \
    do {                                                                                           \
        void *address_ = symbol(name);                                                             \
        memcpy(&(member), &address_, sizeof address_);                                             \
    } while (0)

/* Whether malloc and the named function come from the same library: a preloaded allocator without
 * a malloc_trim of its own leaves the C library's visible, which then does nothing useful. */
static int beside_malloc(const char *name)
{
    Dl_info of_malloc, of_name;
    void *address = symbol(name);
    return address != NULL && dladdr(symbol("malloc"), &of_malloc) != 0 &&
           dladdr(address, &of_name) != 0 && of_malloc.dli_fbase == of_name.dli_fbase;
}

static void resolve(void)
{
    static const char *const sized[] = {"mi_free_size", "tc_free_sized", "free_sized"};
    RESOLVE(peer.sdallocx, "sdallocx");
    for (size_t i = 0; i < sizeof sized / sizeof *sized && peer.free_sized == NULL; i++) {
        RESOLVE(peer.free_sized, sized[i]);
        peer.free_sized_name = peer.free_sized != NULL ? sized[i] : NULL;
    }
    RESOLVE(peer.mallctl, "mallctl");
    RESOLVE(peer.mi_collect, "mi_collect");
    RESOLVE(peer.mi_version, "mi_version");
    RESOLVE(peer.tc_release, "MallocExtension_ReleaseFreeMemory");
    RESOLVE(peer.tc_version, "tc_version");
    RESOLVE(peer.rp_collect, "rpmalloc_thread_collect");
    if (beside_malloc("malloc_trim"))
        RESOLVE(peer.malloc_trim, "malloc_trim");
}

static int is_frusa(void)
{
    switch (bench_binding) {
    case BENCH_FRUSA:
    case BENCH_FRUSA_UNSIZED:
    case BENCH_FRUSA_CACHE:
    case BENCH_FRUSA_INLINE:
    case BENCH_FRUSA_INLINE_UNSIZED:
    case BENCH_FRUSA_INLINE_CACHE:
        return 1;
    default:
        return 0;
    }
}

static int has_explicit_cache(void)
{
    return bench_binding == BENCH_FRUSA_CACHE || bench_binding == BENCH_FRUSA_INLINE_CACHE;
}

/* The sized binding that the preloaded library has; ends the process if there is none. tcmalloc
 * exports sdallocx beside its own call, so the two-argument form goes first. */
static enum bench_binding sized_binding(void)
{
    if (peer.free_sized != NULL)
        return BENCH_SIZED;
    if (peer.sdallocx != NULL)
        return BENCH_SDALLOCX;
    fputs("bench: the allocator at hand has no sized free\n", stderr);
    exit(2);
}

static int is_empty(void)
{
    return bench_binding == BENCH_EMPTY || bench_binding == BENCH_EMPTY_CALL;
}

enum bench_binding bench_binding_open(const char *name)
{
    static const struct {
        const char *name;
        enum bench_binding binding;
    } table[] = {
        {"empty", BENCH_EMPTY},
        {"empty-call", BENCH_EMPTY_CALL},
        {"frusa", BENCH_FRUSA},
        {"frusa-no-purge", BENCH_FRUSA},
        {"frusa-unsized", BENCH_FRUSA_UNSIZED},
        {"frusa-cache", BENCH_FRUSA_CACHE},
        {"frusa-inline", BENCH_FRUSA_INLINE},
        {"frusa-inline-unsized", BENCH_FRUSA_INLINE_UNSIZED},
        {"frusa-inline-cache", BENCH_FRUSA_INLINE_CACHE},
        {"malloc", BENCH_MALLOC},
        {"malloc-sized", BENCH_SIZED},
    };
    size_t i = 0;
    while (i < sizeof table / sizeof *table && strcmp(table[i].name, name) != 0)
        i++;
    if (i == sizeof table / sizeof *table) {
        fprintf(stderr, "bench: no binding is called %s\n", name);
        exit(2);
    }
    resolve();
    bench_binding = table[i].binding;
    if (bench_binding == BENCH_SIZED)
        bench_binding = sized_binding();
    if (is_frusa()) {
        /* To tell what a fallback that cannot purge would cost. */
        struct frusa_fallback_ops ops = frusa_fallback_mmap;
        if (strcmp(name, "frusa-no-purge") == 0)
            ops.purge = NULL;
        bench_instance = frusa_create(&ops);
        if (bench_instance == NULL)
            bench_out_of_memory(0);
    }
    return bench_binding;
}

void bench_binding_close(void)
{
    if (bench_instance != NULL)
        frusa_destroy(bench_instance);
    bench_instance = NULL;
}

/* Scratch areas are kept for the next handle: mapping one costs more than many a workload. */
static struct {
    pthread_mutex_t lock;
    size_t n;
    char *areas[64];
} idle_scratch = {.lock = PTHREAD_MUTEX_INITIALIZER};

static char *take_scratch(void)
{
    char *area = NULL;
    pthread_mutex_lock(&idle_scratch.lock);
    if (idle_scratch.n > 0)
        area = idle_scratch.areas[--idle_scratch.n];
    pthread_mutex_unlock(&idle_scratch.lock);
    return area != NULL ? area : bench_pages(BENCH_MAX_SIZE);
}

static void leave_scratch(char *area)
{
    pthread_mutex_lock(&idle_scratch.lock);
    if (idle_scratch.n < sizeof idle_scratch.areas / sizeof *idle_scratch.areas)
        idle_scratch.areas[idle_scratch.n++] = area;
    else
        bench_pages_free(area, BENCH_MAX_SIZE);
    pthread_mutex_unlock(&idle_scratch.lock);
}

void bench_handle_open(struct bench_handle *h)
{
    memset(h, 0, sizeof *h);
    h->instance = bench_instance;
    h->free_sized = peer.free_sized;
    h->sdallocx = peer.sdallocx;
    if (is_empty())
        h->scratch = take_scratch();
    if (has_explicit_cache()) {
        h->cache = frusa_cache_create(bench_instance);
        if (h->cache == NULL)
            bench_out_of_memory(0);
    }
}

void bench_handle_close(struct bench_handle *h)
{
    if (h->scratch != NULL)
        leave_scratch(h->scratch);
    if (h->cache != NULL)
        frusa_cache_destroy(h->cache);
    memset(h, 0, sizeof *h);
}

const char *bench_purge_thread(void)
{
    if (is_frusa() || peer.mallctl == NULL)
        return NULL;
    peer.mallctl("thread.tcache.flush", NULL, NULL, NULL, 0);
    return "thread.tcache.flush";
}

const char *bench_purge(void)
{
    if (is_empty())
        return NULL;
    if (is_frusa()) {
        frusa_reclaim(bench_instance);
        return "frusa_reclaim";
    }
    if (peer.mallctl != NULL) {
        bench_purge_thread();
        peer.mallctl("arena.4096.purge", NULL, NULL, NULL, 0); /* 4096 stands for all arenas */
        return "thread.tcache.flush, arena.all.purge";
    }
    if (peer.mi_collect != NULL) {
        peer.mi_collect(1);
        return "mi_collect(true)";
    }
    if (peer.tc_release != NULL) {
        peer.tc_release();
        return "MallocExtension_ReleaseFreeMemory";
    }
    if (peer.rp_collect != NULL) {
        peer.rp_collect();
        return "rpmalloc_thread_collect";
    }
    if (peer.malloc_trim != NULL) {
        peer.malloc_trim(0);
        return "malloc_trim(0)";
    }
    return NULL;
}

/* The version that the preloaded library tells, or "" if it cannot. */
static void print_version(void)
{
    if (is_frusa()) {
        printf("version %s\n", frusa_version());
    } else if (peer.mallctl != NULL) {
        const char *version = "";
        size_t len = sizeof version;
        peer.mallctl("version", &version, &len, NULL, 0);
        printf("version %.*s\n", (int)strcspn(version, "-"), version);
    } else if (peer.mi_version != NULL) {
        int v = peer.mi_version(); /* 209 is 2.0.9; from 2.4 on 20401 is 2.4.1 */
        if (v < 10000)
            printf("version %d.%d.%d\n", v / 100, v / 10 % 10, v % 10);
        else
            printf("version %d.%d.%d\n", v / 10000, v / 100 % 100, v % 100);
    } else if (peer.tc_version != NULL) {
        int major, minor;
        const char *patch;
        peer.tc_version(&major, &minor, &patch);
        printf("version %d.%d%s\n", major, minor, patch);
    }
    printf("libc %s\n", gnu_get_libc_version());
}

void bench_binding_describe(void)
{
    print_version();
    if (peer.free_sized != NULL)
        printf("sized %s\n", peer.free_sized_name);
    else if (peer.sdallocx != NULL)
        printf("sized sdallocx\n");
}
