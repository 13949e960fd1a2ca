/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "postings.h"

#include <stdalign.h>

/* A left child of the same level becomes the parent. */
static struct posting *skew(struct posting *node)
{
    struct posting *left = node == NULL ? NULL : node->left;
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
    struct posting *right = node == NULL ? NULL : node->right;
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

struct posting *postings_get(struct heap *heap, struct posting **root, uint32_t file)
{
    struct posting *node = *root;
    while (node != NULL && node->file != file) {
        node = file < node->file ? node->left : node->right;
    }
    if (node != NULL) {
        return node;
    }
    node = heap_alloc(heap, sizeof *node, alignof(struct posting));
    if (node == NULL) {
        return NULL;
    }
    *node = (struct posting){.file = file, .level = 1};
    *root = insert(*root, node);
    return node;
}

static uint32_t level_of(const struct posting *node)
{
    return node == NULL ? 0 : node->level;
}

/* Restores the levels of a node whose children may have come down by one. */
static struct posting *rebalance(struct posting *node)
{
    uint32_t left = level_of(node->left);
    uint32_t right = level_of(node->right);
    uint32_t level = (left < right ? left : right) + 1;
    if (level < node->level) {
        node->level = level;
        if (level < right) {
            node->right->level = level;
        }
    }
    node = skew(node);
    node->right = skew(node->right);
    if (node->right != NULL) {
        node->right->right = skew(node->right->right);
    }
    node = split(node);
    node->right = split(node->right);
    return node;
}

static struct posting *take_out(struct posting *node, const struct posting *item)
{
    if (item->file < node->file) {
        node->left = take_out(node->left, item);
    } else if (item->file > node->file) {
        node->right = take_out(node->right, item);
    } else if (node->left == NULL) {
        return node->right;
    } else {
        struct posting *next = node->right; /* level 2 or more: both children exist */
        while (next->left != NULL) {
            next = next->left;
        }
        next->right = take_out(node->right, next);
        next->left = node->left;
        next->level = node->level;
        node = next;
    }
    return rebalance(node);
}

void postings_take_out(struct posting **root, const struct posting *item)
{
    *root = take_out(*root, item);
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

void postings_give_back(struct heap *heap, struct posting *posting)
{
    heap_dealloc(heap, posting, sizeof *posting, alignof(struct posting));
}
