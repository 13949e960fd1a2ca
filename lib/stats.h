/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#ifndef FR_STATS_H
#define FR_STATS_H

#include "cache/cache.h"

/* What an instance holds of one class, in bytes unless the name says otherwise. */
struct fr_class_stats {
    size_t object_size;
    size_t held;   /* of its spans */
    size_t empty;  /* of those of its spans that hold no object, live or cached */
    size_t live;   /* objects, count */
    size_t cached; /* objects, count */
};

/* A look at what the caches hold. Signal handlers may look, too. */
struct fr_stats_look {
    struct fr_instance *inst;
    int has_caches; /* the registry lock is held; else what is in caches counts as live */
    unsigned ranks; /* of the locks that the interrupted call holds */
};

/* Takes the registry lock, if it can be had in a bounded time; gives it back. */
void fr_stats_begin(struct fr_stats_look *look, struct fr_instance *inst);
void fr_stats_end(struct fr_stats_look *look);

/* Reads all counters; exact when nobody is inside. */
void fr_stats_get(struct fr_instance *inst, struct frusa_stats *out);

/* What was held for each purpose when most was. */
struct fr_peak_stats {
    size_t spans;
    size_t metadata;
    size_t large;
    size_t kept; /* blocks that served nothing */
};

void fr_stats_peak(const struct fr_instance *inst, struct fr_peak_stats *out);

/* One class; `cls` below FR_CLASS_COUNT. */
void fr_stats_class(const struct fr_stats_look *look, unsigned cls, struct fr_class_stats *out);

/* frusa_stats_json. */
size_t fr_stats_json(struct fr_instance *inst, char *buf, size_t len);

#endif /* FR_STATS_H */
