/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The balanced tree of one word: a node, or posting, for each file in which the word occurs. An AA
 * tree (Arne Andersson, "Balanced search trees made simple", 1993), ordered by file number. Every
 * node lives in the libfrusa instance that the caller names.
 */
#ifndef DEMO_POSTINGS_H
#define DEMO_POSTINGS_H

#include <frusa.h>

#include <stdbool.h>
#include <stdint.h>

struct posting {
    struct posting *left;
    struct posting *right;
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
 * NULL with the tree unchanged when the instance is out of memory.
 */
struct posting *postings_get(frusa_t *heap, struct posting **root, uint32_t file);

/* Adds the tree at `root` to *sums. */
void postings_sum(const struct posting *root, struct posting_sums *sums);

/* Returns whether the tree at `root` is ordered and balanced as it must be. */
bool postings_valid(const struct posting *root);

/* Gives every node back and returns how many there were. */
size_t postings_drop(frusa_t *heap, struct posting *root);

#endif /* DEMO_POSTINGS_H */
