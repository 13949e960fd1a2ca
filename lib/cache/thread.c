/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "cache/thread.h"

#include "port/memory.h"

/* Entries of a table's first pages: a page of pointers on 64-bit systems. */
#define PAGES_MIN 512

FR_THREAD_LOCAL struct fr_thread fr_this_thread;

void fr_thread_drop_table(struct fr_thread *thread)
{
    if (thread->table && thread->table != thread->first)
        fr_thread_pages_free(thread->table, thread->table_size * sizeof(void *));
    thread->table = NULL;
    thread->table_size = 0;
}

int fr_thread_make_room(struct fr_thread *thread, size_t number)
{
    if (!thread->table) {
        thread->table = thread->first;
        thread->table_size = FR_THREAD_FIRST_ENTRIES;
    }
    if (number < thread->table_size)
        return 1;
    size_t size = PAGES_MIN;
    while (size <= number)
        size *= 2;
    void **table = fr_thread_pages_alloc(size * sizeof(void *));
    if (!table)
        return 0;
    memcpy(table, thread->table, thread->table_size * sizeof(void *));
    fr_thread_drop_table(thread);
    thread->table = table;
    thread->table_size = size;
    return 1;
}
