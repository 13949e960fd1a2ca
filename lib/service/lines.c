/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "service/lines.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

int fr_lines_open(struct fr_lines *l, const char *path)
{
    l->file = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    l->start = l->end = 0;
    return l->file >= 0;
}

/* -1: the end of the file, or an error. */
static int next_byte(struct fr_lines *l)
{
    if (l->start == l->end) {
        ssize_t n;
        while ((n = read(l->file, l->buffer, sizeof(l->buffer))) < 0 && errno == EINTR)
            ;
        if (n <= 0)
            return -1;
        l->start = 0;
        l->end = (size_t)n;
    }
    return (unsigned char)l->buffer[l->start++];
}

int fr_lines_next(struct fr_lines *l, char *line, size_t room)
{
    size_t n = 0;
    int byte = next_byte(l);
    if (byte < 0)
        return 0;
    for (; byte >= 0 && byte != '\n'; byte = next_byte(l))
        if (n + 1 < room)
            line[n++] = (char)byte;
    line[n] = '\0';
    return 1;
}

void fr_lines_close(struct fr_lines *l)
{
    close(l->file);
}
