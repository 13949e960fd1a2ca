/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The requests that a control socket takes. A request is one line: a word, and for some words a
 * size. The text comes from another process and is not trusted.
 */
#ifndef FR_CONTROL_LINE_H
#define FR_CONTROL_LINE_H

#include <stddef.h>

/* Bytes of a line without its newline, at most. */
#define FR_CONTROL_LINE_MAX 255

enum fr_control_verb {
    FR_CONTROL_PING,
    FR_CONTROL_STATS,
    FR_CONTROL_CLASSES,
    FR_CONTROL_MAP,
    FR_CONTROL_RECLAIM,
    FR_CONTROL_RETAIN,
    FR_CONTROL_LIMIT,
    FR_CONTROL_QUIT
};

struct fr_control_request {
    enum fr_control_verb verb;
    size_t size; /* its argument; without one the largest number */
};

/*
 * Parses a line of `length` bytes, newline excluded. Returns NULL with *out filled in, or what is
 * wrong in a few words, which contain nothing of the line.
 */
const char *fr_control_parse(const char *line, size_t length, struct fr_control_request *out);

#endif /* FR_CONTROL_LINE_H */
