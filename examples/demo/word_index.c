/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "word_index.h"

#include "prng.h"

#include <stdalign.h>
#include <string.h>

#define FIRST_BUCKETS ((size_t)1024)
#define FIRST_FILES   ((size_t)64)

/* 32-bit FNV-1a (Fowler, Noll, Vo) over the pass and the characters. */
static uint32_t hash_word(const char *text, size_t length, uint32_t pass)
{
    uint32_t hash = (2166136261u ^ pass) * 16777619u;
    for (size_t i = 0; i < length; i++) {
        hash = (hash ^ (unsigned char)text[i]) * 16777619u;
    }
    return hash;
}

void word_index_begin(struct word_index *ix, frusa_t *heap)
{
    *ix = (struct word_index){.heap = heap};
}

/* ------------------------------------------------------------------------------------------------
 * The table
 */

/* Moves every word to a table of n_buckets. Returns 0, or -1 with the old table still in use. */
static int set_buckets(struct word_index *ix, size_t n_buckets)
{
    size_t align = alignof(struct word *);
    struct word **buckets = frusa_alloc_zeroed(ix->heap, n_buckets * sizeof *buckets, align);
    if (buckets == NULL) {
        return -1;
    }
    for (size_t i = 0; i < ix->n_buckets; i++) {
        for (struct word *w = ix->buckets[i], *next; w != NULL; w = next) {
            struct word **bucket = &buckets[w->hash & (n_buckets - 1)];
            next = w->next;
            w->next = *bucket;
            *bucket = w;
        }
    }
    frusa_dealloc(ix->heap, ix->buckets, ix->n_buckets * sizeof *ix->buckets, align);
    ix->buckets = buckets;
    ix->n_buckets = n_buckets;
    return 0;
}

/* Makes room for one more word. A table that cannot grow goes on with longer chains. */
static int make_room(struct word_index *ix)
{
    if (ix->n_buckets == 0) {
        return set_buckets(ix, FIRST_BUCKETS);
    }
    if (ix->n_words >= ix->n_buckets) {
        (void)set_buckets(ix, 2 * ix->n_buckets);
    }
    return 0;
}

/* Makes the table as small as its words allow; one that cannot shrink stays as it is. */
static void fit_buckets(struct word_index *ix)
{
    size_t n = FIRST_BUCKETS;
    while (n < ix->n_words) {
        n *= 2;
    }
    if (n < ix->n_buckets) {
        (void)set_buckets(ix, n);
    }
}

static struct word *find(const struct word_index *ix, const char *text, size_t length,
                         uint32_t hash, uint32_t pass)
{
    if (ix->n_buckets == 0) {
        return NULL;
    }
    struct word *w = ix->buckets[hash & (ix->n_buckets - 1)];
    while (w != NULL && (w->hash != hash || w->pass != pass || w->length != length ||
                         memcmp(w->text, text, length) != 0)) {
        w = w->next;
    }
    return w;
}

/* ------------------------------------------------------------------------------------------------
 * Words
 */

static struct word *new_word(struct word_index *ix, const char *text, size_t length, uint32_t hash)
{
    if (make_room(ix) != 0) {
        return NULL;
    }
    struct word *w = frusa_alloc(ix->heap, sizeof *w, alignof(struct word));
    char *copy = frusa_alloc(ix->heap, length + 1, 1);
    if (w == NULL || copy == NULL) {
        frusa_dealloc(ix->heap, w, sizeof *w, alignof(struct word));
        frusa_dealloc(ix->heap, copy, length + 1, 1);
        return NULL;
    }
    memcpy(copy, text, length);
    copy[length] = '\0';
    struct word **bucket = &ix->buckets[hash & (ix->n_buckets - 1)];
    *w = (struct word){
        .next = *bucket, .text = copy, .length = length, .hash = hash, .pass = ix->pass};
    *bucket = w;
    ix->n_words++;
    return w;
}

/* Takes a word out of its bucket and gives it back with its text and its tree. */
static void drop_word(struct word_index *ix, struct word *w)
{
    struct word **link = &ix->buckets[w->hash & (ix->n_buckets - 1)];
    while (*link != w) {
        link = &(*link)->next;
    }
    *link = w->next;
    ix->n_words--;
    ix->occurrences -= w->count;
    ix->n_postings -= postings_drop(ix->heap, w->tree);
    frusa_dealloc(ix->heap, w->text, w->length + 1, 1);
    frusa_dealloc(ix->heap, w, sizeof *w, alignof(struct word));
}

