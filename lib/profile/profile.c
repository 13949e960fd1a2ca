/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "profile/profile.h"

#include "port/calendar.h"
#include "port/memory.h"
#include "port/pages.h"
#include "port/stack.h"
#include "port/tls.h"
#include "profile/gap.h"

#define SITE_HEADS ((size_t)1 << 14)

#define CHUNK_BYTES ((size_t)256 << 10)

/* An object that was sampled and is live. */
struct fr_sample {
    struct fr_sample *next; /* in its bucket, or of the free ones */
    const void *object;
    size_t size;
    struct fr_site *site;
};

/* Memory for samples and sites, which goes back all at once. */
struct fr_profile_chunk {
    struct fr_profile_chunk *next;
};

/* The thread is taking a sample: what the walk of the stack allocates is not sampled. */
static FR_THREAD_LOCAL int is_sampling;

static size_t whole_pages(size_t bytes)
{
    return fr_align_up(bytes, fr_page_size());
}

static void *map(size_t bytes)
{
    return fr_pages_map(whole_pages(bytes), fr_page_size());
}

static void guard(struct fr_profile *p)
{
    fr_lock_acquire(&p->lock, FR_RANK_PROFILE);
}

static void unguard(struct fr_profile *p)
{
    fr_lock_release(&p->lock, FR_RANK_PROFILE);
}

/* ---- The record
 * ------------------------------------------------------------------------------------ */

/* The tables of pointers lie behind the record, in the same mapping. */
#define TABLES_BYTES  ((FR_PROFILE_BUCKETS + SITE_HEADS) * sizeof(void *))
#define RECORD_BYTES  (fr_align_up(sizeof(struct fr_profile), FR_CACHE_LINE) + TABLES_BYTES)
#define RECORD_TABLES fr_align_up(sizeof(struct fr_profile), FR_CACHE_LINE)

struct fr_profile *fr_profile_create(void)
{
    struct fr_profile *p = map(RECORD_BYTES);
    if (!p)
        return NULL;
    p->buckets = (void *)((char *)p + RECORD_TABLES);
    p->sites = (void *)(p->buckets + FR_PROFILE_BUCKETS);
    return p;
}

static void free_chunks(struct fr_profile *p)
{
    for (struct fr_profile_chunk *chunk = p->chunks, *next; chunk; chunk = next) {
        next = chunk->next;
        fr_pages_unmap(chunk, CHUNK_BYTES);
    }
    p->chunks = NULL;
}

void fr_profile_free(struct fr_profile *p)
{
    free_chunks(p);
    fr_pages_unmap(p, whole_pages(RECORD_BYTES));
}

/* Under the lock: forgets all samples and sites. Buckets that were never used are not touched. */
static void clear(struct fr_profile *p)
{
    for (size_t i = 0; i < FR_PROFILE_BUCKETS / FR_WORD_BITS; i++) {
        if (!fr_load_relaxed(&p->filter[i]))
            continue;
        fr_store_relaxed(&p->filter[i], 0);
        memset(p->buckets + i * FR_WORD_BITS, 0, FR_WORD_BITS * sizeof(*p->buckets));
    }
    if (p->sites_n)
        memset(p->sites, 0, SITE_HEADS * sizeof(*p->sites));
    p->sites_n = 0;
    p->free_samples = NULL;
    free_chunks(p);
    p->owners = 0;
    p->lost = 0;
    memset(&p->shared, 0, sizeof(p->shared));
}

int fr_profile_begin(struct fr_profile *p, size_t rate)
{
    guard(p);
    int begins = !fr_load_relaxed(&p->on);
    if (begins) {
        clear(p);
        p->rate = rate;
        p->started = fr_calendar_now();
        p->stopped = 0;
        fr_store_release(&p->on, ++p->number);
    }
    unguard(p);
    return begins;
}

int fr_profile_end(struct fr_profile *p)
{
    guard(p);
    int ends = fr_load_relaxed(&p->on) != 0;
    if (ends) {
        p->stopped = fr_calendar_now();
        fr_store_relaxed(&p->on, 0);
    }
    unguard(p);
    return ends;
}

/* ---- Samples and sites, under the lock
 * ------------------------------------------------------------- */

