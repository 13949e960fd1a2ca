/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Circular doubly linked lists. A head is a link of its own; an empty list's head points at
 * itself. */
#ifndef FR_LIST_H
#define FR_LIST_H

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

#endif /* FR_LIST_H */