int word_index_add(struct word_index *ix, const char *text, size_t length)
{
    uint32_t file = (uint32_t)(ix->n_files - 1);
    uint32_t hash = hash_word(text, length, ix->pass);
    struct word *w = find(ix, text, length, hash, ix->pass);
    if (w == NULL && (w = new_word(ix, text, length, hash)) == NULL) {
        return -1;
    }
    if (w->last == NULL || w->last->file != file) {
        struct posting *posting = postings_get(ix->heap, &w->tree, file);
        if (posting == NULL) {
            return -1;
        }
        ix->n_postings += posting->count == 0;
        w->last = posting;
    }
    w->last->count++;
    w->count++;
    ix->occurrences++;
    return 0;
}

struct word_answer word_index_lookup(const struct word_index *ix, const char *text)
{
    size_t length = strlen(text);
    const struct word *w = find(ix, text, length, hash_word(text, length, 0), 0);
    struct posting_sums sums = {0};
    if (w == NULL || w->tree == NULL) {
        return (struct word_answer){0};
    }
    postings_sum(w->tree, &sums);
    return (struct word_answer){.occurrences = sums.occurrences,
                                .files = sums.files,
                                .top_path = ix->files[sums.top_file].path,
                                .top_count = sums.top_count};
}

/* ------------------------------------------------------------------------------------------------
 * File names
 */

int word_index_add_file(struct word_index *ix, const char *path, uint32_t pass)
{
    size_t size = strlen(path) + 1;
    if (ix->n_files == ix->files_room) {
        size_t room = ix->files_room == 0 ? FIRST_FILES : 2 * ix->files_room;
        struct file_name *files = frusa_realloc(ix->heap, ix->files, ix->files_room * sizeof *files,
                                                alignof(struct file_name), room * sizeof *files);
        if (files == NULL) {
            return -1;
        }
        ix->files = files;
        ix->files_room = room;
    }
    char *copy = frusa_alloc(ix->heap, size, 1);
    if (copy == NULL) {
        return -1;
    }
    memcpy(copy, path, size);
    ix->files[ix->n_files++] = (struct file_name){.path = copy, .size = size};
    ix->pass = pass;
    return 0;
}

/* ------------------------------------------------------------------------------------------------
 * The whole index
 */

/* Fisher and Yates' shuffle. */
static void shuffle(struct word **order, size_t n, uint64_t *seed)
{
    for (size_t i = n; i > 1; i--) {
        size_t j = prng_below(seed, i);
        struct word *w = order[i - 1];
        order[i - 1] = order[j];
        order[j] = w;
    }
}

int word_index_drop(struct word_index *ix, size_t n, uint64_t *seed)
{
    size_t n_words = ix->n_words;
    size_t bytes = n_words * sizeof(struct word *);
    struct word **order = frusa_alloc(ix->heap, bytes, alignof(struct word *));
    if (order == NULL) {
        return -1;
    }
    size_t filled = 0;
    for (size_t i = 0; i < ix->n_buckets; i++) {
        for (struct word *w = ix->buckets[i]; w != NULL; w = w->next) {
            order[filled++] = w;
        }
    }
    shuffle(order, n_words, seed);
    for (size_t i = 0; i < n && i < n_words; i++) {
        drop_word(ix, order[i]);
    }
    frusa_dealloc(ix->heap, order, bytes, alignof(struct word *));
    fit_buckets(ix);
    return 0;
}

static bool word_valid(const struct word *w, size_t bucket, size_t n_buckets)
{
    struct posting_sums sums = {0};
    postings_sum(w->tree, &sums);
    return (w->hash & (n_buckets - 1)) == bucket && w->text[w->length] == '\0' &&
           hash_word(w->text, w->length, w->pass) == w->hash && sums.occurrences == w->count &&
           postings_valid(w->tree);
}

bool word_index_valid(const struct word_index *ix)
{
    size_t words = 0;
    uint64_t occurrences = 0;
    for (size_t i = 0; i < ix->n_buckets; i++) {
        for (const struct word *w = ix->buckets[i]; w != NULL; w = w->next) {
            if (!word_valid(w, i, ix->n_buckets)) {
                return false;
            }
            words++;
            occurrences += w->count;
        }
    }
    return words == ix->n_words && occurrences == ix->occurrences;
}

void word_index_end(struct word_index *ix)
{
    for (size_t i = 0; i < ix->n_buckets; i++) {
        while (ix->buckets[i] != NULL) {
            drop_word(ix, ix->buckets[i]);
        }
    }
    frusa_dealloc(ix->heap, ix->buckets, ix->n_buckets * sizeof *ix->buckets,
                  alignof(struct word *));
    for (size_t i = 0; i < ix->n_files; i++) {
        frusa_dealloc(ix->heap, ix->files[i].path, ix->files[i].size, 1);
    }
    frusa_dealloc(ix->heap, ix->files, ix->files_room * sizeof *ix->files,
                  alignof(struct file_name));
    word_index_begin(ix, ix->heap);
}
