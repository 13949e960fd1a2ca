/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Teams of threads and gates. */
#include "threads.h"
#include "require.h"

static void *team_member(void *arg)
{
    struct team *team = arg;
    size_t index = fr_fetch_add_relaxed(&team->next_index, 1);
    pthread_barrier_wait(&team->start);
    team->body(team->arg, index);
    return NULL;
}

void team_start(struct team *team, size_t size, void (*body)(void *arg, size_t index), void *arg)
{
    REQUIRE(size > 0 && size <= TEAM_MAX);
    team->size = size;
    team->body = body;
    team->arg = arg;
    fr_store_relaxed(&team->next_index, 0);
    REQUIRE(pthread_barrier_init(&team->start, NULL, (unsigned)size) == 0);
    for (size_t i = 0; i < size; i++)
        REQUIRE(pthread_create(&team->threads[i], NULL, team_member, team) == 0);
}

void team_join(struct team *team)
{
    for (size_t i = 0; i < team->size; i++)
        REQUIRE(pthread_join(team->threads[i], NULL) == 0);
    pthread_barrier_destroy(&team->start);
}

void team_run(size_t size, void (*body)(void *arg, size_t index), void *arg)
{
    struct team team;
    team_start(&team, size, body, arg);
    team_join(&team);
}

void gate_wait(struct gate *gate)
{
    pthread_mutex_lock(&gate->mutex);
    gate->waiting++;
    pthread_cond_broadcast(&gate->changed);
    while (!gate->open)
        pthread_cond_wait(&gate->changed, &gate->mutex);
    gate->waiting--;
    pthread_mutex_unlock(&gate->mutex);
}

void gate_await(struct gate *gate, size_t n)
{
    pthread_mutex_lock(&gate->mutex);
    while (gate->waiting < n)
        pthread_cond_wait(&gate->changed, &gate->mutex);
    pthread_mutex_unlock(&gate->mutex);
}

void gate_open(struct gate *gate)
{
    pthread_mutex_lock(&gate->mutex);
    gate->open = 1;
    pthread_cond_broadcast(&gate->changed);
    pthread_mutex_unlock(&gate->mutex);
}
