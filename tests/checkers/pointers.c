/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Keeps the only pointers to malloc's blocks, and to objects, in objects: no tool may call those
 * leaked. */
#include "watched.h"

static frusa_t heap = FRUSA_INITIALIZER(NULL, NULL);
static void **first;

int main(int argc, char **argv)
{
    watched_begin(argc, argv);
    for (int i = 0; i < 100; i++) {
        void **node = frusa_malloc(&heap, i == 50 ? 5000000 : 2 * sizeof(void *));
        if (node == NULL || (node[1] = malloc(100)) == NULL)
            return 2;
        node[0] = first;
        first = node;
    }
    return 0;
}
