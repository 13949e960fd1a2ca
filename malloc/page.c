/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "page.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

void fr_page_add(struct fr_page *page, const char *text, size_t length)
{
    size_t room = sizeof(page->text) - page->used;
    length = length < room ? length : room;
    memcpy(page->text + page->used, text, length);
    page->used += length;
}

void fr_page_say(struct fr_page *page, const char *text)
{
    fr_page_add(page, text, strlen(text));
}

void fr_page_number(struct fr_page *page, size_t value, size_t width)
{
    char digits[3 * sizeof(value)];
    size_t n = 0;
    do
        digits[n++] = (char)('0' + value % 10);
    while (value /= 10);
    fr_page_pad(page, page->used, width > n ? width - n : 0);
    while (n)
        fr_page_add(page, &digits[--n], 1);
}

void fr_page_pad(struct fr_page *page, size_t line, size_t column)
{
    while (page->used - line < column && page->used < sizeof(page->text))
        page->text[page->used++] = ' ';
}

void fr_write_all(int fd, const char *text, size_t length)
{
    while (length) {
        ssize_t n = write(fd, text, length);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return;
        text += n;
        length -= (size_t)n;
    }
}

void fr_page_write(const struct fr_page *page, int fd)
{
    fr_write_all(fd, page->text, page->used);
}
