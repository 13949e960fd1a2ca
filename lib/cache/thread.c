/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "cache/thread.h"

#include "port/compiler.h"

#define KEY_FREE ((size_t)0)
#define KEY_GONE ((size_t)1)
/* A bit beside the address. hash_of drops it, so the entry stays where it is. */
#define KEY_RESTING ((size_t)2)

/* Entries of a table's first pages: a page on 64-bit systems. */
#define PAGES_MIN 256

FR_THREAD_LOCAL struct fr_thread fr_this_thread;

void fr_thread_set_fast(struct fr_thread *thread, size_t slot, void *cache)
{
    if (thread == fr_thread_self())
        thread->fast = fr_thread_slots();
    if (slot && thread->fast)
        fr_store_ptr_relaxed(&thread->fast->caches[slot], cache);
}

int fr_thread_make_lasting(struct fr_thread *self)
{
    if (!self->lasting)
        self->lasting = fr_thread_pages_alloc(sizeof(*self));
    return self->lasting != NULL;
}

static struct fr_thread_entry *entries_of(struct fr_thread *thread)
{
    return thread->table ? thread->table : thread->first;
}

static size_t size_of(const struct fr_thread *thread)
{
    return thread->table ? thread->table_size : FR_THREAD_FIRST_ENTRIES;
}

static size_t key_of(const void *instance)
{
    return (size_t)(uintptr_t)instance;
}

/* Instances are records of whole pages, so the low bits tell little. The multiplier is 2^64
 * divided by the golden ratio (Knuth, 6.4, multiplicative hashing). */
static size_t hash_of(size_t key)
{
    return ((key >> 6) * (size_t)0x9e3779b97f4a7c15u) >> (FR_WORD_BITS / 2);
}

/* The entry with a key, or the free one at which a search for it ends. */
static struct fr_thread_entry *probe(struct fr_thread_entry *entries, size_t size, size_t key)
{
    size_t i = hash_of(key) & (size - 1);
    for (;; i = (i + 1) & (size - 1)) {
        size_t found = fr_load_relaxed(&entries[i].key);
        if (found == key || found == KEY_FREE)
            return &entries[i];
    }
}

void *fr_thread_find(struct fr_thread *thread, const void *instance)
{
    const struct fr_thread_entry *e = probe(entries_of(thread), size_of(thread), key_of(instance));
    return fr_load_relaxed(&e->key) == KEY_FREE ? NULL : e->cache;
}

static size_t live_entries(struct fr_thread *thread)
{
    size_t n = 0;
    for (size_t i = 0; i < size_of(thread); i++)
        n += fr_load_relaxed(&entries_of(thread)[i].key) > KEY_GONE;
    return n;
}

/* Fills the first entry on a key's way that holds none. Returns non-zero when that was a free
 * one. */
static int insert(struct fr_thread_entry *entries, size_t size, size_t key, void *cache)
{
    size_t i = hash_of(key) & (size - 1);
    while (fr_load_relaxed(&entries[i].key) > KEY_GONE)
        i = (i + 1) & (size - 1);
    int was_free = fr_load_relaxed(&entries[i].key) == KEY_FREE;
    entries[i].cache = cache;
    fr_store_relaxed(&entries[i].key, key);
    return was_free;
}

static void drop_table(struct fr_thread *thread)
{
    if (thread->table)
        fr_thread_pages_free(thread->table, thread->table_size * sizeof(*thread->table));
    for (size_t i = 0; i < FR_THREAD_FIRST_ENTRIES; i++)
        fr_store_relaxed(&thread->first[i].key, KEY_FREE);
    thread->table = NULL;
    thread->table_size = 0;
    thread->table_used = 0;
}

/* Moves the entries to new pages, of a size that leaves three quarters free; those that are gone
 * stay behind. */
static int rebuild(struct fr_thread *thread)
{
    size_t live = live_entries(thread);
    size_t size = PAGES_MIN;
    while (size < 4 * live)
        size *= 2;
    struct fr_thread_entry *table = fr_thread_pages_alloc(size * sizeof(*table));
    if (!table)
        return 0;
    for (size_t i = 0; i < size_of(thread); i++) {
        const struct fr_thread_entry *e = &entries_of(thread)[i];
        if (fr_load_relaxed(&e->key) > KEY_GONE)
            insert(table, size, fr_load_relaxed(&e->key), e->cache);
    }
    drop_table(thread);
    thread->table = table;
    thread->table_size = size;
    thread->table_used = live;
    return 1;
}

int fr_thread_add(struct fr_thread *thread, const void *instance, void *cache)
{
    if (2 * (thread->table_used + 1) > size_of(thread) && !rebuild(thread))
        return 0;
    thread->table_used +=
        (size_t)insert(entries_of(thread), size_of(thread), key_of(instance), cache);
    return 1;
}

void fr_thread_remove(struct fr_thread *thread, const void *instance)
{
    struct fr_thread_entry *e = probe(entries_of(thread), size_of(thread), key_of(instance));
    if (fr_load_relaxed(&e->key) != KEY_FREE)
        fr_store_relaxed(&e->key, KEY_GONE);
}

void fr_thread_rest(struct fr_thread *thread, const void *instance)
{
    struct fr_thread_entry *e = probe(entries_of(thread), size_of(thread), key_of(instance));
    if (fr_load_relaxed(&e->key) != KEY_FREE)
        fr_store_relaxed(&e->key, key_of(instance) | KEY_RESTING);
}

/* There may be other resting entries with the same key: of instances that lay at the same address,
 * in libraries that were closed. */
void fr_thread_wake(struct fr_thread *thread, const void *instance, const void *cache)
{
    struct fr_thread_entry *entries = entries_of(thread);
    size_t key = key_of(instance) | KEY_RESTING;
    size_t i = hash_of(key) & (size_of(thread) - 1);
    for (;; i = (i + 1) & (size_of(thread) - 1)) {
        size_t found = fr_load_relaxed(&entries[i].key);
        if (found == key && entries[i].cache == cache)
            fr_store_relaxed(&entries[i].key, key_of(instance));
        if (found == KEY_FREE || (found == key && entries[i].cache == cache))
            return;
    }
}

void *fr_thread_next_resting(struct fr_thread *thread, size_t *place)
{
    while (*place < size_of(thread)) {
        const struct fr_thread_entry *e = &entries_of(thread)[(*place)++];
        if (fr_load_relaxed(&e->key) & KEY_RESTING)
            return e->cache;
    }
    return NULL;
}

void *fr_thread_remove_any(struct fr_thread *thread, size_t *place, int *rests)
{
    for (; *place < size_of(thread); ++*place) {
        struct fr_thread_entry *e = &entries_of(thread)[*place];
        size_t key = fr_load_relaxed(&e->key);
        if (key > KEY_GONE) {
            *rests = (key & KEY_RESTING) != 0;
            fr_store_relaxed(&e->key, KEY_GONE);
            return e->cache;
        }
    }
    return NULL;
}

void fr_thread_drop(struct fr_thread *self)
{
    struct fr_thread *lasting = self->lasting;
    drop_table(lasting ? lasting : self);
    self->lasting = NULL;
    if (lasting)
        fr_thread_pages_free(lasting, sizeof(*lasting));
}
