/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * A static instance needs no init call: it works from the first instruction of the program on, from
 * any thread, even in a constructor that runs before main.
 */
#include <frusa.h>

#include <stdio.h>
#include <string.h>

/* Requests up to 4 KiB come from spans, larger ones go straight to the fallback. There are also
 * FRUSA_2M_INITIALIZER, for spans up to 2 MiB, and FRUSA_INITIALIZER, for any options. */
static frusa_t heap = FRUSA_4K_INITIALIZER(&frusa_fallback_mmap);

static char *early;

/* GCC's and clang's way to run something before main. */
__attribute__((constructor)) static void before_main(void)
{
    early = frusa_malloc(&heap, 64);
    if (early != NULL) {
        strcpy(early, "allocated before main");
    }
}

int main(void)
{
    if (early == NULL) {
        fprintf(stderr, "the constructor got no memory\n");
        return 1;
    }
    printf("%s\n", early);
    frusa_free(&heap, early);

    /* Only needed to have the memory back; afterwards the instance is as new. */
    frusa_destroy(&heap);

    char *again = frusa_malloc(&heap, 64);
    if (again == NULL) {
        perror("frusa_malloc");
        return 1;
    }
    strcpy(again, "and allocated again after destroy");
    printf("%s\n", again);
    frusa_destroy(&heap);
    return 0;
}
