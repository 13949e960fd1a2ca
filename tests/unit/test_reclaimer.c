/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The reclaimer: what it gives back by itself, and that it sleeps while there is nothing to do. */
#include "service/reclaimer.h"
#include "cache/instance.h"
#include "port/wait.h"
#include "support/child.h"
#include "support/environment.h"
#include "support/fixture.h"
#include "support/pattern.h"
#include "support/pretended.h"
#include "support/require.h"
#include "support/threads.h"
#include "support/workload.h"
#include "unit/runner.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { OBJECTS = 40000, SIZE = 300, MIB = 1 << 20 };

static void *objects[OBJECTS];

static const struct frusa_reclaimer_config often = {.interval_ms = 1};

static void fill(frusa_t *f)
{
    for (size_t i = 0; i < OBJECTS; i++) {
        objects[i] = frusa_malloc(f, SIZE);
        REQUIRE(objects[i] != NULL);
        pattern_fill(objects[i], SIZE, i);
    }
}

/* Gives every object back but each `step`th; 0: every object. */
static void drain(frusa_t *f, size_t step)
{
    for (size_t i = 0; i < OBJECTS; i++)
        if (objects[i] && (step == 0 || i % step != 0)) {
            pattern_require(objects[i], SIZE, i);
            frusa_free(f, objects[i]);
            objects[i] = NULL;
        }
}

static size_t idle(frusa_t *f)
{
    struct frusa_stats s;
    REQUIRE(frusa_get_stats(f, &s) == 0);
    return s.allocated_from_fallback - s.in_use - s.purged;
}

static struct fr_reclaimer_counts counts_of(frusa_t *f)
{
    struct fr_reclaimer_counts counts;
    REQUIRE(fr_reclaimer_counts(f, &counts));
    return counts;
}

static void start(frusa_t *f, const struct frusa_reclaimer_config *config)
{
    REQUIRE(frusa_reclaimer_start(f, config) == 0);
}

START_TEST(test_arguments)
{
    static const struct frusa_config wrong = {.managed_max = FRUSA_2M_MAX + 1};
    static frusa_t refused = FRUSA_INITIALIZER(NULL, &wrong);
    struct frusa_reclaimer_config bad[] = {
        {.interval_ms = 86400001}, {.flags = 2}, {.flags = ~0u}, {.reserved = {NULL, objects}}};
    struct fixture x;
    fixture_open(&x, 0, NULL);
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        errno = 0;
        ck_assert_int_eq(frusa_reclaimer_start(x.f, &bad[i]), -1);
        ck_assert_int_eq(errno, EINVAL);
    }
    errno = 0;
    ck_assert_int_eq(frusa_reclaimer_start(&refused, NULL), -1);
    ck_assert_int_eq(errno, EINVAL);
    frusa_reclaimer_stop(x.f); /* there is none */
    ck_assert_int_eq(frusa_reclaimer_start(x.f, NULL), 0);
    errno = 0;
    ck_assert_int_eq(frusa_reclaimer_start(x.f, &often), -1);
    ck_assert_int_eq(errno, EBUSY);
    errno = 5;
    frusa_reclaimer_stop(x.f);
    ck_assert_int_eq(errno, 5);
    ck_assert_int_eq(frusa_reclaimer_start(x.f, &often), 0);
    frusa_reclaimer_stop(x.f);
    frusa_reclaimer_stop(x.f);
    fixture_close(&x);
}
END_TEST

START_TEST(test_gives_back_what_is_idle)
{
    for (size_t v = 0; v < fixture_variant_count; v++) {
        struct fixture x;
        fixture_open_variant(&x, v);
        start(x.f, &often);
        for (int turn = 0; turn < 2; turn++) {
            fill(x.f);
            drain(x.f, 0);
            frusa_thread_flush(x.f); /* what goes to a magazine is not heard */
            fr_reclaimer_settle(x.f);
            REQUIRE_MSG(idle(x.f) <= MIB, "%s: %zu bytes are idle", fixture_variants[v].name,
                        idle(x.f));
            ck_assert_uint_ge(counts_of(x.f).reclaims, 1);
            /* This thread may have a cache, the reclaimer's has none. */
            ck_assert_uint_le(fr_load_relaxed(&fr_instance_of(x.f)->registry.caches_n), 1);
        }
        fixture_close(&x);
    }
}
END_TEST

