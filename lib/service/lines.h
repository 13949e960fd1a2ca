/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* A text file, line by line, without memory but the caller's. */
#ifndef FR_LINES_H
#define FR_LINES_H

#include <stddef.h>

struct fr_lines {
    int file;
    size_t start, end; /* of what is left in the buffer */
    char buffer[512];
};

/* 0: there is no such file. */
int fr_lines_open(struct fr_lines *l, const char *path);

/* The next line without its end, cut to `room` - 1 bytes; 0: there is none. */
int fr_lines_next(struct fr_lines *l, char *line, size_t room);

void fr_lines_close(struct fr_lines *l);

#endif /* FR_LINES_H */
