/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* A program that calls no memory function itself: only the C library does, for strdup. It succeeds
 * when that string comes from libfrusa-malloc. */
#include <stdio.h>
#include <string.h>

#include <frusa-malloc.h>

/* Weak references, which hold no library. */
#pragma weak frusa_malloc_instance
#pragma weak frusa_owns

int main(void)
{
    const char *copy = strdup("copy");
    if (!frusa_malloc_instance || !frusa_owns) {
        fprintf(stderr, "not linked\n");
        return 1;
    }
    if (!frusa_owns(frusa_malloc_instance(), copy)) {
        fprintf(stderr, "another malloc\n");
        return 1;
    }
    return 0;
}
