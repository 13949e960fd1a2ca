/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Correct programs, of which the compiler must not warn. Also compiled as C++. */
#include <frusa-inline.h>
#include <stdlib.h>
#include <string.h>

/* Each kind of allocation, given back in each way. */
#define PAIR(name, allocation, giving)                                                             \
    void name(frusa_t *f, frusa_cache_t *c, size_t n);                                             \
    void name(frusa_t *f, frusa_cache_t *c, size_t n)                                              \
    {                                                                                              \
        char *p = (char *)allocation;                                                              \
        (void)f, (void)c;                                                                          \
        if (p == NULL)                                                                             \
            return;                                                                                \
        memset(p, 1, n);                                                                           \
        giving;                                                                                    \
    }
#define WAYS(name, allocation)                                                                     \
    PAIR(name##_free, allocation, frusa_free(f, p))                                                \
    PAIR(name##_dealloc, allocation, frusa_dealloc(f, p, n, 0))                                    \
    PAIR(name##_cache_dealloc, allocation, frusa_cache_dealloc(c, p, n, 0))                        \
    PAIR(name##_inline_free, allocation, frusa_inline_free(f, p))                                  \
    PAIR(name##_inline_dealloc, allocation, frusa_inline_dealloc(f, p, n, 0))                      \
    PAIR(name##_inline_cache_dealloc, allocation, frusa_inline_cache_dealloc(c, p, n, 0))

WAYS(alloc, frusa_alloc(f, n, 0))
WAYS(alloc_zeroed, frusa_alloc_zeroed(f, n, 0))
WAYS(malloc_, frusa_malloc(f, n))
WAYS(calloc_, frusa_calloc(f, n, 4))
WAYS(cache_alloc, frusa_cache_alloc(c, n, 0))
WAYS(realloc_, frusa_realloc(f, NULL, 0, 0, n))
WAYS(resize, frusa_resize(f, NULL, n))
WAYS(inline_alloc, frusa_inline_alloc(f, n, 0))
WAYS(inline_malloc, frusa_inline_malloc(f, n))
WAYS(inline_cache_alloc, frusa_inline_cache_alloc(c, n, 0))
WAYS(inline_constant, frusa_inline_alloc(f, 64, 0))

/* When an object cannot be resized, it is still there. */
void resized(frusa_t *f);
void resized(frusa_t *f)
{
    char *p = (char *)frusa_alloc(f, 10, 0);
    if (p == NULL)
        return;
    char *q = (char *)frusa_resize(f, p, 20);
    if (q == NULL) {
        frusa_free(f, p);
        return;
    }
    q[15] = 1;
    char *r = (char *)frusa_realloc(f, q, 20, 0, 40);
    frusa_dealloc(f, r != NULL ? r : q, r != NULL ? 40 : 20, 0);
}

struct node {
    struct node *next;
    size_t value;
};

/* Objects that other objects designate. */
size_t listed(frusa_t *f, size_t n);
size_t listed(frusa_t *f, size_t n)
{
    struct node *list = NULL;
    size_t sum = 0;
    for (size_t i = 0; i < n; i++) {
        struct node *node = (struct node *)frusa_malloc(f, sizeof(*node));
        if (node == NULL)
            break;
        node->next = list;
        node->value = i;
        list = node;
    }
    while (list != NULL) {
        struct node *next = list->next;
        sum += list->value;
        frusa_inline_dealloc(f, list, sizeof(*list), 0);
        list = next;
    }
    return sum;
}

/* Instances that frusa_create did not create. */
frusa_t global_heap = FRUSA_INITIALIZER(NULL, NULL);
static frusa_t static_heap = FRUSA_4K_INITIALIZER(NULL);
struct plugin {
    int state;
    frusa_t heap;
};

void end_static(struct plugin *plugin);
void end_static(struct plugin *plugin)
{
    frusa_free(&static_heap, frusa_malloc(&static_heap, 10));
    frusa_destroy(&static_heap);
    frusa_destroy(&global_heap);
    frusa_destroy(&plugin->heap);
}

/* The owner of an instance, whose own objects the instance holds. */
struct owner {
    frusa_t *heap;
    struct node *first;
};

int own(struct owner *o);
int own(struct owner *o)
{
    o->heap = frusa_create(NULL);
    if (o->heap == NULL)
        return -1;
    o->first = (struct node *)frusa_alloc_zeroed(o->heap, sizeof(*o->first), 0);
    return 0;
}

void disown(struct owner *o);
void disown(struct owner *o)
{
    frusa_destroy(o->heap);
    frusa_destroy(NULL);
    frusa_free(o->heap = frusa_create(NULL), NULL);
}
