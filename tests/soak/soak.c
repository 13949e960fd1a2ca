/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * usage: soak [TABLE]
 *
 * Everything at once, for FRUSA_TEST_SECONDS: 64 threads that are replaced again and again use 16
 * instances with random calls and exchange objects, beside reclaimers, a forker whose children go
 * on with the instances, and a thread that ends instances and begins them anew; several fallbacks
 * fail and block. Contents are checked at every turn.
 *
 * Now and then everybody is stopped between two lives: nothing is live then, and after a reclaim
 * nothing but records may be held. What the process and the instances hold in the meantime and in
 * those moments is sampled, into TABLE (CSV) too, and must not grow from early to late.
 */
#include "activity.h"
#include "samples.h"
#include "subject.h"
#include "support/environment.h"
#include "support/random.h"
#include "support/require.h"
#include "support/threads.h"
#include "support/tools.h"
#include "support/walk.h"

#include <time.h>
#include <unistd.h>

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static size_t held_bytes(void)
{
    size_t held = 0;
    for (size_t i = 0; i < SUBJECTS; i++)
        held += fr_load_relaxed(&subjects[i].fallback.held);
    return held;
}

/* Of a subject that somebody waits to end, what was live the last time. */
static size_t live_bytes(void)
{
    static size_t last[SUBJECTS];
    size_t live = 0;
    for (size_t i = 0; i < SUBJECTS; i++) {
        if (pthread_rwlock_tryrdlock(&subjects[i].lock) == 0) {
            last[i] = stats_live_bytes(subjects[i].f);
            pthread_rwlock_unlock(&subjects[i].lock);
        }
        live += last[i];
    }
    return live;
}

/* Of the process, but for what arenas have touched of their buffers: that only grows, to their
 * size. */
static size_t resident_bytes(void)
{
    size_t all = samples_resident(), arenas = subjects_arena_resident();
    return all > arenas ? all - arenas : 0;
}

static void sample_busy(double start)
{
    size_t live = live_bytes();
    struct sample sample = {now() - start, PHASE_BUSY, resident_bytes(), held_bytes(), live};
    samples_add(&sample);
}

/* Stops everybody between two lives. */
static void sample_calm(double start, struct random *r)
{
    activity_pause();
    for (size_t i = 0; i < SUBJECTS; i++)
        pthread_rwlock_wrlock(&subjects[i].lock);
    for (size_t i = 0; i < SUBJECTS; i++)
        subject_calm(&subjects[i], r);
    tool_trim_malloc(); /* the tests' own memory, and that of frusa_fallback_malloc */
    struct sample sample = {now() - start, PHASE_CALM, resident_bytes(), held_bytes(), 0};
    for (size_t i = 0; i < SUBJECTS; i++)
        pthread_rwlock_unlock(&subjects[i].lock);
    activity_resume();
    samples_add(&sample);
}

/* 600 samples, at most 10 a second; a calm moment after every 5th. */
static void watch(double start, double seconds, struct random *r)
{
    double interval = seconds / 600 < 0.1 ? 0.1 : seconds / 600;
    struct timespec pause = {(time_t)interval, (long)((interval - (double)(time_t)interval) * 1e9)};
    for (size_t n = 1; now() - start < seconds; n++) {
        nanosleep(&pause, NULL);
        sample_busy(start);
        if (n % 5 == 0)
            sample_calm(start, r);
    }
}

static void print_tally(double seconds)
{
    printf("soak: %.0f seconds, %d threads on %d instances:\n", seconds, WORKERS, SUBJECTS);
    printf("  %12zu lives of threads\n", fr_load_relaxed(&tally.lives));
    printf("  %12zu random calls\n", fr_load_relaxed(&tally.steps));
    printf("  %12zu objects that changed hands\n", fr_load_relaxed(&tally.exchanged));
    printf("  %12zu explicit caches\n", fr_load_relaxed(&tally.caches));
    printf("  %12zu reclaims by reclaimers\n", fr_load_relaxed(&tally.reclaims));
    printf("  %12zu forks\n", fr_load_relaxed(&tally.forks));
    printf("  %12zu instances ended and begun anew\n", fr_load_relaxed(&tally.renewals));
    printf("  %12zu calls that failed with ENOMEM\n", fr_load_relaxed(&tally.failures));
    printf("\n  %-28s %12s %10s %10s\n", "fallback of", "calls", "refused", "blocked");
    for (size_t i = 0; i < SUBJECTS; i++) {
        const struct soak_fallback *b = &subjects[i].fallback;
        printf("  %-28s %12zu %10zu %10zu\n", subjects[i].name, fr_load_relaxed(&b->calls),
               fr_load_relaxed(&b->refused), fr_load_relaxed(&b->blocked));
    }
}

int main(int argc, char **argv)
{
    unsigned seconds = env_seconds(4);
    uint64_t seed = env_fresh_seed("soak");
    struct random r = random_stream(seed, ACTIVITIES);
    struct team team;
    watchdog_start("soak", seconds);
    tool_limit_malloc();
    samples_open(argc > 1 ? argv[1] : NULL);
    activity_init();
    subjects_open();
    double start = now();
    team_start(&team, ACTIVITIES, activity_run, &seed);
    watch(start, seconds, &r);
    activity_stop();
    team_join(&team);
    print_tally(now() - start);
    subjects_close();

    REQUIRE(fr_load_relaxed(&tally.lives) > 0 && fr_load_relaxed(&tally.exchanged) > 0 &&
            fr_load_relaxed(&tally.failures) > 0 && fr_load_relaxed(&tally.reclaims) > 0 &&
            fr_load_relaxed(&tally.forks) > 0 && fr_load_relaxed(&tally.renewals) > 0);
    printf("\n  MiB, medians       early        late\n");
    int busy = samples_are_flat(PHASE_BUSY, 15, (size_t)4 << 20);
    int calm = samples_are_flat(PHASE_CALM, 5, (size_t)1 << 20);
    samples_close();
    REQUIRE(busy && calm);
    return 0;
}
