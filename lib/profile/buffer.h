/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Bytes that grow, in memory of the system's: what a file is made of before it is written. */
#ifndef FR_PROFILE_BUFFER_H
#define FR_PROFILE_BUFFER_H

#include <stddef.h>
#include <stdint.h>

/* All zero: empty. */
struct fr_buffer {
    char *start;
    size_t used;
    size_t room;
    int failed; /* the system refused memory; what came after is missing */
};

void fr_buffer_add(struct fr_buffer *b, const void *bytes, size_t n);

/* As printf, up to some 200 bytes. */
void fr_buffer_print(struct fr_buffer *b, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

void fr_buffer_free(struct fr_buffer *b);

/* Writes all of it to a file; 0: an error, which is in errno. */
int fr_buffer_write(const struct fr_buffer *b, int fd);

/* The same as a gzip file (RFC 1952) whose blocks are stored, not compressed: readers of profiles
 * expect gzip, and a profile is small. */
int fr_buffer_write_gzip(const struct fr_buffer *b, int fd);

#endif /* FR_PROFILE_BUFFER_H */
