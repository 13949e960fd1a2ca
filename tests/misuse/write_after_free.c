/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* A byte written to an object that was given back; found when its memory is used again. */
#include "misuse.h"

enum { OBJECTS = 3000 };

int main(int argc, char **argv)
{
    frusa_t *f = misuse_begin_checked(argc, argv);
    void *others[OBJECTS];
    volatile char *p = misuse_alloc(f, 200);
    void *keep = misuse_alloc(f, 200);
    frusa_dealloc(f, (void *)p, 200, 0);
    p[100] = (char)(p[100] + 1);
    misuse_expect("frusa_alloc", "write after free", (void *)p);
    for (size_t i = 0; i < OBJECTS; i++)
        others[i] = misuse_alloc(f, 200);
    for (size_t i = 0; i < OBJECTS; i++)
        frusa_free(f, others[i]);
    frusa_free(f, keep);
    return misuse_end(f);
}
