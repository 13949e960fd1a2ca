/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* memcheck: 3,000,000 bytes in 1 blocks are definitely lost */
/* asan: - */
#include "watched.h"

/* More, so that no pointer to the one that matters is left in a register or on the stack. */
static char *kept[10];

static void __attribute__((noinline)) allocate(frusa_t *f)
{
    for (size_t i = 0; i < 10; i++) {
        char *lost = frusa_alloc(f, 3000000, 0); /* HERE */
        if (lost == NULL)
            exit(2);
        kept[i] = i == 3 ? NULL : lost;
    }
}

int main(int argc, char **argv)
{
    frusa_t *f = watched_begin(argc, argv);
    allocate(f);
    for (size_t i = 0; i < 10; i++)
        if (kept[i] != NULL)
            kept[i][0] = 1;
    return 0;
}