/* NULL: the system has no memory. */
static void *take_memory(struct fr_profile *p, size_t bytes)
{
    if (!p->chunks || bytes > CHUNK_BYTES - p->chunk_used) {
        struct fr_profile_chunk *chunk = fr_pages_map(CHUNK_BYTES, fr_page_size());
        if (!chunk)
            return NULL;
        chunk->next = p->chunks;
        p->chunks = chunk;
        p->chunk_used = sizeof(*chunk);
    }
    void *memory = (char *)p->chunks + p->chunk_used;
    p->chunk_used += bytes;
    return memory;
}

static struct fr_site **head_of_stack(struct fr_profile *p, const void *const *stack, size_t depth)
{
    uint64_t hash = depth;
    for (size_t i = 0; i < depth; i++)
        hash = (hash ^ (uintptr_t)stack[i]) * 0x9e3779b97f4a7c15u;
    return &p->sites[(hash >> 32) % SITE_HEADS];
}

static struct fr_site *new_site(struct fr_profile *p, const void *const *stack, size_t depth)
{
    struct fr_site *site = take_memory(p, sizeof(*site) + depth * sizeof(*stack));
    if (!site)
        return NULL;
    memset(site, 0, sizeof(*site));
    site->depth = depth;
    memcpy(site->stack, stack, depth * sizeof(*stack));
    p->sites_n++;
    return site;
}

static struct fr_site *site_of(struct fr_profile *p, const void *const *stack, size_t depth)
{
    struct fr_site **head = head_of_stack(p, stack, depth);
    for (struct fr_site *site = *head; site; site = site->next)
        if (site->depth == depth && memcmp(site->stack, stack, depth * sizeof(*stack)) == 0)
            return site;
    struct fr_site *site = new_site(p, stack, depth);
    if (site) {
        site->next = *head;
        *head = site;
    }
    return site;
}

static struct fr_tally tally_of(const struct fr_profile *p, size_t size)
{
    struct fr_tally t = {1, size, fr_gap_weight(size, p->rate), 0};
    t.bytes = (t.objects * size + FR_WEIGHT_ONE / 2) / FR_WEIGHT_ONE;
    return t;
}

static void add(struct fr_tally *sum, const struct fr_tally *t)
{
    sum->samples += t->samples;
    sum->sampled_bytes += t->sampled_bytes;
    sum->objects += t->objects;
    sum->bytes += t->bytes;
}

static void subtract(struct fr_tally *sum, const struct fr_tally *t)
{
    sum->samples -= t->samples;
    sum->sampled_bytes -= t->sampled_bytes;
    sum->objects -= t->objects;
    sum->bytes -= t->bytes;
}

static void set_bit(struct fr_profile *p, size_t bucket, int value)
{
    fr_atomic *word = &p->filter[bucket / FR_WORD_BITS];
    size_t bit = (size_t)1 << bucket % FR_WORD_BITS;
    size_t now = fr_load_relaxed(word);
    fr_store_relaxed(word, value ? now | bit : now & ~bit);
}

/* 0: no memory. */
static int insert(struct fr_profile *p, const void *object, size_t size, struct fr_site *site)
{
    size_t bucket = fr_profile_bucket(object);
    struct fr_sample *s = p->free_samples;
    if (s)
        p->free_samples = s->next;
    else if (!(s = take_memory(p, sizeof(*s))))
        return 0;
    s->object = object;
    s->size = size;
    s->site = site;
    s->next = p->buckets[bucket];
    p->buckets[bucket] = s;
    set_bit(p, bucket, 1);
    return 1;
}

/* Returns 0 when the object is not sampled. */
static int remove_sample(struct fr_profile *p, const void *object, struct fr_sampled *sampled)
{
    size_t bucket = fr_profile_bucket(object);
    struct fr_sample **at = &p->buckets[bucket];
    while (*at && (*at)->object != object)
        at = &(*at)->next;
    struct fr_sample *s = *at;
    if (!s)
        return 0;
    *at = s->next;
    if (!p->buckets[bucket])
        set_bit(p, bucket, 0);
    sampled->number = fr_load_relaxed(&p->on);
    sampled->size = s->size;
    sampled->site = s->site;
    s->next = p->free_samples;
    p->free_samples = s;
    return 1;
}

static void forget_object(struct fr_profile *p, const void *object, struct fr_sampled *sampled)
{
    if (!remove_sample(p, object, sampled))
        return;
    struct fr_tally t = tally_of(p, sampled->size);
    subtract(&sampled->site->live, &t);
}

/* ---- What the instance tells
 * ----------------------------------------------------------------------- */

