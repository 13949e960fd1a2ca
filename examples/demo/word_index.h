/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The word index: a hash table from words to the files that they occur in. The table, its nodes,
 * the words, the trees and the names of the documents all live in one heap, and each is given back
 * with the layout that it was allocated with. A document is one file, read in one pass.
 *
 * Every file belongs to a pass over the input, and a word is a different key in each pass.
 */
#ifndef DEMO_WORD_INDEX_H
#define DEMO_WORD_INDEX_H

#include "heap.h"
#include "postings.h"

struct word {
    struct word *next; /* in its bucket */
    char *text;        /* `length` characters and a zero byte; an object of its own */
    size_t length;
    uint32_t hash;
    uint32_t pass;
    uint64_t count;       /* occurrences in all files */
    struct posting *tree; /* where they are */
    struct posting
        *last; /* the posting counted last: the next occurrence is mostly in the same file */
};

struct document {
    char *path;             /* NULL once the document was dropped */
    size_t size;            /* of the path, with its zero byte */
    struct posting *newest; /* the list of all nodes that it has in trees */
};

struct word_index {
    struct heap *heap;
    struct word **buckets;
    size_t n_buckets; /* a power of two, or 0 */
    size_t n_words;
    size_t n_postings;
    uint64_t occurrences;
    struct document *documents; /* a posting's `file` is an index into it */
    size_t n_documents;         /* dropped ones included */
    size_t documents_room;
    uint32_t pass; /* of the file last begun */
};

/* What a lookup finds: nothing but zeros and NULL for a word that does not occur. */
struct word_answer {
    uint64_t occurrences;
    size_t files;
    const char *top_path; /* the file in which it occurs most often; valid until word_index_end */
    uint64_t top_count;
};

/* Begins an empty index whose memory is all from `heap`. Cannot fail. */
void word_index_begin(struct word_index *ix, struct heap *heap);

/* Begins a document: the words added from now on are from the file `path`, read in pass `pass`.
 * Returns 0, or -1 when out of memory. */
int word_index_add_document(struct word_index *ix, const char *path, uint32_t pass);

/* Counts one occurrence of a word in the document last begun. Returns 0, or -1 when out of memory:
 * the index then lacks this occurrence and is otherwise in order. */
int word_index_add(struct word_index *ix, const char *text, size_t length);

/* Looks a word up among those of pass 0. */
struct word_answer word_index_lookup(const struct word_index *ix, const char *text);

/*
 * Drops `n` words with all that belongs to them, picked and ordered at random; *seed is the state
 * of the generator. Returns 0, or -1 when there is no memory for the order, and nothing dropped.
 */
int word_index_drop_words(struct word_index *ix, size_t n, uint64_t *seed);

/* The same for `n` documents. Words that occur in no other document go with them. */
int word_index_drop_documents(struct word_index *ix, size_t n, uint64_t *seed);

/* Returns whether everything in the index is as it was put there: hashes, trees and sums. */
bool word_index_valid(const struct word_index *ix);

/* Gives everything back, the words that are left included. */
void word_index_end(struct word_index *ix);

#endif /* DEMO_WORD_INDEX_H */
