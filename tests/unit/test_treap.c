/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The treap against a table of what is in it, and its depth. */
#include "base/treap.h"
#include "support/random.h"
#include "support/require.h"
#include "unit/runner.h"

#include <stddef.h>
#include <stdint.h>

enum { NODES = 1 << 16, SMALL = 64, DEPTH_MAX = 80 };

struct owner {
    char before[104]; /* a node lies within its owner */
    struct fr_treap_node node;
    uintptr_t key;
};

static struct owner owners[NODES];

static struct owner *owner_of(const struct fr_treap_node *node)
{
    return (struct owner *)(void *)((char *)(uintptr_t)node - offsetof(struct owner, node));
}

static uintptr_t key_of(const struct fr_treap_node *node)
{
    return owner_of(node)->key;
}

/* The nodes of a tree, each within the keys of those above it. */
static size_t count(const struct fr_treap_node *node, uintptr_t least, uintptr_t most, int depth)
{
    if (!node)
        return 0;
    uintptr_t key = key_of(node);
    REQUIRE(depth < DEPTH_MAX);
    REQUIRE(key >= least && key <= most);
    return 1 + (node->lower ? count(node->lower, least, key - 1, depth + 1) : 0) +
           (node->higher ? count(node->higher, key + 1, most, depth + 1) : 0);
}

/* What fr_treap_find should answer, by the table. */
static struct fr_treap_node *expected(const unsigned char *present, uintptr_t key)
{
    struct owner *found = NULL;
    for (size_t i = 0; i < SMALL; i++)
        if (present[i] && owners[i].key <= key && (!found || owners[i].key > found->key))
            found = &owners[i];
    return found ? &found->node : NULL;
}

START_TEST(test_against_a_table)
{
    struct random r = random_stream(env_seed(90), 0);
    struct fr_treap_node *root = NULL;
    unsigned char present[SMALL] = {0};
    size_t n = 0;
    for (size_t i = 0; i < SMALL; i++)
        owners[i].key = 10 + 10 * ((i * 37) % SMALL);
    for (size_t round = 0; round < env_scale(100000, 10000); round++) {
        size_t i = random_below(&r, SMALL);
        if (present[i])
            fr_treap_remove(&root, &owners[i].node, key_of);
        else
            fr_treap_insert(&root, &owners[i].node, key_of);
        present[i] = !present[i];
        n += present[i] ? 1 : (size_t)-1;
        REQUIRE(count(root, 0, UINTPTR_MAX, 0) == n);
        uintptr_t key = random_below(&r, 10 * SMALL + 30);
        REQUIRE(fr_treap_find(root, key, key_of) == expected(present, key));
    }
}
END_TEST

START_TEST(test_ends_of_the_keys)
{
    struct fr_treap_node *root = NULL;
    ck_assert_ptr_null(fr_treap_find(root, 0, key_of));
    ck_assert_ptr_null(fr_treap_find(root, UINTPTR_MAX, key_of));
    owners[0].key = 0;
    owners[1].key = UINTPTR_MAX;
    fr_treap_insert(&root, &owners[1].node, key_of);
    ck_assert_ptr_null(fr_treap_find(root, UINTPTR_MAX - 1, key_of));
    fr_treap_insert(&root, &owners[0].node, key_of);
    ck_assert_ptr_eq(fr_treap_find(root, UINTPTR_MAX - 1, key_of), &owners[0].node);
    ck_assert_ptr_eq(fr_treap_find(root, UINTPTR_MAX, key_of), &owners[1].node);
    fr_treap_remove(&root, &owners[0].node, key_of);
    fr_treap_remove(&root, &owners[1].node, key_of);
    ck_assert_ptr_null(root);
}
END_TEST

/* Keys that go up, down, or both by turns, of nodes at a constant distance: none makes the tree a
 * list. */
START_TEST(test_depth)
{
    for (int order = 0; order < 3; order++) {
        struct fr_treap_node *root = NULL;
        for (size_t i = 0; i < NODES; i++) {
            owners[i].key = order == 0 || (order == 2 && i % 2) ? NODES + i : NODES - i;
            fr_treap_insert(&root, &owners[i].node, key_of);
        }
        ck_assert_uint_eq(count(root, 0, UINTPTR_MAX, 0), NODES);
        for (size_t i = 0; i < NODES; i += 2)
            fr_treap_remove(&root, &owners[i].node, key_of);
        ck_assert_uint_eq(count(root, 0, UINTPTR_MAX, 0), NODES / 2);
    }
}
END_TEST

RUNNER_MAIN("treap", test_against_a_table, test_ends_of_the_keys, test_depth)
