/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#ifndef FR_STATS_H
#define FR_STATS_H

#include "cache/cache.h"

/* What an instance holds of one class, in bytes unless the name says otherwise. */
struct fr_class_stats {
    size_t object_size;
    size_t held;   /* of its spans */
    size_t live;   /* objects, count */
    size_t cached; /* objects, count */
};

/* Reads all counters; exact when nobody is inside. */
void fr_stats_get(struct fr_instance *inst, struct frusa_stats *out);

/* One class; `cls` below FR_CLASS_COUNT. */
void fr_stats_class(struct fr_instance *inst, unsigned cls, struct fr_class_stats *out);

/* frusa_stats_json. */
size_t fr_stats_json(struct fr_instance *inst, char *buf, size_t len);

#endif /* FR_STATS_H */
