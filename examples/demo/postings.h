/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The balanced tree of one word: a node, or posting, for each file in which the word occurs. An AA
 * tree (Arne Andersson, "Balanced search trees made simple", 1993), ordered by file number. Every
 * node lives in the heap that the caller names. The nodes of one document form a list too, so that
 * a document can be taken out of every tree.
 */
#ifndef DEMO_POSTINGS_H
#define DEMO_POSTINGS_H

#include "heap.h"

#include <stdbool.h>
#include <stdint.h>

struct word;

struct posting {
    struct posting *left;
    struct posting *right;
    struct word *word;     /* whose tree this node is in */
    struct posting *older; /* in the list of its document: the node made before this one */
    struct posting *newer;
    uint32_t file;
    uint32_t level; /* 1 for a leaf; grows towards the root */
    uint64_t count; /* occurrences of the word in that file */
};

/* What a whole tree adds up to. */
struct posting_sums {
    size_t files;
    uint64_t occurrences;
    uint32_t top_file; /* where the word occurs most often; the first such file */
    uint64_t top_count;
};

/*
 * Returns the posting of `file` in the tree at *root, making one with count 0 if there is none.
 * NULL with the tree unchanged when out of memory.
 */
struct posting *postings_get(struct heap *heap, struct posting **root, uint32_t file);

/* Takes a node out of the tree at *root, which it is in. The caller gives it back. */
void postings_take_out(struct posting **root, const struct posting *item);

/* Adds the tree at `root` to *sums. */
void postings_sum(const struct posting *root, struct posting_sums *sums);

/* Returns whether the tree at `root` is ordered and balanced as it must be. */
bool postings_valid(const struct posting *root);

/* Gives one node back, which is in no tree. */
void postings_give_back(struct heap *heap, struct posting *posting);

#endif /* DEMO_POSTINGS_H */
