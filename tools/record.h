/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Samples over time, in files of comma-separated values: a line of names, then a line a sample. */
#ifndef TOOLS_RECORD_H
#define TOOLS_RECORD_H

#include <stddef.h>

/* Columns, in the order of the file. All but the time are in bytes. */
enum record_column {
    RECORD_LIVE,
    RECORD_CACHED,
    RECORD_FREE,
    RECORD_METADATA,
    RECORD_HELD,
    RECORD_PURGED,
    RECORD_RESIDENT,
    RECORD_RECLAIMED,
    RECORD_COLUMNS
};
extern const char *const record_names[RECORD_COLUMNS];

struct record_row {
    double time; /* seconds since the first sample */
    double value[RECORD_COLUMNS];
};

struct record {
    struct record_row *rows;
    size_t n;
};

/* Reads such a file; exits with a message when it is none. */
struct record record_read(const char *file);

/* Draws it into a file. */
void record_draw(const struct record *r, const char *from, const char *file);

#endif /* TOOLS_RECORD_H */
