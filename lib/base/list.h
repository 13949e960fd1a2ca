/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Circular doubly linked lists. A head is a link of its own; an empty list's head points at itself.
 * A ring has no head: a pointer, NULL when it is empty, leads to its first member.
 */
#ifndef FR_LIST_H
#define FR_LIST_H

#include <stddef.h>

struct fr_link {
    struct fr_link *next;
    struct fr_link *prev;
};

static inline void fr_list_init(struct fr_link *head)
{
    head->next = head;
    head->prev = head;
}

static inline int fr_list_is_empty(const struct fr_link *head)
{
    return head->next == head;
}

static inline void fr_list_insert_after(struct fr_link *at, struct fr_link *link)
{
    link->next = at->next;
    link->prev = at;
    at->next->prev = link;
    at->next = link;
}

static inline void fr_list_remove(struct fr_link *link)
{
    link->prev->next = link->next;
    link->next->prev = link->prev;
}

/* Adds the last member. */
static inline void fr_ring_add(struct fr_link **first, struct fr_link *link)
{
    if (*first) {
        fr_list_insert_after((*first)->prev, link);
    } else {
        fr_list_init(link);
        *first = link;
    }
}

static inline void fr_ring_remove(struct fr_link **first, struct fr_link *link)
{
    if (*first == link)
        *first = link->next == link ? NULL : link->next;
    fr_list_remove(link);
}

#endif /* FR_LIST_H */