START_TEST(test_leaves_what_the_slack_allows)
{
    struct frusa_reclaimer_config config = {.interval_ms = 1, .slack = 64 * MIB};
    struct fixture x;
    fixture_open(&x, FALLBACK_EVERYTHING, NULL);
    start(x.f, &config);
    fill(x.f);
    drain(x.f, 0);
    fr_reclaimer_settle(x.f);
    ck_assert_uint_eq(counts_of(x.f).reclaims, 0);
    ck_assert_uint_gt(idle(x.f), OBJECTS * SIZE / 2);
    fixture_close(&x);
}
END_TEST

/* Free slots beside live objects cannot go back. Trying that takes longer and longer pauses. */
START_TEST(test_does_not_repeat_in_vain)
{
    enum { TURNS = 8 };
    struct fixture x;
    fixture_open(&x, 0, NULL); /* nothing to purge with */
    fill(x.f);
    drain(x.f, 8);
    start(x.f, &often);
    fr_reclaimer_settle(x.f);
    ck_assert_uint_gt(idle(x.f), 2 * MIB);
    ck_assert_uint_eq(counts_of(x.f).looks, 2); /* before and after the reclaim */
    for (int turn = 0; turn < TURNS; turn++) {
        frusa_free(x.f, frusa_malloc(x.f, SIZE));
        frusa_thread_flush(x.f);
        fr_reclaimer_settle(x.f);
    }
    ck_assert_uint_eq(counts_of(x.f).pause, 15);
    ck_assert_uint_le(counts_of(x.f).reclaims, 1 + TURNS);
    drain(x.f, 0);
    frusa_thread_flush(x.f);
    fr_reclaimer_settle(x.f);
    ck_assert_uint_le(idle(x.f), MIB);
    ck_assert_uint_eq(counts_of(x.f).pause, 0);
    fixture_close(&x);
}
END_TEST

/* How often the thread of that name went to sleep by itself. */
static long sleeps_of(const char *name)
{
    long found = -1;
    DIR *tasks = opendir("/proc/self/task");
    struct dirent *entry;
    while (tasks && (entry = readdir(tasks)) != NULL) {
        char path[300], line[200], comm[32] = "";
        snprintf(path, sizeof(path), "/proc/self/task/%s/status", entry->d_name);
        FILE *status = fopen(path, "r");
        while (status && fgets(line, sizeof(line), status)) {
            sscanf(line, "Name: %31s", comm);
            if (strcmp(comm, name) == 0)
                sscanf(line, "voluntary_ctxt_switches: %ld", &found);
        }
        if (status)
            fclose(status);
    }
    if (tasks)
        closedir(tasks);
    return found;
}

/* Long enough for a hundred intervals. */
static void let_time_pass(frusa_t *f)
{
    unsigned round = 0;
    for (int i = 0; i < 150; i++) {
        void *p = frusa_malloc(f, SIZE); /* never leaves the magazine */
        frusa_free(f, p);
        fr_back_off(&round);
    }
}

START_TEST(test_no_wake_ups_while_nothing_is_idle)
{
    struct fixture x;
    fixture_open(&x, FALLBACK_EVERYTHING, NULL);
    start(x.f, &often);
    fill(x.f);
    drain(x.f, 0);
    fr_reclaimer_settle(x.f);
    frusa_free(x.f, frusa_malloc(x.f, SIZE));
    fr_reclaimer_settle(x.f);
    unsigned round = 0;
    while (fr_back_off(&round), round < 40) /* until it is asleep in the kernel, too */
        ;
    size_t looks = counts_of(x.f).looks;
    long sleeps = sleeps_of("frusa-reclaim");
    let_time_pass(x.f);
    ck_assert_uint_eq(counts_of(x.f).looks, looks);
    ck_assert_int_eq(sleeps_of("frusa-reclaim"), sleeps);
    fill(x.f);
    drain(x.f, 0);
    fr_reclaimer_settle(x.f);
    ck_assert_uint_gt(counts_of(x.f).looks, looks);
    fixture_close(&x);
}
END_TEST

static struct counting_fallback static_fallback;
static frusa_t static_heap = FRUSA_2M_INITIALIZER(&static_fallback.ops);

