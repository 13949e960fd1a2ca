/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * A kernel that refuses system calls: each of those that the library makes; from before an
 * instance's first use or from later on; always, one call in three, or every single call in turn.
 * Threads allocate meanwhile and one reclaims. Whatever fails fails with ENOMEM, contents stay,
 * memory said to be zero is; and once the kernel is willing again, nothing is lost. Each case runs
 * in a process of its own.
 */
#include "crowd.h"
#include "drive.h"
#include "providers/mmap.h"
#include "support/child.h"
#include "support/environment.h"
#include "support/pattern.h"
#include "support/require.h"
#include "support/supervise.h"
#include "support/tools.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>

enum { THREADS = 4, STEPS = 800, SYSCALL_PROCESS_MADVISE = 440 };

/* What the C library calls for mmap; where addresses have 32 bits, with the offset in pages. */
#if defined(SYS_mmap2)
#define SYSCALL_MMAP SYS_mmap2
#else
#define SYSCALL_MMAP SYS_mmap
#endif

static const struct victim {
    const char *name;
    long number;
    int error;
    const char *error_name;
} victims[] = {
    {"mmap", SYSCALL_MMAP, ENOMEM, "ENOMEM"},
    {"munmap", SYS_munmap, ENOMEM, "ENOMEM"},
    {"mremap", SYS_mremap, ENOMEM, "ENOMEM"},
    {"madvise", SYS_madvise, ENOMEM, "ENOMEM"},
    {"madvise", SYS_madvise, EPERM, "EPERM"},
    {"process_madvise", SYSCALL_PROCESS_MADVISE, EPERM, "EPERM"},
    {"process_madvise", SYSCALL_PROCESS_MADVISE, EAGAIN, "EAGAIN"},
    {"membarrier", SYS_membarrier, EPERM, "EPERM"},
};
enum { VICTIMS = sizeof(victims) / sizeof(victims[0]) };

enum moment { FROM_THE_START, LATER, ONE_IN_THREE, MOMENTS };
static const char *const moment_names[MOMENTS] = {"from the start", "from later on",
                                                  "one call in three"};

/* A case; what comes of it is written by the child. */
struct trial {
    const struct victim *victim;
    enum moment moment;
    size_t call; /* the only one to fail; 0: as `moment` says */
    int over_arena;
    int impossible;
    size_t seen, refused, failed, reclaims, partial;
};

static frusa_t heap = FRUSA_INITIALIZER(NULL, NULL);
static struct frusa_arena arena;
static frusa_t heap_over_arena = FRUSA_INITIALIZER(&arena.ops, NULL);
static unsigned char arena_bytes[48 << 20];

static int supervise_all(void)
{
    long numbers[VICTIMS];
    for (size_t i = 0; i < VICTIMS; i++)
        numbers[i] = victims[i].number;
    return supervise(numbers, VICTIMS);
}

static int refuse(void *arg)
{
    const struct trial *t = arg;
    size_t every = t->moment == ONE_IN_THREE && t->call == 0 ? 3 : 1;
    supervise_refuse(t->victim->number, t->victim->error, t->call > 0 ? t->call : 1, every,
                     t->call > 0);
    return 1;
}

static void allow(void *arg)
{
    struct trial *t = arg;
    supervise_allow();
    t->seen = supervise_seen();
    t->refused = supervise_refused();
}

static void require_provider_empty(void)
{
    struct fr_mmap_state state;
    fr_fallback_mmap_state(&state);
    REQUIRE(fr_fallback_mmap_is_valid());
    REQUIRE_MSG(state.used == 0 && state.own_mappings == 0, "%zu bytes used, %zu in own mappings",
                state.used, state.own_mappings);
}

/* ---- threads ---- */

static void try_with_threads(void *arg)
{
    struct trial *t = arg;
    struct shortage shortage = {refuse, allow, t};
    struct crowd_result result;
    frusa_t *f = t->over_arena ? &heap_over_arena : &heap;
    t->impossible = !supervise_all();
    if (t->impossible)
        return;
    REQUIRE(frusa_arena_init(&arena, arena_bytes, sizeof(arena_bytes)) == 0);
    if (t->moment != FROM_THE_START)
        stage_require_usable(f);
    crowd_run(f, THREADS, env_scale(STEPS, 100), &shortage, &result);
    t->failed = result.failed;
    t->reclaims = result.reclaims;
    t->partial = result.partial;
    require_provider_empty();
}

/* ---- every single call ---- */

static void use(struct item *item, size_t size, size_t *failed)
{
    errno = 0;
    item->ptr = frusa_alloc_zeroed(&heap, size, 0);
    item->size = size;
    if (item->ptr == NULL) {
        REQUIRE_MSG(errno == ENOMEM, "errno %d", errno);
        ++*failed;
        return;
    }
    pattern_require_zero(item->ptr, size);
    pattern_fill(item->ptr, size, 0);
}

