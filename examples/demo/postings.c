/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "postings.h"

#include <stdalign.h>

/* A left child of the same level becomes the parent. */
static struct posting *skew(struct posting *node)
{
    struct posting *left = node->left;
    if (left == NULL || left->level != node->level) {
        return node;
    }
    node->left = left->right;
    left->right = node;
    return left;
}

/* Three nodes of one level in a row: the middle one rises above the others. */
static struct posting *split(struct posting *node)
{
    struct posting *right = node->right;
    if (right == NULL || right->right == NULL || right->right->level != node->level) {
        return node;
    }
    node->right = right->left;
    right->left = node;
    right->level++;
    return right;
}

/* Recursion is as deep as the tree is high: at most twice the logarithm of its size. */
static struct posting *insert(struct posting *node, struct posting *item)
{
    if (node == NULL) {
        return item;
    }
    if (item->file < node->file) {
        node->left = insert(node->left, item);
    } else {
        node->right = insert(node->right, item);
    }
    return split(skew(node));
}

struct posting *postings_get(frusa_t *heap, struct posting **root, uint32_t file)
{
    struct posting *node = *root;
    while (node != NULL && node->file != file) {
        node = file < node->file ? node->left : node->right;
    }
    if (node != NULL) {
        return node;
    }
    node = frusa_alloc(heap, sizeof *node, alignof(struct posting));
    if (node == NULL) {
        return NULL;
    }
    *node = (struct posting){.file = file, .level = 1};
    *root = insert(*root, node);
    return node;
}

void postings_sum(const struct posting *root, struct posting_sums *sums)
{
    if (root == NULL) {
        return;
    }
    postings_sum(root->left, sums);
    sums->files++;
    sums->occurrences += root->count;
    if (root->count > sums->top_count) {
        sums->top_count = root->count;
        sums->top_file = root->file;
    }
    postings_sum(root->right, sums);
}

/* Whether every file number of the tree lies in [low, high) and the levels are those of an AA
 * tree. */
static bool valid_between(const struct posting *node, uint64_t low, uint64_t high)
{
    if (node == NULL) {
        return true;
    }
    const struct posting *left = node->left;
    const struct posting *right = node->right;
    uint32_t left_level = left == NULL ? 0 : left->level;
    uint32_t right_level = right == NULL ? 0 : right->level;
    uint32_t outer_level = right == NULL || right->right == NULL ? 0 : right->right->level;
    return node->file >= low && node->file < high && left_level + 1 == node->level &&
           (right_level == node->level || right_level + 1 == node->level) &&
           outer_level < node->level && valid_between(left, low, node->file) &&
           valid_between(right, (uint64_t)node->file + 1, high);
}

bool postings_valid(const struct posting *root)
{
    return valid_between(root, 0, (uint64_t)UINT32_MAX + 1);
}

size_t postings_drop(frusa_t *heap, struct posting *root)
{
    if (root == NULL) {
        return 0;
    }
    size_t dropped = 1 + postings_drop(heap, root->left) + postings_drop(heap, root->right);
    frusa_dealloc(heap, root, sizeof *root, alignof(struct posting));
    return dropped;
}
