/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "service/reclaimer.h"

#include <errno.h>

#include "cache/registry.h"
#include "port/error.h"
#include "port/wait.h"
#include "service/pressure.h"
#include "service/service.h"

#define DEFAULT_INTERVAL_MS 5000u
#define DEFAULT_SLACK       ((size_t)1 << 20)
#define INTERVAL_MS_MAX     86400000u /* a day */

/* Intervals left out, at most, after reclaims that gave little back. */
#define PAUSE_MAX 15u

/* Less than that is not worth looking for pressure: a few spans. */
#define LEAST_WORTH ((size_t)256 << 10)

/* Between two events that are heard. */
#define EVENT_PAUSE_MS 500u

struct reclaimer {
    struct fr_service service;
    /* constant */
    unsigned interval_ms;
    size_t slack;
    unsigned flags;
    const char *root; /* of the paths that say how memory is; "" but in tests */
    struct fr_worker watcher;
    int has_watcher;
    /* of the thread alone; others read `pause` */
    int is_spent;    /* nothing came to a slab since everything was given back */
    fr_atomic pause; /* intervals that are left out */
    /* memory is short: everything is to go back at once */
    fr_atomic_u32 pressed;
    /* whether memory is short has to be looked at */
    fr_atomic_u32 polls;
    /* the watcher waits after an event while this is 0 */
    fr_atomic_u32 pause_over;
    /* the thread sleeps for an interval while this is 0 */
    fr_atomic_u32 disturbed;
    /* the thread sleeps until the bell rings */
    fr_atomic_u32 rests;
    fr_atomic looks;
    fr_atomic reclaims;
    fr_atomic pressures;
    fr_atomic polled;
};

static struct reclaimer *reclaimer_of(struct fr_service *s)
{
    return FR_CONTAINER_OF(s, struct reclaimer, service);
}

static struct fr_bell *bell_of(const struct reclaimer *r)
{
    return &fr_instance_of(r->service.instance)->heap.bell;
}

/* Bytes. The figures are read one after the other: beside running threads they may disagree. */
static size_t idle_bytes(frusa_t *f)
{
    struct frusa_stats s;
    if (frusa_get_stats(f, &s) != 0)
        return 0;
    size_t explained = s.in_use + s.purged;
    return s.allocated_from_fallback > explained ? s.allocated_from_fallback - explained : 0;
}

/* Arms the bell and looks. */
static size_t look(struct reclaimer *r)
{
    fr_bell_arm(bell_of(r));
    fr_fetch_add_relaxed(&r->looks, 1);
    return idle_bytes(r->service.instance);
}

/* A reclaim that gives little back is not to be repeated soon. */
static void adapt_pause(struct reclaimer *r, int is_worthwhile)
{
    size_t longer = 2 * fr_load_relaxed(&r->pause) + 1;
    fr_store_relaxed(&r->pause, is_worthwhile ? 0 : longer < PAUSE_MAX ? longer : PAUSE_MAX);
}

/*
 * Looks, and reclaims when that is due. Non-zero when nothing more can go back until the bell
 * rings. The reclaim itself rings, so the bell is armed again afterwards. What other threads gave
 * back meanwhile shows in what is idle then.
 */
static int settle(struct reclaimer *r)
{
    size_t idle = look(r);
    if (idle <= r->slack) {
        adapt_pause(r, 1);
        return 1;
    }
    size_t bytes = frusa_reclaim(r->service.instance);
    fr_fetch_add_relaxed(&r->reclaims, 1);
    adapt_pause(r, bytes >= r->slack);
    size_t left = look(r);
    int settled = left <= r->slack || left <= idle - (bytes < idle ? bytes : idle) + r->slack;
    r->is_spent = settled;
    return settled;
}

static void wait_for_the_bell(struct reclaimer *r)
{
    fr_store_u32_release(&r->rests, 1);
    while (fr_bell_is_armed(bell_of(r)) && !fr_service_is_ending(&r->service))
        fr_bell_wait(bell_of(r));
    fr_store_u32_release(&r->rests, 0);
}

