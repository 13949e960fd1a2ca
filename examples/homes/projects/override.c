/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * A program that is linked with libfrusa-malloc, for CMakeLists.txt and meson.build. It names
 * no function of the library, and calls none of malloc's family but by strdup.
 */
#include <stdio.h>
#include <string.h>

int main(int argc, char **argv)
{
    char *text = strdup(argv[argc - 1]);
    return text != NULL && puts(text) >= 0 ? 0 : 1;
}
