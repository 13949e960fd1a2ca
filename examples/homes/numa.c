/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Memory of one NUMA node (libnuma) as a fallback: an instance for each node.
 *
 * What it buys: an object lies on the node for which it was allocated, whichever thread touches it
 * first, and a node that is full refuses instead of lending far memory.
 */
#define _GNU_SOURCE
#include "home.h"
#include "pages.h"

#include <numa.h>
#include <numaif.h>

/* ---- The home: what a program copies -------------------------------------------------------- */

/* ctx: the node, a struct bitmask of libnuma with one bit set. */
static void *home_alloc(void *ctx, size_t size, size_t align)
{
    const struct bitmask *node = ctx;
    void *block = pages_map(size, align, 0, PROT_READ | PROT_WRITE);
    if (block != NULL && mbind(block, pages_round(size), MPOL_BIND, node->maskp, node->size, 0)) {
        pages_unmap(block, size, 0);
        return NULL;
    }
    return block;
}

static void home_dealloc(void *ctx, void *ptr, size_t size, size_t align)
{
    (void)ctx, (void)align;
    pages_unmap(ptr, size, 0);
}

/* The node lives as long as the instance. */
static frusa_t *home_create(struct bitmask *node)
{
    const struct frusa_fallback_ops ops = {
        .alloc = home_alloc, .dealloc = home_dealloc, .ctx = node, .flags = FRUSA_FALLBACK_ZEROED};
    return frusa_create(&ops);
}

/* ---- The check ------------------------------------------------------------------------------ */

#define OBJECTS 4000

/* Where the page of an object is. */
static int node_of(void *object)
{
    int node = -1;
    CHECK(get_mempolicy(&node, NULL, 0, object, MPOL_F_NODE | MPOL_F_ADDR) == 0);
    return node;
}

/* Fills an instance on one node; returns how many objects are there. */
static int fill_node(int number)
{
    struct bitmask *node = numa_allocate_nodemask();
    numa_bitmask_setbit(node, (unsigned)number);
    frusa_t *heap = home_create(node);
    CHECK(heap != NULL);
    int there = 0;
    for (int i = 0; i < OBJECTS; i++) {
        char *object = frusa_alloc(heap, 1000, 0);
        CHECK(object != NULL);
        memset(object, 1, 1000);
        there += node_of(object) == number;
    }
    frusa_destroy(heap);
    numa_free_nodemask(node);
    return there;
}

int main(void)
{
    if (numa_available() < 0) {
        printf("the kernel has no calls for NUMA\n");
        return 77;
    }
    int nodes = 0;
    for (int number = 0; number <= numa_max_node(); number++) {
        if (numa_node_size64(number, NULL) <= 0 ||
            !numa_bitmask_isbitset(numa_all_nodes_ptr, number))
            continue;
        CHECK(fill_node(number) == OBJECTS);
        nodes++;
    }
    if (nodes == 0) {
        printf("libnuma sees no node with memory (is /sys mounted?)\n");
        return 77;
    }
    printf("%d of %d objects on the node that was asked for, on each of %d node(s)\n", OBJECTS,
           OBJECTS, nodes);
    return 0;
}