/* Ends the sleep of the thread, whichever it is, or its next one. */
static void disturb(struct reclaimer *r)
{
    fr_store_u32_release(&r->disturbed, 1);
    fr_wake_all(&r->disturbed);
    fr_fence_full(); /* the thread arms the bell before it looks for what it was woken for */
    fr_bell_ring_armed(bell_of(r));
}

/* Everything, whatever the slack. What is idle afterwards cannot go back until the bell rings. */
static void reclaim_all(struct reclaimer *r)
{
    frusa_reclaim(r->service.instance);
    fr_fetch_add_relaxed(&r->pressures, 1);
    r->is_spent = 1;
}

static int must_poll(const struct reclaimer *r)
{
    return fr_load_u32_acquire(&r->polls) && !r->is_spent;
}

static int poll_pressure(struct reclaimer *r)
{
    if (fr_load_u32_acquire(&r->polls) && idle_bytes(r->service.instance) < LEAST_WORTH)
        r->is_spent = 1;
    if (!must_poll(r))
        return 0;
    fr_fetch_add_relaxed(&r->polled, 1);
    return fr_pressure_is_on(r->root);
}

/* One turn: what is due, then sleep. Where pressure must be polled, that goes on at intervals
 * while something could go back. */
static void turn(struct reclaimer *r)
{
    fr_store_u32_relaxed(&r->disturbed, 0);
    fr_fence_full();
    int is_pressed = (int)fr_load_u32_acquire(&r->pressed);
    fr_store_u32_relaxed(&r->pressed, 0);
    if (is_pressed || poll_pressure(r))
        reclaim_all(r);
    if (settle(r) && !must_poll(r)) {
        wait_for_the_bell(r);
        r->is_spent = 0;
    }
    unsigned intervals = 1 + (unsigned)fr_load_relaxed(&r->pause);
    if (!fr_service_is_ending(&r->service))
        fr_wait_on_for(&r->disturbed, 0, intervals * r->interval_ms);
}

static void run(struct fr_service *s)
{
    while (!fr_service_is_ending(s))
        turn(reclaimer_of(s));
}

static void wake(struct fr_service *s)
{
    disturb(reclaimer_of(s));
}

/* The watcher's thread. It only wakes the other one: it has no files of the program, so it must
 * not call into it. Events may come in a row, so it pauses after each. */
static void watch(void *arg)
{
    struct reclaimer *r = arg;
    struct fr_watch w;
    int told = fr_watch_begin(&w) && fr_pressure_watch(&w, r->root);
    if (!told) {
        fr_store_u32_release(&r->polls, 1);
        disturb(r);
    }
    while (!fr_service_is_ending(&r->service) && fr_watch_wait(&w)) {
        fr_store_u32_release(&r->pressed, 1);
        disturb(r);
        fr_wait_on_for(&r->pause_over, 0, EVENT_PAUSE_MS);
    }
}

static void end_watcher(struct fr_service *s)
{
    struct reclaimer *r = reclaimer_of(s);
    if (!r->has_watcher)
        return;
    fr_store_u32_release(&s->ending, 1);
    fr_store_u32_release(&r->pause_over, 1);
    fr_wake_all(&r->pause_over);
    fr_watch_interrupt(&r->watcher);
    fr_worker_join(&r->watcher);
}

/* In the child of a fork, which has no watcher either. */
static void start_again(struct fr_service *s);

static const struct fr_service_kind kind = {.name = "frusa-reclaim",
                                            .record_bytes = sizeof(struct reclaimer),
                                            .run = run,
                                            .wake = wake,
                                            .close = end_watcher,
                                            .close_in_child = start_again};

static int is_valid(const frusa_t *f, const struct frusa_reclaimer_config *c)
{
    int has_front = fr_instance_front(fr_instance_of(f)) != NULL;
    unsigned known = FRUSA_RECLAIM_ON_PRESSURE | (has_front ? FR_RECLAIM_IN_CHILDREN : 0);
    for (size_t i = 0; i < sizeof(c->reserved) / sizeof(c->reserved[0]); i++)
        if (c->reserved[i])
            return 0;
    return c->interval_ms <= INTERVAL_MS_MAX && !(c->flags & ~known);
}

