/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "profile/buffer.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "port/compiler.h"
#include "port/pages.h"

#define FIRST_ROOM ((size_t)64 << 10)

static int make_room(struct fr_buffer *b, size_t n)
{
    size_t room = b->room ? b->room : fr_align_up(FIRST_ROOM, fr_page_size());
    while (room - b->used < n)
        room *= 2;
    if (room == b->room)
        return 1;
    char *start = b->start ? fr_pages_remap(b->start, b->room, fr_page_size(), room)
                           : fr_pages_map(room, fr_page_size());
    if (!start) {
        b->failed = 1;
        return 0;
    }
    b->start = start;
    b->room = room;
    return 1;
}

void fr_buffer_add(struct fr_buffer *b, const void *bytes, size_t n)
{
    if (b->failed || n == 0 || !make_room(b, n))
        return;
    memcpy(b->start + b->used, bytes, n);
    b->used += n;
}

void fr_buffer_print(struct fr_buffer *b, const char *format, ...)
{
    char text[256];
    va_list arguments;
    va_start(arguments, format);
    int n = vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    if (n > 0)
        fr_buffer_add(b, text, (size_t)n < sizeof(text) ? (size_t)n : sizeof(text) - 1);
}

void fr_buffer_free(struct fr_buffer *b)
{
    if (b->start)
        fr_pages_unmap(b->start, b->room);
    memset(b, 0, sizeof(*b));
}

static int write_all(int fd, const void *bytes, size_t n)
{
    const char *at = bytes;
    while (n) {
        ssize_t written = write(fd, at, n);
        if (written < 0 && errno == EINTR)
            continue;
        if (written <= 0)
            return 0;
        at += written;
        n -= (size_t)written;
    }
    return 1;
}

int fr_buffer_write(const struct fr_buffer *b, int fd)
{
    return write_all(fd, b->start, b->used);
}

/* By four bits at a time. */
static uint32_t crc32(const char *bytes, size_t n)
{
    static const uint32_t table[16] = {
        0x00000000, 0x1db71064, 0x3b6e20c8, 0x26d930ac, 0x76dc4190, 0x6b6b51f4,
        0x4db26158, 0x5005713c, 0xedb88320, 0xf00f9344, 0xd6d6a3e8, 0xcb61b38c,
        0x9b64c2b0, 0x86d3d2d4, 0xa00ae278, 0xbdbdf21c,
    };
    uint32_t crc = 0xffffffff;
    for (size_t i = 0; i < n; i++) {
        crc ^= (unsigned char)bytes[i];
        crc = crc >> 4 ^ table[crc & 15];
        crc = crc >> 4 ^ table[crc & 15];
    }
    return ~crc;
}

static void put_little_endian(unsigned char *out, uint32_t n, unsigned bytes)
{
    for (unsigned i = 0; i < bytes; i++)
        out[i] = (unsigned char)(n >> 8 * i);
}

/* A stored block of deflate (RFC 1951, 3.2.4). */
#define BLOCK_MAX ((size_t)65535)
static int write_block(int fd, const char *at, size_t n, int is_last)
{
    unsigned char header[5];
    header[0] = (unsigned char)is_last;
    put_little_endian(header + 1, (uint32_t)n, 2);
    put_little_endian(header + 3, ~(uint32_t)n, 2);
    return write_all(fd, header, sizeof(header)) && write_all(fd, at, n);
}

int fr_buffer_write_gzip(const struct fr_buffer *b, int fd)
{
    /* Then a comment, which tells these files from others; malloc/report_file.c looks for it. */
    static const unsigned char header[10] = {0x1f, 0x8b, 8, 0x10, 0, 0, 0, 0, 0, 255};
    static const char comment[] = "frusa heap profile";
    unsigned char trailer[8];
    size_t written = 0;
    if (!write_all(fd, header, sizeof(header)) || !write_all(fd, comment, sizeof(comment)))
        return 0;
    do {
        size_t n = b->used - written < BLOCK_MAX ? b->used - written : BLOCK_MAX;
        if (!write_block(fd, b->start + written, n, written + n == b->used))
            return 0;
        written += n;
    } while (written < b->used);
    put_little_endian(trailer, crc32(b->start, b->used), 4);
    put_little_endian(trailer + 4, (uint32_t)b->used, 4);
    return write_all(fd, trailer, sizeof(trailer));
}
