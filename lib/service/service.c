/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "service/service.h"

#include <errno.h>
#include <stdlib.h>

#include "cache/instances.h"
#include "life.h"
#include "port/error.h"
#include "port/pages.h"
#include "port/tls.h"
#include "port/wait.h"
#include "reclaim/fork.h"

/* Steps of about a millisecond that exit waits for a service's thread: the program's fallback may
 * be blocked in it for ever. */
#define PATIENCE_AT_EXIT 2000u

static struct fr_link services = {&services, &services}; /* covered by the process lock */

/* The service that the calling thread belongs to; NULL: none. */
static FR_THREAD_LOCAL struct fr_service *mine;

static size_t record_bytes(const struct fr_service_kind *kind)
{
    return fr_align_up(kind->record_bytes, fr_page_size());
}

struct fr_service *fr_service_new(const struct fr_service_kind *kind, frusa_t *f)
{
    struct fr_service *s = fr_pages_map(record_bytes(kind), fr_page_size());
    if (!s)
        return NULL;
    s->kind = kind;
    s->instance = f;
    return s;
}

void fr_service_free(struct fr_service *s)
{
    s->kind->close(s);
    fr_pages_unmap(s, record_bytes(s->kind));
}

static struct fr_service *of_link(struct fr_link *link)
{
    return FR_CONTAINER_OF(link, struct fr_service, link);
}

/* Under the process lock: the first service of a kind and an instance, NULL standing for all. */
static struct fr_service *find(const frusa_t *f, const struct fr_service_kind *kind)
{
    for (struct fr_link *l = services.next; l != &services; l = l->next) {
        struct fr_service *s = of_link(l);
        if ((!f || s->instance == f) && (!kind || s->kind == kind))
            return s;
    }
    return NULL;
}

static void withdraw(struct fr_service *s)
{
    fr_process_guard();
    fr_list_remove(&s->link);
    fr_process_unguard();
}

/* The thread's last steps. A service that ends by itself stays on the list until it is stopped. */
static void leave(struct fr_service *s)
{
    fr_process_guard();
    int is_orphan = s->is_orphan;
    if (is_orphan)
        fr_list_remove(&s->link);
    fr_process_unguard();
    if (is_orphan) {
        fr_worker_detach(&s->thread);
        fr_service_free(s);
    } else {
        fr_store_u32_release(&s->ended, 1);
    }
}

static void note_running(struct fr_service *s)
{
    fr_process_guard();
    s->state = FR_SERVICE_RUNNING;
    fr_process_unguard();
}

static void run(void *arg)
{
    struct fr_service *s = arg;
    mine = s;
    note_running(s);
    s->kind->run(s);
    mine = NULL;
    leave(s);
}

/* Marks a running service as ending. NULL when there is none, or it ends already. `*busy` says
 * that one starts or ends at this moment. */
static struct fr_service *claim(const frusa_t *f, const struct fr_service_kind *kind, int *busy)
{
    fr_process_guard();
    struct fr_service *s = find(f, kind);
    *busy = s && s->state != FR_SERVICE_RUNNING && s != mine;
    if (s && (*busy || s->state != FR_SERVICE_RUNNING))
        s = NULL;
    if (s) {
        s->state = FR_SERVICE_ENDING;
        s->is_orphan = s == mine;
    }
    fr_process_unguard();
    return s;
}

static void ask_to_end(struct fr_service *s)
{
    fr_store_u32_release(&s->ending, 1);
    s->kind->wake(s);
}

static void release(struct fr_service *s)
{
    fr_worker_join(&s->thread);
    withdraw(s);
    fr_service_free(s);
}

void fr_service_stop(frusa_t *f, const struct fr_service_kind *kind)
{
    int busy = 1;
    for (unsigned round = 0; busy; fr_back_off(&round)) {
        struct fr_service *s = claim(f, kind, &busy);
        if (!s)
            continue;
        if (s == mine) {
            fr_store_u32_release(&s->ending, 1);
            return;
        }
        ask_to_end(s);
        release(s);
        busy = kind == NULL; /* there may be others */
    }
}

static void end_instance(frusa_t *f)
{
    fr_service_stop(f, NULL);
}

static int has_ended(struct fr_service *s)
{
    unsigned round = 0;
    while (!fr_load_u32_acquire(&s->ended)) {
        if (round >= PATIENCE_AT_EXIT)
            return 0;
        fr_back_off(&round);
    }
    return 1;
}

static void end_all(void)
{
    int busy;
    for (struct fr_service *s; (s = claim(NULL, NULL, &busy)) && s != mine;) {
        ask_to_end(s);
        if (!has_ended(s))
            return;
        release(s);
    }
}

/* No other thread exists. A service's own thread may have forked, in the program's fallback: then
 * its record stays, and it is to return. */
static void forget_all(void)
{
    fr_process_guard();
    struct fr_link *link = services.next;
    fr_list_init(&services);
    fr_process_unguard();
    while (link != &services) {
        struct fr_service *s = of_link(link);
        link = link->next;
        if (s == mine) {
            fr_store_u32_release(&s->ending, 1);
            continue;
        }
        (s->kind->close_in_child ? s->kind->close_in_child : s->kind->close)(s);
        fr_pages_unmap(s, record_bytes(s->kind));
    }
}

/* Once for the process. */
static void prepare(void)
{
    static fr_atomic prepared;
    if (fr_load_relaxed(&prepared) || !fr_cas_full(&prepared, 0, 1))
        return;
    fr_life_set_end_hook(end_instance);
    fr_fork_set_child_hook(forget_all);
    atexit(end_all);
}

/* Enters a service in the list, unless there is one of its kind. */
static int enlist(struct fr_service *s)
{
    fr_process_guard();
    int is_free = !find(s->instance, s->kind);
    if (is_free)
        fr_list_insert_after(services.prev, &s->link);
    fr_process_unguard();
    return is_free;
}

int fr_service_start(struct fr_service *s)
{
    int error = EBUSY;
    prepare();
    if (enlist(s)) {
        error = fr_worker_start(&s->thread, s->kind->name, run, s);
        if (!error)
            return 0; /* the record may be gone */
        withdraw(s);
    }
    fr_service_free(s);
    return error;
}

int fr_service_visit(frusa_t *f, const struct fr_service_kind *kind,
                     void (*visit)(struct fr_service *s, void *arg), void *arg)
{
    fr_process_guard();
    struct fr_service *s = find(f, kind);
    int is_there = s && s->state != FR_SERVICE_ENDING;
    if (is_there)
        visit(s, arg);
    fr_process_unguard();
    return is_there;
}