static int start_watcher(struct reclaimer *r)
{
    int error = fr_worker_start(&r->watcher, "frusa-pressure", watch, r);
    r->has_watcher = !error;
    return error;
}

static int start(frusa_t *f, const struct frusa_reclaimer_config *config, const char *root)
{
    struct fr_service *s = fr_service_new(&kind, f);
    if (!s)
        return ENOMEM;
    struct reclaimer *r = reclaimer_of(s);
    r->interval_ms = config->interval_ms ? config->interval_ms : DEFAULT_INTERVAL_MS;
    r->slack = config->slack ? config->slack : DEFAULT_SLACK;
    r->flags = config->flags;
    r->root = root;
    int error = config->flags & FRUSA_RECLAIM_ON_PRESSURE ? start_watcher(r) : 0;
    if (!error)
        return fr_service_start(s);
    fr_service_free(s);
    return error;
}

/* Non-zero unless the fork interrupted a call of this thread, in its cache or under a lock. */
static int can_allocate(struct fr_instance *inst)
{
    const struct frusa_cache *c = fr_registry_find(inst);
    return !fr_gate_gave_up() && !(c && fr_load_relaxed(&c->fast.busy));
}

static void start_again(struct fr_service *s)
{
    const struct reclaimer *r = reclaimer_of(s);
    struct frusa_reclaimer_config config = {
        .interval_ms = r->interval_ms, .slack = r->slack, .flags = r->flags};
    if ((r->flags & FR_RECLAIM_IN_CHILDREN) && can_allocate(fr_instance_of(s->instance)))
        start(s->instance, &config, r->root);
}

int fr_reclaimer_start_below(frusa_t *f, const struct frusa_reclaimer_config *config,
                             const char *root)
{
    static const struct frusa_reclaimer_config defaults;
    struct frusa_stats unused;
    if (!config)
        config = &defaults;
    if (!is_valid(f, config)) {
        errno = EINVAL;
        return -1;
    }
    if (frusa_get_stats(f, &unused) != 0) /* starts a static instance */
        return -1;
    int error = start(f, config, root);
    if (error)
        errno = error;
    return error ? -1 : 0;
}

FR_EXPORT int frusa_reclaimer_start(frusa_t *f, const struct frusa_reclaimer_config *config)
{
    return fr_reclaimer_start_below(f, config, "");
}

FR_EXPORT void frusa_reclaimer_stop(frusa_t *f)
{
    int saved = fr_save_errno();
    fr_service_stop(f, &kind);
    fr_restore_errno(saved);
}

static void copy_counts(struct fr_service *s, void *arg)
{
    struct reclaimer *r = reclaimer_of(s);
    struct fr_reclaimer_counts *out = arg;
    out->looks = fr_load_relaxed(&r->looks);
    out->reclaims = fr_load_relaxed(&r->reclaims);
    out->pause = fr_load_relaxed(&r->pause);
    out->pressures = fr_load_relaxed(&r->pressures);
    out->polled = fr_load_relaxed(&r->polled);
    out->polls = (int)fr_load_u32_acquire(&r->polls);
}

int fr_reclaimer_counts(frusa_t *f, struct fr_reclaimer_counts *out)
{
    return fr_service_visit(f, &kind, copy_counts, out);
}

static void read_rest(struct fr_service *s, void *arg)
{
    int *rests = arg;
    *rests =
        fr_load_u32_acquire(&reclaimer_of(s)->rests) && fr_bell_is_armed(bell_of(reclaimer_of(s)));
}

void fr_reclaimer_settle(frusa_t *f)
{
    int rests = 0;
    unsigned round = 0;
    while (fr_service_visit(f, &kind, read_rest, &rests) && !rests)
        fr_back_off(&round);
}

static void press(struct fr_service *s, void *arg)
{
    (void)arg;
    fr_store_u32_release(&reclaimer_of(s)->pressed, 1);
    disturb(reclaimer_of(s));
}

void fr_reclaimer_press(frusa_t *f)
{
    fr_service_visit(f, &kind, press, NULL);
}
