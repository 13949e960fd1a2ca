/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The spans of an instance, by address. */
#ifndef TOOLS_MAP_H
#define TOOLS_MAP_H

#include <stddef.h>

/* One span or large object. */
struct map_span {
    unsigned long long address, bytes, object_size, slots, live, purged;
    int large;
};

struct map {
    struct map_span *spans; /* by ascending address */
    size_t n;
    unsigned long long held, live, purged; /* sums, in bytes */
    const char *command;
    long pid;
    const char *name;
};

/* Spans first .. end-1, with less than a line between two of them. */
struct map_region {
    size_t first, end;
};

/* The region that begins at a span, when addresses further apart than `gap` are not drawn. */
struct map_region map_region_at(const struct map *m, size_t first, unsigned long long gap);

unsigned long long map_region_begin(const struct map *m, struct map_region r);
unsigned long long map_region_end(const struct map *m, struct map_region r);

/* Draws the map into a file. */
void map_draw(const struct map *m, const char *file);

#endif /* TOOLS_MAP_H */
