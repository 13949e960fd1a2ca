/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * An instance inside a buffer: no memory but the buffer's is ever used for objects, and none of it
 * comes from the operating system. For programs with a fixed amount of memory.
 */
#include <frusa.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>

static unsigned char buffer[4 * 1024 * 1024];

int main(void)
{
    struct frusa_arena arena;
    if (frusa_arena_init(&arena, buffer, sizeof buffer) != 0) {
        perror("frusa_arena_init");
        return 1;
    }
    frusa_t *heap = frusa_create(&arena.ops);
    if (heap == NULL) {
        perror("frusa_create");
        return 1;
    }

    /* Fills the buffer: the end of it is an ordinary failure with ENOMEM. */
    size_t objects = 0;
    int inside = 1;
    unsigned char *object;
    while ((object = frusa_alloc(heap, 1000, 8)) != NULL) {
        inside &= object >= buffer && object + 1000 <= buffer + sizeof buffer;
        memset(object, 0x5a, 1000);
        objects++;
    }
    int full = errno == ENOMEM;
    printf("%zu objects of 1000 bytes fit into 4 MiB\n", objects);

    frusa_destroy(heap);
    return inside && full && objects > 3900 ? 0 : 1;
}
