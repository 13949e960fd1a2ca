/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Populations of small objects. */
#include "population.h"
#include "pattern.h"
#include "require.h"

#include <stdlib.h>

void population_create(struct population *p, frusa_t *f, size_t count, size_t low, size_t high,
                       struct random *r)
{
    p->f = f;
    p->live = 0;
    p->capacity = count;
    p->objects = malloc(count * sizeof(*p->objects));
    p->sizes = malloc(count * sizeof(*p->sizes));
    REQUIRE(p->objects != NULL && p->sizes != NULL);
    population_refill(p, count, low, high, r);
}

void population_refill(struct population *p, size_t count, size_t low, size_t high,
                       struct random *r)
{
    REQUIRE(count <= p->capacity);
    for (; p->live < count; p->live++) {
        size_t size = random_between(r, low, high);
        void *object = p->live % 2 ? frusa_alloc(p->f, size, 0) : frusa_malloc(p->f, size);
        REQUIRE(object != NULL);
        pattern_fill(object, size, 0);
        p->objects[p->live] = object;
        p->sizes[p->live] = size;
    }
}

void population_shuffle(struct population *p, struct random *r)
{
    for (size_t i = p->live; i > 1; i--) {
        size_t j = random_below(r, i), size = p->sizes[j];
        void *object = p->objects[j];
        p->objects[j] = p->objects[i - 1];
        p->sizes[j] = p->sizes[i - 1];
        p->objects[i - 1] = object;
        p->sizes[i - 1] = size;
    }
}

void population_drop(struct population *p, size_t count)
{
    REQUIRE(count <= p->live);
    while (count-- > 0) {
        size_t i = --p->live;
        pattern_require(p->objects[i], p->sizes[i], 0);
        if (i % 3 == 0)
            frusa_free(p->f, p->objects[i]);
        else
            frusa_dealloc(p->f, p->objects[i], p->sizes[i], 0);
    }
}

size_t population_bytes(const struct population *p)
{
    size_t bytes = 0;
    for (size_t i = 0; i < p->live; i++)
        bytes += frusa_good_size(p->f, p->sizes[i], 0);
    return bytes;
}

void population_release(struct population *p)
{
    population_drop(p, p->live);
    free(p->objects);
    free(p->sizes);
}
