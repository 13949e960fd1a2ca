/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "port/tls.h"

#if FR_HAVE_TLS
#include <pthread.h>

#include "port/atomic.h"
#include "port/compiler.h"
#include "port/pages.h"
#include "port/wait.h"

enum { KEY_NONE, KEY_BUSY, KEY_READY, KEY_REFUSED };

static pthread_key_t exit_key;
static fr_atomic exit_key_state;

const void *fr_thread_id(void)
{
    static FR_THREAD_LOCAL char id;
    return &id;
}

/* Creates the key on first use; the loser of the race waits, the winner calls nothing that
 * waits. */
static int exit_key_ready(void (*callback)(void *))
{
    unsigned round = 0;
    for (;;) {
        size_t state = fr_load_acquire(&exit_key_state);
        if (state == KEY_READY || state == KEY_REFUSED)
            return state == KEY_READY;
        if (state == KEY_NONE && fr_cas_acquire(&exit_key_state, KEY_NONE, KEY_BUSY)) {
            int refused = pthread_key_create(&exit_key, callback);
            fr_store_release(&exit_key_state, refused ? KEY_REFUSED : KEY_READY);
            return !refused;
        }
        fr_back_off(&round);
    }
}

int fr_thread_at_exit(void (*callback)(void *), void *arg)
{
    if (!exit_key_ready(callback))
        return 0;
    return pthread_setspecific(exit_key, arg) == 0;
}

void fr_thread_after_fork(void)
{
    fr_cas_acquire(&exit_key_state, KEY_BUSY, KEY_NONE);
}

/* A library that holds a static copy of this one may be closed: no key may then point into it.
 * Last, as until the copy's instances are destroyed threads that end must be heard of. */
FR_DESTRUCTOR static void delete_exit_key(void)
{
    if (fr_cas_acquire(&exit_key_state, KEY_READY, KEY_REFUSED))
        pthread_key_delete(exit_key);
}

static size_t whole_pages(size_t bytes)
{
    return fr_align_up(bytes, fr_page_size());
}

void *fr_thread_pages_alloc(size_t bytes)
{
    return fr_pages_map(whole_pages(bytes), fr_page_size());
}

void fr_thread_pages_free(void *pages, size_t bytes)
{
    fr_pages_unmap(pages, whole_pages(bytes));
}
#else
const void *fr_thread_id(void)
{
    return NULL;
}

void fr_thread_after_fork(void)
{
}

int fr_thread_at_exit(void (*callback)(void *), void *arg)
{
    (void)callback;
    (void)arg;
    return 0;
}

/* Not reached: there is no thread to make a table for. */
void *fr_thread_pages_alloc(size_t bytes)
{
    (void)bytes;
    return NULL;
}

void fr_thread_pages_free(void *pages, size_t bytes)
{
    (void)pages;
    (void)bytes;
}
#endif
