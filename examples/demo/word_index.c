/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "word_index.h"

#include "prng.h"

#include <stdalign.h>
#include <string.h>

#define FIRST_BUCKETS   ((size_t)1024)
#define FIRST_DOCUMENTS ((size_t)64)

/* 32-bit FNV-1a (Fowler, Noll, Vo) over the pass and the characters. */
static uint32_t hash_word(const char *text, size_t length, uint32_t pass)
{
    uint32_t hash = (2166136261u ^ pass) * 16777619u;
    for (size_t i = 0; i < length; i++) {
        hash = (hash ^ (unsigned char)text[i]) * 16777619u;
    }
    return hash;
}

void word_index_begin(struct word_index *ix, struct heap *heap)
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
    struct word **buckets = heap_alloc_zeroed(ix->heap, n_buckets * sizeof *buckets, align);
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
    heap_dealloc(ix->heap, ix->buckets, ix->n_buckets * sizeof *ix->buckets, align);
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
    struct word *w = heap_alloc(ix->heap, sizeof *w, alignof(struct word));
    char *copy = heap_alloc(ix->heap, length + 1, 1);
    if (w == NULL || copy == NULL) {
        heap_dealloc(ix->heap, w, sizeof *w, alignof(struct word));
        heap_dealloc(ix->heap, copy, length + 1, 1);
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

static void link_posting(struct document *document, struct posting *posting)
{
    posting->older = document->newest;
    if (posting->older != NULL) {
        posting->older->newer = posting;
    }
    document->newest = posting;
}

/* Takes a posting out of the list of its document and gives it back. */
static void drop_posting(struct word_index *ix, struct posting *posting)
{
    if (posting->newer != NULL) {
        posting->newer->older = posting->older;
    } else {
        ix->documents[posting->file].newest = posting->older;
    }
    if (posting->older != NULL) {
        posting->older->newer = posting->newer;
    }
    ix->n_postings--;
    postings_give_back(ix->heap, posting);
}

static void drop_tree(struct word_index *ix, struct posting *root)
{
    if (root != NULL) {
        drop_tree(ix, root->left);
        drop_tree(ix, root->right);
        drop_posting(ix, root);
    }
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
    drop_tree(ix, w->tree);
    heap_dealloc(ix->heap, w->text, w->length + 1, 1);
    heap_dealloc(ix->heap, w, sizeof *w, alignof(struct word));
}

/* Returns the node of `w` for the document last begun, which it may have to make. */
static struct posting *find_posting(struct word_index *ix, struct word *w)
{
    uint32_t file = (uint32_t)(ix->n_documents - 1);
    if (w->last != NULL && w->last->file == file) {
        return w->last;
    }
    struct posting *posting = postings_get(ix->heap, &w->tree, file);
    if (posting != NULL && posting->word == NULL) {
        posting->word = w;
        link_posting(&ix->documents[file], posting);
        ix->n_postings++;
    }
    return posting;
}

int word_index_add(struct word_index *ix, const char *text, size_t length)
{
    uint32_t hash = hash_word(text, length, ix->pass);
    struct word *w = find(ix, text, length, hash, ix->pass);
    if (w == NULL && (w = new_word(ix, text, length, hash)) == NULL) {
        return -1;
    }
    struct posting *posting = find_posting(ix, w);
    if (posting == NULL) {
        return -1;
    }
    w->last = posting;
    posting->count++;
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
                                .top_path = ix->documents[sums.top_file].path,
                                .top_count = sums.top_count};
}

/* ------------------------------------------------------------------------------------------------
 * Documents
 */

/* Makes room for one more document. Returns 0, or -1 when out of memory. */
static int make_document_room(struct word_index *ix)
{
    struct document *documents = ix->documents;
    size_t room = ix->documents_room == 0 ? FIRST_DOCUMENTS : 2 * ix->documents_room;
    if (ix->n_documents < ix->documents_room) {
        return 0;
    }
    documents = heap_realloc(ix->heap, documents, ix->documents_room * sizeof *documents,
                             alignof(struct document), room * sizeof *documents);
    if (documents == NULL) {
        return -1;
    }
    ix->documents = documents;
    ix->documents_room = room;
    return 0;
}

int word_index_add_document(struct word_index *ix, const char *path, uint32_t pass)
{
    size_t size = strlen(path) + 1;
    if (make_document_room(ix) != 0) {
        return -1;
    }
    char *copy = heap_alloc(ix->heap, size, 1);
    if (copy == NULL) {
        return -1;
    }
    memcpy(copy, path, size);
    ix->documents[ix->n_documents++] = (struct document){.path = copy, .size = size};
    ix->pass = pass;
    return 0;
}

/* Takes every posting of a document out of its tree, and drops the words that this leaves without
 * any. */
static void drop_document(struct word_index *ix, struct document *document)
{
    while (document->newest != NULL) {
        struct posting *posting = document->newest;
        struct word *w = posting->word;
        postings_take_out(&w->tree, posting);
        w->count -= posting->count;
        ix->occurrences -= posting->count;
        w->last = w->last == posting ? NULL : w->last;
        drop_posting(ix, posting);
        if (w->tree == NULL) {
            drop_word(ix, w);
        }
    }
    heap_dealloc(ix->heap, document->path, document->size, 1);
    document->path = NULL;
}

/* ------------------------------------------------------------------------------------------------
 * The whole index
 */

/* Fisher and Yates' shuffle. */
static void shuffle(void **order, size_t n, uint64_t *seed)
{
    for (size_t i = n; i > 1; i--) {
        size_t j = prng_below(seed, i);
        void *item = order[i - 1];
        order[i - 1] = order[j];
        order[j] = item;
    }
}

int word_index_drop_words(struct word_index *ix, size_t n, uint64_t *seed)
{
    size_t n_words = ix->n_words;
    size_t bytes = n_words * sizeof(void *);
    void **order = heap_alloc(ix->heap, bytes, alignof(void *));
    if (order == NULL) {
        return -1;
    }
    size_t filled = 0;
    for (size_t i = 0; i < ix->n_buckets; i++) {
        for (struct word *w = ix->buckets[i]; w != NULL; w = w->next) {
            order[filled++] = w;
        }
    }
    shuffle(order, filled, seed);
    for (size_t i = 0; i < n && i < filled; i++) {
        drop_word(ix, order[i]);
    }
    heap_dealloc(ix->heap, order, bytes, alignof(void *));
    fit_buckets(ix);
    return 0;
}

int word_index_drop_documents(struct word_index *ix, size_t n, uint64_t *seed)
{
    size_t bytes = ix->n_documents * sizeof(void *);
    void **order = heap_alloc(ix->heap, bytes, alignof(void *));
    if (order == NULL) {
        return -1;
    }
    size_t filled = 0;
    for (size_t i = 0; i < ix->n_documents; i++) {
        if (ix->documents[i].path != NULL) {
            order[filled++] = &ix->documents[i];
        }
    }
    shuffle(order, filled, seed);
    for (size_t i = 0; i < n && i < filled; i++) {
        drop_document(ix, order[i]);
    }
    heap_dealloc(ix->heap, order, bytes, alignof(void *));
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
    heap_dealloc(ix->heap, ix->buckets, ix->n_buckets * sizeof *ix->buckets,
                 alignof(struct word *));
    for (size_t i = 0; i < ix->n_documents; i++) {
        heap_dealloc(ix->heap, ix->documents[i].path, ix->documents[i].size, 1);
    }
    heap_dealloc(ix->heap, ix->documents, ix->documents_room * sizeof *ix->documents,
                 alignof(struct document));
    word_index_begin(ix, ix->heap);
}