static void enlarge(struct item *item, size_t *failed)
{
    size_t new_size = item->size * 2;
    if (item->ptr == NULL)
        return;
    void *moved = frusa_resize(&heap, item->ptr, new_size);
    if (moved == NULL) {
        pattern_require(item->ptr, item->size, 0);
        ++*failed;
        return;
    }
    pattern_require_moved(moved, item->size, item->ptr, item->size, 0);
    item->ptr = moved;
    item->size = new_size;
    pattern_fill(moved, new_size, 0);
}

static void give_back(struct item *item)
{
    if (item->ptr == NULL)
        return;
    pattern_require(item->ptr, item->size, 0);
    frusa_free(&heap, item->ptr);
    item->ptr = NULL;
}

/* Makes every kind of system call that the library makes, the same ones each time. */
static size_t use_everything(void)
{
    enum { ITEMS = 120 };
    static struct item items[ITEMS], large[3];
    size_t failed = 0;
    for (int round = 0; round < 2; round++) {
        for (size_t i = 0; i < ITEMS; i++)
            use(&items[i], 16 + i * 131 % 9000, &failed);
        for (size_t i = 0; i < 3; i++)
            use(&large[i], (3 + 2 * i) << 20, &failed);
        for (size_t i = 0; i < 3; i++)
            enlarge(&large[i], &failed);
        for (size_t i = 0; i < ITEMS; i++)
            if (i % 10 != 7)
                give_back(&items[i]);
        frusa_reclaim(&heap);
        for (size_t i = 0; i < ITEMS; i++)
            give_back(&items[i]);
        for (size_t i = 0; i < 3; i++)
            give_back(&large[i]);
        frusa_reclaim(&heap);
    }
    return failed;
}

static void try_one_call(void *arg)
{
    struct trial *t = arg;
    t->impossible = !supervise_all();
    if (t->impossible)
        return;
    refuse(t);
    t->failed = use_everything();
    allow(t);
    crowd_require_whole(&heap);
    frusa_destroy(&heap);
    require_provider_empty();
}

/* ---- all of them ---- */

/* The child's results reach the parent. */
static struct trial *shared;

static void run_trial(void (*body)(void *), struct trial trial)
{
    *shared = trial;
    child_run(body, shared);
    if (shared->impossible) {
        printf("this kernel does not hand system calls to a supervisor\n");
        exit(77);
    }
}

static void each_with_threads(const struct victim *victim, int over_arena)
{
    for (int moment = 0; moment < MOMENTS; moment++) {
        char what[80];
        snprintf(what, sizeof(what), "%s refused (%s), %s", victim->name, victim->error_name,
                 moment_names[moment]);
        require_context(what);
        run_trial(try_with_threads, (struct trial){.victim = victim,
                                                   .moment = (enum moment)moment,
                                                   .over_arena = over_arena});
        REQUIRE(shared->reclaims > 0);
        /* Later on, an instance that has what it needs may make no such call. */
        int is_sure = moment == FROM_THE_START && victim->number != SYSCALL_PROCESS_MADVISE;
        REQUIRE_MSG(shared->refused > 0 || (shared->seen == 0 && !is_sure), "%zu calls seen",
                    shared->seen);
        REQUIRE(victim->number != SYSCALL_MMAP || shared->failed > 0 || moment != FROM_THE_START);
        /* A reclaim that cannot reach other threads' caches says so. */
        REQUIRE(victim->number != SYS_membarrier || moment != LATER || shared->partial > 0);
        drive_row(what, over_arena ? "4 threads, over an arena" : "4 threads", 1, shared->refused,
                  shared->failed);
    }
}

static void each_single_call(const struct victim *victim)
{
    char what[80];
    size_t calls = 1, refused = 0, failed = 0, runs = 0;
    snprintf(what, sizeof(what), "%s refused (%s), each call in turn", victim->name,
             victim->error_name);
    require_context(what);
    for (size_t call = 1; call <= calls; call++) {
        run_trial(try_one_call, (struct trial){.victim = victim, .call = call});
        calls = shared->seen;
        refused += shared->refused;
        failed += shared->failed;
        runs++;
    }
    REQUIRE(refused > 0);
    drive_row(what, "one of everything", runs, refused, failed);
}

int main(void)
{
    watchdog_start("fault_system", 300);
    if (TOOL_ASAN || TOOL_TSAN || tool_is_valgrind())
        return 77; /* their own system calls are in the way */
    shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    REQUIRE(shared != MAP_FAILED);
    drive_row_head();
    for (size_t i = 0; i < VICTIMS; i++) {
        each_with_threads(&victims[i], 0);
        each_single_call(&victims[i]);
    }
    each_with_threads(&victims[0], 1);
    return 0;
}
