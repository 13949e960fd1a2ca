/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * A system that is short of memory: limits on address space, on data, on locked memory and on the
 * number of mappings, and a control group. 16 threads allocate meanwhile and one reclaims. Every
 * error is ENOMEM, and once the shortage is over nothing is lost. Each case runs in a process of
 * its own.
 */
#include "cgroup.h"
#include "crowd.h"
#include "drive.h"
#include "support/child.h"
#include "support/environment.h"
#include "support/require.h"
#include "support/tools.h"

#include <stdio.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#define MIB ((size_t)1 << 20)

enum { THREADS = 16, STEPS = 1000, NOBODY = 65534 };

static const struct frusa_fallback_ops *const fallbacks[] = {&frusa_fallback_mmap,
                                                             &frusa_fallback_malloc};
static const char *const fallback_names[] = {"mmap", "malloc"};

/* ---- limits of the process: a few MiB more than it has now ---- */

/* A field of /proc/self/statm, in bytes. */
static size_t own_bytes(unsigned field)
{
    FILE *statm = fopen("/proc/self/statm", "r");
    size_t pages = 0;
    REQUIRE(statm != NULL);
    for (unsigned i = 0; i <= field; i++)
        REQUIRE(fscanf(statm, "%zu", &pages) == 1);
    fclose(statm);
    return pages * (size_t)sysconf(_SC_PAGESIZE);
}

static int limit_soft(int resource, size_t bytes)
{
    struct rlimit limit;
    REQUIRE(getrlimit(resource, &limit) == 0);
    limit.rlim_cur = bytes;
    return setrlimit(resource, &limit) == 0;
}

static void lift(int resource)
{
    struct rlimit limit;
    REQUIRE(getrlimit(resource, &limit) == 0);
    limit.rlim_cur = limit.rlim_max;
    REQUIRE(setrlimit(resource, &limit) == 0);
}

static int limit_address_space(void *arg)
{
    (void)arg;
    return limit_soft(RLIMIT_AS, own_bytes(0) + 24 * MIB);
}

static void lift_address_space(void *arg)
{
    (void)arg;
    lift(RLIMIT_AS);
}

/* Field 5 has the stacks too, which the limit does not count: then fewer calls fail. */
static int limit_data(void *arg)
{
    (void)arg;
    return limit_soft(RLIMIT_DATA, own_bytes(5) + 16 * MIB);
}

static void lift_data(void *arg)
{
    (void)arg;
    lift(RLIMIT_DATA);
}

/* Root may lock what it likes, so this goes on as nobody. */
static int limit_locked(void *arg)
{
    struct rlimit limit;
    (void)arg;
    REQUIRE(getrlimit(RLIMIT_MEMLOCK, &limit) == 0);
    if (limit.rlim_max > 24 * MIB)
        limit.rlim_max = 24 * MIB;
    limit.rlim_cur = limit.rlim_max;
    REQUIRE(setrlimit(RLIMIT_MEMLOCK, &limit) == 0);
    if (geteuid() == 0 && setuid(NOBODY) != 0)
        return 0;
    return mlockall(MCL_FUTURE) == 0;
}

static void lift_locked(void *arg)
{
    (void)arg;
    REQUIRE(munlockall() == 0);
}

/* Without a limit: nothing fails, but no page can be discarded. */
static int lock_everything(void *arg)
{
    (void)arg;
    return mlockall(MCL_CURRENT | MCL_FUTURE) == 0;
}

/* Every second page of a reservation gets other permissions, until the kernel has had enough. */
enum { FILLER_PAGES = 200000 };
static char *filler;

static int use_mappings_up(void *arg)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE), n = 0;
    (void)arg;
    filler = mmap(NULL, 2 * FILLER_PAGES * page, PROT_NONE,
                  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    REQUIRE(filler != MAP_FAILED);
    while (n < FILLER_PAGES && mprotect(filler + 2 * n * page, page, PROT_READ) == 0)
        n++;
    return n < FILLER_PAGES;
}

static void free_mappings(void *arg)
{
    (void)arg;
    REQUIRE(munmap(filler, 2 * FILLER_PAGES * (size_t)sysconf(_SC_PAGESIZE)) == 0);
}

/* ---- a control group ---- */

enum { GROUP_MIB = 96, INSTANCE_MIB = 24 };

static int enter_group(void *arg)
{
    (void)arg;
    return cgroup_enter(GROUP_MIB * MIB);
}

static void leave_group(void *arg)
{
    size_t *peak = arg;
    *peak = cgroup_peak();
}

/* ---- all of them ---- */

static const struct hardship {
    const char *name;
    int (*begin)(void *arg);
    void (*end)(void *arg);
    int must_fail; /* some calls do */
    struct frusa_config config;
} hardships[] = {
    {"address space limited (RLIMIT_AS)", limit_address_space, lift_address_space, 1, {0}},
    {"data limited (RLIMIT_DATA)", limit_data, lift_data, 1, {0}},
    {"locked memory limited (mlockall, RLIMIT_MEMLOCK)", limit_locked, lift_locked, 1, {0}},
    {"all memory locked (mlockall)", lock_everything, lift_locked, 0, {0}},
    {"no mapping left (vm.max_map_count)", use_mappings_up, free_mappings, 0, {0}},
    {"cgroup of 96 MiB, instance limited to 24 MiB",
     enter_group,
     leave_group,
     1,
     {.limit = INSTANCE_MIB * MIB}},
};
enum { HARDSHIPS = sizeof(hardships) / sizeof(hardships[0]) };

/* What comes of it is written by the child. */
struct trial {
    const struct hardship *hardship;
    const struct frusa_fallback_ops *ops;
    struct crowd_result result;
    size_t peak;
    long pid;
};

static void try_hardship(void *arg)
{
    struct trial *t = arg;
    struct shortage shortage = {t->hardship->begin, t->hardship->end, &t->peak};
    t->pid = (long)getpid();
    frusa_t *f = frusa_create_with(t->ops, &t->hardship->config);
    REQUIRE(f != NULL);
    crowd_run(f, THREADS, env_scale(STEPS, 100), &shortage, &t->result);
}

static void run(const struct hardship *hardship, size_t fallback)
{
    static struct trial *t;
    char where[80];
    if (t == NULL)
        t = mmap(NULL, sizeof(*t), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    REQUIRE(t != MAP_FAILED);
    *t = (struct trial){.hardship = hardship, .ops = fallbacks[fallback]};
    require_context(hardship->name);
    child_run(try_hardship, t);
    cgroup_remove(t->pid);
    snprintf(where, sizeof(where), "16 threads and a reclaimer, over %s", fallback_names[fallback]);
    if (t->result.impossible) {
        printf("not possible here: %s\n", hardship->name);
        return;
    }
    REQUIRE(t->result.reclaims > 0);
    /* The C library has memory of its own to serve from. */
    REQUIRE(t->result.failed > 0 || !hardship->must_fail || fallback > 0);
    if (t->peak > 0)
        printf("the group held at most %zu MiB\n", t->peak / MIB);
    drive_row(hardship->name, where, 1, t->result.failed, t->result.failed);
}

int main(void)
{
    watchdog_start("fault_limits", 300);
    if (TOOL_ASAN || TOOL_TSAN || tool_is_valgrind())
        return 77; /* their own memory is in the way */
    drive_row_head();
    for (size_t i = 0; i < HARDSHIPS; i++)
        for (size_t k = 0; k < 2; k++)
            run(&hardships[i], k);
    return 0;
}
