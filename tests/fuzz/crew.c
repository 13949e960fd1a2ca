/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "crew.h"
#include "support/require.h"
#include "world.h"

#include <pthread.h>
#include <semaphore.h>

static struct member {
    pthread_t thread;
    int started;
    sem_t told, done;
    void (*work)(void *arg); /* NULL: end */
    void *arg;
} crew[WORLD_THREADS];

static void *serve(void *arg)
{
    struct member *m = arg;
    for (;;) {
        while (sem_wait(&m->told) != 0)
            ;
        if (m->work == NULL)
            return NULL;
        m->work(m->arg);
        sem_post(&m->done);
    }
}

void crew_start(size_t thread, void (*work)(void *arg), void *arg)
{
    struct member *m = &crew[thread];
    if (!m->started) {
        REQUIRE(sem_init(&m->told, 0, 0) == 0 && sem_init(&m->done, 0, 0) == 0);
        REQUIRE(pthread_create(&m->thread, NULL, serve, m) == 0);
        m->started = 1;
    }
    m->work = work;
    m->arg = arg;
    sem_post(&m->told);
}

void crew_wait(size_t thread)
{
    while (sem_wait(&crew[thread].done) != 0)
        ;
}

void crew_run(size_t thread, void (*work)(void *arg), void *arg)
{
    if (thread == 0) {
        work(arg);
        return;
    }
    crew_start(thread, work, arg);
    crew_wait(thread);
}

void crew_end(size_t thread)
{
    struct member *m = &crew[thread];
    if (thread == 0 || !m->started)
        return;
    m->work = NULL;
    sem_post(&m->told);
    pthread_join(m->thread, NULL);
    sem_destroy(&m->told);
    sem_destroy(&m->done);
    m->started = 0;
}
