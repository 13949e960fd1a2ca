/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The shortest useful program: an instance, an object, and everything given back.
 *
 *     cc 01_hello.c $(pkg-config --cflags --libs frusa) && ./a.out
 */
#include <frusa.h>

#include <stdio.h>
#include <string.h>

int main(void)
{
    /* An instance is one allocator. NULL: it takes its memory from the operating system. */
    frusa_t *heap = frusa_create(NULL);
    if (heap == NULL) {
        perror("frusa_create");
        return 1;
    }

    /* As malloc, but from this instance. NULL means out of memory, with errno set. */
    static const char greeting[] = "Hello from libfrusa";
    char *text = frusa_malloc(heap, sizeof greeting);
    if (text == NULL) {
        perror("frusa_malloc");
        frusa_destroy(heap);
        return 1;
    }
    memcpy(text, greeting, sizeof greeting);
    printf("%s %s\n", text, frusa_version());
    frusa_free(heap, text);

    /* Gives every byte back, what was not freed included. */
    frusa_destroy(heap);
    return 0;
}