/* The instance begins with the call, may come to rest while the thread has it, and ends. */
START_TEST(test_static_instance)
{
    fallback_init(&static_fallback, FALLBACK_EVERYTHING);
    for (int turn = 0; turn < 3; turn++) {
        start(&static_heap, &often);
        fill(&static_heap);
        drain(&static_heap, 0);
        fr_reclaimer_settle(&static_heap);
        frusa_reclaim(&static_heap);
        if (turn == 1)
            frusa_reclaimer_stop(&static_heap);
        frusa_destroy(&static_heap);
        fallback_require_empty(&static_fallback);
    }
}
END_TEST

static void in_child(void *f)
{
    struct fr_reclaimer_counts counts;
    REQUIRE(!fr_reclaimer_counts(f, &counts));
    drain(f, 0); /* nobody hears the bell that the parent's thread armed */
    frusa_reclaimer_stop(f);
    start(f, &often);
    fr_reclaimer_settle(f);
    REQUIRE(idle(f) <= MIB);
}

START_TEST(test_fork)
{
    struct fixture x;
    fixture_open(&x, FALLBACK_EVERYTHING, NULL);
    start(x.f, &often);
    for (int turn = 0; turn < 5; turn++) {
        fill(x.f);
        child_run(in_child, x.f);
        drain(x.f, 0);
    }
    fr_reclaimer_settle(x.f);
    ck_assert_uint_le(idle(x.f), MIB);
    fixture_close(&x);
}
END_TEST

/* A fallback that stops the reclaimer whose thread calls it. */
static frusa_t *to_stop;

static void *take(void *ctx, size_t size, size_t align)
{
    return frusa_fallback_mmap.alloc(ctx, size, align);
}

static void give(void *ctx, void *ptr, size_t size, size_t align)
{
    frusa_reclaimer_stop(to_stop);
    frusa_fallback_mmap.dealloc(ctx, ptr, size, align);
}

START_TEST(test_its_own_thread_stops_it)
{
    static const struct frusa_fallback_ops ops = {.alloc = take, .dealloc = give};
    struct fr_reclaimer_counts counts;
    unsigned round = 0;
    frusa_t *f = frusa_create(&ops);
    REQUIRE(f != NULL);
    fill(f);
    to_stop = f;
    start(f, &often);
    drain(f, 0);
    while (fr_reclaimer_counts(f, &counts))
        fr_back_off(&round);
    frusa_destroy(f);
}
END_TEST

static void work_or_switch(void *arg, size_t index)
{
    frusa_t *f = arg;
    if (index % 2 == 0) {
        struct workload w;
        workload_begin(&w, f, 300, env_seed(21), index);
        workload_run(&w, env_scale(20000, 3000));
        workload_end(&w);
        return;
    }
    for (int turn = 0; turn < 100; turn++) {
        if (frusa_reclaimer_start(f, &often) != 0)
            REQUIRE(errno == EBUSY);
        if (turn % 3 == 0)
            frusa_reclaimer_stop(f);
    }
}

START_TEST(test_beside_busy_threads)
{
    struct fixture x;
    fixture_open(&x, FALLBACK_EVERYTHING, NULL);
    team_run(6, work_or_switch, x.f);
    fixture_close(&x);
}
END_TEST

/* Returns the pretended root. */
static const char *pretend_group(void)
{
    const char *root = pretended_begin();
    pretended_write("/proc/self/cgroup", "1:name=systemd:/x\n0::/app\n");
    pretended_write("/proc/self/mountinfo", "30 20 0:26 / /cg rw - cgroup2 cgroup2 rw\n");
    pretended_write("/proc/meminfo", "MemTotal: 1000 kB\nMemFree: 1 kB\nMemAvailable: 900 kB\n");
    pretended_write("/cg/app/memory.max", "1600000\n");
    pretended_write("/cg/app/memory.high", "max\n");
    pretended_write("/cg/app/memory.current", "1000000\n");
    return root;
}

/* Everything but a span at most goes back, the slack too. */
static void wait_for_pressure(frusa_t *f, size_t before)
{
    unsigned round = 0;
    while (counts_of(f).pressures == before)
        fr_back_off(&round);
    ck_assert_uint_le(idle(f), 64 << 10);
}

