/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "sample.h"

#include <stdlib.h>

#include "frusactl.h"
#include "message.h"

/* Counters are read one after the other while the program runs, so a difference may be below 0. */
static unsigned long long without(unsigned long long a, unsigned long long b)
{
    return a > b ? a - b : 0;
}

struct sample sample_of(const struct channel *c, struct json answer)
{
    struct json stats = answer;
    json_member(answer, "stats", &stats);
    unsigned long long large = json_member_number(stats, "large");
    unsigned long long spans = json_member_number(stats, "allocated_from_fallback");
    unsigned long long metadata = json_member_number(stats, "allocated_metadata");
    unsigned long long objects =
        without(json_member_number(stats, "in_use"), json_member_number(stats, "in_use_metadata"));
    struct sample s = {
        .live = objects + large,
        .cached = json_member_number(stats, "cached"),
        .metadata = metadata,
        .held = spans + large,
        .large = large,
        .purged = json_member_number(stats, "purged"),
        .resident = channel_resident(c),
        .reclaimed = json_member_number(stats, "reclaimed_total"),
        .peak = json_member_number(stats, "peak_allocated"),
    };
    s.free = without(spans, objects + s.cached + metadata);
    if (s.purged > s.free)
        s.purged = s.free;
    return s;
}

static struct class_sample class_of(struct json row)
{
    struct class_sample s = {
        .object_size = json_member_number(row, "object_size"),
        .held = json_member_number(row, "held"),
        .objects = json_member_number(row, "live"),
    };
    s.live = s.objects * s.object_size;
    s.cached = json_member_number(row, "cached") * s.object_size;
    s.free = without(s.held, s.live + s.cached);
    return s;
}

struct class_samples sample_classes(struct json stats)
{
    struct class_samples found = {NULL, 0};
    struct json classes, rest, row;
    json_member(stats, "stats", &stats);
    if (!json_member(stats, "classes", &classes) || !json_first(classes, &rest))
        return found;
    while (json_next(&rest, &row)) {
        struct class_sample *grown = realloc(found.all, (found.n + 1) * sizeof(*grown));
        if (!grown)
            fail(FAILED, "no memory");
        found.all = grown;
        grown[found.n++] = class_of(row);
    }
    return found;
}

void sample_add_purged(struct class_samples *classes, struct json answer)
{
    struct json array, rest, row;
    if (!json_member(answer, "classes", &array) || !json_first(array, &rest))
        return;
    while (json_next(&rest, &row))
        for (size_t i = 0; i < classes->n; i++) {
            struct class_sample *s = &classes->all[i];
            if (s->object_size != json_member_number(row, "object_size"))
                continue;
            s->purged = json_member_number(row, "purged");
            if (s->purged > s->free)
                s->purged = s->free;
        }
}

static enum sample_order sort_order;

static unsigned long long key_of(const struct class_sample *s)
{
    switch (sort_order) {
    case BY_LIVE:
        return s->live;
    case BY_FREE:
        return s->free;
    case BY_PURGED:
        return s->purged;
    case BY_SIZE:
        return (unsigned long long)-1 - s->object_size;
    default:
        return s->held;
    }
}

static int compare(const void *a, const void *b)
{
    const struct class_sample *x = a, *y = b;
    unsigned long long left = key_of(x), right = key_of(y);
    if (left == right)
        return x->object_size > y->object_size ? 1 : -1;
    return left < right ? 1 : -1;
}

void sample_sort(struct class_samples *classes, enum sample_order order)
{
    sort_order = order;
    if (classes->n)
        qsort(classes->all, classes->n, sizeof(*classes->all), compare);
}