static void enter(struct fr_profile *p, size_t number, const void *object, size_t size,
                  const void *const *stack, size_t depth)
{
    guard(p);
    if (fr_load_relaxed(&p->on) == number) {
        struct fr_sampled before;
        struct fr_site *site = site_of(p, stack, depth);
        struct fr_tally t = tally_of(p, size);
        forget_object(p, object, &before); /* given back without being told of */
        if (site && insert(p, object, size, site)) {
            add(&site->live, &t);
            add(&site->all, &t);
        } else {
            p->lost++;
        }
    }
    unguard(p);
}

static FR_NOINLINE void take_sample(struct fr_profile *p, size_t number, const void *object,
                                    size_t size)
{
    const void *stack[FR_PROFILE_DEPTH];
    if (is_sampling)
        return;
    is_sampling = 1;
    size_t depth = fr_stack_walk(stack, FR_PROFILE_DEPTH);
    enter(p, number, object, size, stack, depth);
    is_sampling = 0;
}

/* The countdown is made for a profile. Each has numbers of its own, the same in every run of a
 * program with one thread. */
static void start_countdown(struct fr_profile *p, struct fr_countdown *countdown, size_t number)
{
    countdown->random = p->owners++;
    fr_random_next(&countdown->random);
    countdown->number = number;
    countdown->left = fr_gap_next(&countdown->random, p->rate);
}

/* Counts an object; non-zero when it is to be sampled. */
static int is_hit(struct fr_profile *p, struct fr_countdown *countdown, size_t size)
{
    if (size < countdown->left) {
        countdown->left -= size;
        return 0;
    }
    countdown->left = fr_gap_next(&countdown->random, p->rate);
    return 1;
}

void fr_profile_count_slow(struct fr_profile *p, struct fr_countdown *countdown, const void *object,
                           size_t size)
{
    int hit = 0;
    guard(p);
    size_t number = fr_load_relaxed(&p->on);
    if (!countdown)
        countdown = &p->shared;
    if (number && countdown->number != number)
        start_countdown(p, countdown, number);
    if (number)
        hit = is_hit(p, countdown, size);
    unguard(p);
    if (hit)
        take_sample(p, number, object, size);
}

struct fr_sampled fr_profile_forget_slow(struct fr_profile *p, const void *object)
{
    struct fr_sampled sampled = {0, 0, NULL};
    guard(p);
    if (fr_load_relaxed(&p->on))
        forget_object(p, object, &sampled);
    unguard(p);
    return sampled;
}

void fr_profile_restore(struct fr_profile *p, const struct fr_sampled *sampled, const void *object)
{
    if (!sampled->number)
        return;
    guard(p);
    if (fr_load_relaxed(&p->on) == sampled->number &&
        insert(p, object, sampled->size, sampled->site)) {
        struct fr_tally t = tally_of(p, sampled->size);
        add(&sampled->site->live, &t);
    }
    unguard(p);
}

/* ---- A copy
 * ---------------------------------------------------------------------------------------- */

static size_t site_bytes(const struct fr_site *site)
{
    return sizeof(*site) + site->depth * sizeof(site->stack[0]);
}

static void copy_sites(struct fr_profile_copy *copy, const struct fr_profile *p)
{
    char *at = (char *)(copy + 1);
    for (size_t i = 0; i < SITE_HEADS; i++)
        for (const struct fr_site *site = p->sites[i]; site; site = site->next) {
            struct fr_site *own = (void *)at;
            memcpy(own, site, site_bytes(site));
            own->next = copy->sites;
            copy->sites = own;
            copy->sites_n++;
            at += site_bytes(site);
        }
}

/* Bytes that a copy takes at most. */
static size_t copy_bytes(const struct fr_profile *p)
{
    size_t site = sizeof(struct fr_site) + FR_PROFILE_DEPTH * sizeof(void *);
    return whole_pages(sizeof(struct fr_profile_copy) + p->sites_n * site);
}

struct fr_profile_copy *fr_profile_copy(struct fr_profile *p, int *exists)
{
    struct fr_profile_copy *copy = NULL;
    guard(p);
    *exists = p->number != 0;
    size_t bytes = copy_bytes(p);
    if (*exists && (copy = map(bytes)) != NULL) {
        copy->bytes = bytes;
        copy->rate = p->rate;
        copy->lost = p->lost;
        copy->started = p->started;
        copy->stopped = p->stopped;
        copy_sites(copy, p);
    }
    unguard(p);
    return copy;
}

void fr_profile_copy_free(struct fr_profile_copy *copy)
{
    fr_pages_unmap(copy, copy->bytes);
}