START_TEST(test_pressure_is_polled)
{
    struct frusa_reclaimer_config config = {
        .interval_ms = 1, .slack = 64 * MIB, .flags = FRUSA_RECLAIM_ON_PRESSURE};
    struct fixture x;
    unsigned round = 0;
    const char *root = pretend_group(); /* without files that tell of pressure */
    fixture_open(&x, FALLBACK_EVERYTHING, NULL);
    REQUIRE(fr_reclaimer_start_below(x.f, &config, root) == 0);
    while (!counts_of(x.f).polls)
        fr_back_off(&round);
    fr_reclaimer_settle(x.f); /* nothing is idle: nothing to look for */
    fill(x.f);
    drain(x.f, 0);
    frusa_thread_flush(x.f);
    size_t polled = counts_of(x.f).polled;
    while (counts_of(x.f).polled < polled + 3)
        fr_back_off(&round);
    ck_assert_uint_eq(counts_of(x.f).pressures, 0);
    ck_assert_uint_gt(idle(x.f), OBJECTS * SIZE / 2);
    pretended_write("/cg/app/memory.current", "1590000\n");
    wait_for_pressure(x.f, 0);
    /* All is given back: no more looks. */
    frusa_free(x.f, frusa_malloc(x.f, SIZE));
    fr_reclaimer_settle(x.f);
    struct fr_reclaimer_counts counts = counts_of(x.f);
    let_time_pass(x.f);
    ck_assert_uint_eq(counts_of(x.f).polled, counts.polled);
    ck_assert_uint_eq(counts_of(x.f).looks, counts.looks);
    fixture_close(&x);
    pretended_end();
}
END_TEST

static size_t open_files(void)
{
    size_t n = 0;
    DIR *files = opendir("/proc/self/fd");
    while (files && readdir(files) != NULL)
        n++;
    if (files)
        closedir(files);
    return n;
}

START_TEST(test_events_are_asked_for)
{
    struct frusa_reclaimer_config config = {
        .interval_ms = 1, .slack = 64 * MIB, .flags = FRUSA_RECLAIM_ON_PRESSURE};
    struct fixture x;
    char text[100] = "";
    unsigned round = 0;
    const char *root = pretend_group();
    pretended_write("/cg/app/memory.max", "max\n");
    pretended_write("/cg/app/memory.pressure", "");
    pretended_write("/proc/pressure/memory", "");
    fixture_open(&x, FALLBACK_EVERYTHING, NULL);
    size_t files = open_files();
    REQUIRE(fr_reclaimer_start_below(x.f, &config, root) == 0);
    while (strlen(text) == 0 && !counts_of(x.f).polls) {
        pretended_read("/cg/app/memory.pressure", text, sizeof(text));
        fr_back_off(&round);
    }
    if (!counts_of(x.f).polls) { /* else the system has no such calls */
        ck_assert_str_eq(text, "some 100000 2000000");
        pretended_read("/proc/pressure/memory", text, sizeof(text));
        ck_assert_str_eq(text, "some 100000 2000000");
    }
    /* The program does not see them. */
    ck_assert_uint_eq(open_files(), files);
    fixture_close(&x);
    pretended_end();
}
END_TEST

/* What is idle is within the slack, and the next look hours away. */
START_TEST(test_an_event_gives_back_everything_at_once)
{
    struct frusa_reclaimer_config config = {
        .interval_ms = 86400000, .slack = 64 * MIB, .flags = FRUSA_RECLAIM_ON_PRESSURE};
    struct fixture x;
    fixture_open(&x, FALLBACK_EVERYTHING, NULL);
    start(x.f, &config);
    for (int turn = 0; turn < 3; turn++) {
        fill(x.f);
        drain(x.f, 0);
        size_t before = counts_of(x.f).pressures;
        fr_reclaimer_press(x.f);
        wait_for_pressure(x.f, before);
    }
    fixture_close(&x);
}
END_TEST

RUNNER_MAIN("reclaimer", test_arguments, test_gives_back_what_is_idle,
            test_leaves_what_the_slack_allows, test_does_not_repeat_in_vain,
            test_no_wake_ups_while_nothing_is_idle, test_static_instance, test_fork,
            test_its_own_thread_stops_it, test_beside_busy_threads, test_pressure_is_polled,
            test_events_are_asked_for, test_an_event_gives_back_everything_at_once)
