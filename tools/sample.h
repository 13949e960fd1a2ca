/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* What an instance holds at one moment. */
#ifndef TOOLS_SAMPLE_H
#define TOOLS_SAMPLE_H

#include <stddef.h>

#include "channel.h"

/* In bytes. live + cached + metadata + free = held; a part of free is purged. */
struct sample {
    unsigned long long live; /* large objects included */
    unsigned long long cached;
    unsigned long long metadata;
    unsigned long long free;
    unsigned long long held;
    unsigned long long large;
    unsigned long long purged;
    unsigned long long resident; /* of the whole process */
    unsigned long long reclaimed;
    unsigned long long peak;
};

/* One size class. */
struct class_sample {
    unsigned long long object_size;
    unsigned long long live, cached, free, purged, held; /* bytes; purged is a part of free */
    unsigned long long objects;                          /* live ones */
};

struct class_samples {
    struct class_sample *all;
    size_t n;
};

/* Makes a sample of the answer to "stats", and of what the system says of the process. */
struct sample sample_of(const struct channel *c, struct json answer);

/* The same for the classes in that answer. Purged bytes are 0 without an answer to "classes". */
struct class_samples sample_classes(struct json stats);
void sample_add_purged(struct class_samples *classes, struct json answer);

/* Sorts by one of the members, largest first; by object_size smallest first. */
enum sample_order { BY_HELD, BY_LIVE, BY_FREE, BY_PURGED, BY_SIZE, ORDERS };
void sample_sort(struct class_samples *classes, enum sample_order order);

#endif /* TOOLS_SAMPLE_H */
