/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Bytes written past an object, into the next one, which is given back first: it is not the one to
 * blame. */
#include "misuse.h"

#include <stdint.h>

enum { SIZE = 64, OBJECTS = 100 };

/* Of many objects two that are neighbours; the checked ones are 32 bytes and more apart. */
static int find_neighbours(char **objects, char **first, char **second)
{
    uintptr_t least = UINTPTR_MAX;
    for (size_t i = 0; i < OBJECTS; i++)
        for (size_t k = 0; k < OBJECTS; k++)
            if (objects[k] > objects[i] && (uintptr_t)(objects[k] - objects[i]) < least) {
                least = (uintptr_t)(objects[k] - objects[i]);
                *first = objects[i];
                *second = objects[k];
            }
    return least < (uintptr_t)3 * SIZE;
}

int main(int argc, char **argv)
{
    frusa_t *f = misuse_begin_checked(argc, argv);
    char *objects[OBJECTS], *first, *second;
    for (size_t i = 0; i < OBJECTS; i++)
        objects[i] = misuse_alloc(f, SIZE);
    if (!find_neighbours(objects, &first, &second))
        return 2;
    for (volatile char *at = first + SIZE; at < second; at++)
        *at = 0x41;
    misuse_expect("frusa_dealloc", "overflow", first);
    frusa_dealloc(f, second, SIZE, 0);
    return misuse_end(f);
}
