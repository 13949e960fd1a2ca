/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* An object given back twice, with many others of its size between. */
#include "misuse.h"

enum { OBJECTS = 3000 };

int main(int argc, char **argv)
{
    frusa_t *f = misuse_begin(argc, argv);
    void *objects[OBJECTS];
    for (size_t i = 0; i < OBJECTS; i++)
        objects[i] = misuse_alloc(f, 48);
    void *p = objects[OBJECTS / 2];
    for (size_t i = OBJECTS / 2; i < OBJECTS - 100; i++)
        frusa_dealloc(f, objects[i], 48, 0);
    misuse_expect("frusa_dealloc", "double free", p);
    frusa_dealloc(f, p, 48, 0);
    return misuse_end(f);
}
