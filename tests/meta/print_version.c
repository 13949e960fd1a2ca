/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Prints the version as the library in use tells it ("library") or as the header's number does
 * ("number"). */
#include <frusa.h>

#include <stdio.h>
#include <string.h>

int main(int argc, char **argv)
{
    if (argc == 2 && strcmp(argv[1], "library") == 0) {
        puts(frusa_version());
        return 0;
    }
    if (argc == 2 && strcmp(argv[1], "number") == 0) {
        unsigned number = FRUSA_VERSION_NUMBER;
        printf("%u.%u.%u\n", number >> 16, number >> 8 & 255, number & 255);
        return 0;
    }
    fputs("usage: print_version library|number\n", stderr);
    return 2;
}
