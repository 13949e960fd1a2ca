/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* A page of text, written by one system call. For signal handlers too: no printf, no allocation. */
#ifndef FR_MALLOC_PAGE_H
#define FR_MALLOC_PAGE_H

#include <stddef.h>

/* Text for which there is no room is left out. All zero: empty. */
struct fr_page {
    char text[1536];
    size_t used;
};

void fr_page_add(struct fr_page *page, const char *text, size_t length);
void fr_page_say(struct fr_page *page, const char *text);

/* The number in decimal digits, after spaces up to `width` columns. */
void fr_page_number(struct fr_page *page, size_t value, size_t width);

/* Spaces, up to that column of the line that begins at `line`, an earlier value of `used`. */
void fr_page_pad(struct fr_page *page, size_t line, size_t column);

/* Writes all of it, as far as the system lets. */
void fr_page_write(const struct fr_page *page, int fd);

/* The same for text elsewhere. */
void fr_write_all(int fd, const char *text, size_t length);

#endif /* FR_MALLOC_PAGE_H */
