/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* A program with an instance, for CMakeLists.txt and meson.build. */
#include <frusa.h>

#include <stdio.h>
#include <string.h>

static frusa_t heap = FRUSA_INITIALIZER(NULL, NULL);

int main(void)
{
    char *text = frusa_malloc(&heap, 100);
    if (text == NULL)
        return 1;
    strcpy(text, "an object of libfrusa");
    printf("%s %s\n", text, frusa_version());
    frusa_free(&heap, text);
    return frusa_reclaim(&heap) > 0 ? 0 : 1;
}
