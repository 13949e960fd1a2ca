/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Executes inputs of a fuzzer without it.
 *
 *   replay_NAME                 the inputs that are kept, $srcdir/corpus/NAME.hex
 *   replay_NAME FILE...         files, each of them one input
 *   replay_NAME --unpack DIR    writes the inputs that are kept into DIR, a file each
 *
 * A .hex file has one input a line, in hexadecimal digits; lines that begin with # are remarks.
 */
#include "fuzz.h"
#include "support/environment.h"
#include "support/require.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { INPUT_MAX = 1 << 16 };

static uint8_t input[INPUT_MAX];

static int digit(int c)
{
    static const char digits[] = "0123456789abcdef";
    const char *at = c == '\0' ? NULL : strchr(digits, c);
    return at == NULL ? -1 : (int)(at - digits);
}

/* The next input of a .hex file; 0: there is none. */
static int next_input(FILE *file, size_t *size)
{
    static char line[2 * INPUT_MAX + 2];
    do {
        if (fgets(line, sizeof(line), file) == NULL)
            return 0;
    } while (line[0] == '#');
    for (*size = 0; digit(line[2 * *size]) >= 0; ++*size) {
        int high = digit(line[2 * *size]);
        int low = digit(line[2 * *size + 1]);
        REQUIRE_MSG(low >= 0, "half a byte: %s", line);
        input[*size] = (uint8_t)(high << 4 | low);
    }
    REQUIRE_MSG(line[2 * *size] == '\n', "not a line of hexadecimal digits: %s", line);
    return 1;
}

static FILE *open_kept(void)
{
    char path[4096];
    const char *srcdir = getenv("srcdir");
    snprintf(path, sizeof(path), "%s/corpus/" FUZZ_NAME ".hex", srcdir ? srcdir : ".");
    FILE *file = fopen(path, "r");
    REQUIRE_MSG(file != NULL, "cannot read %s", path);
    return file;
}

static void write_input(const char *directory, unsigned number, size_t size)
{
    char path[4096];
    snprintf(path, sizeof(path), "%s/kept-%04u", directory, number);
    FILE *file = fopen(path, "w");
    REQUIRE_MSG(file != NULL, "cannot write %s", path);
    REQUIRE(fwrite(input, 1, size, file) == size && fclose(file) == 0);
}

/* All the inputs that are kept: into a directory if one is given, else executed. */
static int for_kept(const char *directory)
{
    FILE *file = open_kept();
    unsigned n = 0;
    size_t size;
    for (; next_input(file, &size); n++)
        if (directory != NULL)
            write_input(directory, n, size);
        else
            LLVMFuzzerTestOneInput(input, size);
    fclose(file);
    printf("%u inputs\n", n);
    return n > 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

static void execute_file(const char *path)
{
    FILE *file = fopen(path, "r");
    REQUIRE_MSG(file != NULL, "cannot read %s", path);
    size_t size = fread(input, 1, sizeof(input), file);
    fclose(file);
    LLVMFuzzerTestOneInput(input, size);
}

int main(int argc, char **argv)
{
    watchdog_start("replay_" FUZZ_NAME, 0);
    if (argc == 1)
        return for_kept(NULL);
    if (argc == 3 && strcmp(argv[1], "--unpack") == 0)
        return for_kept(argv[2]);
    for (int i = 1; i < argc; i++)
        execute_file(argv[i]);
    return EXIT_SUCCESS;
}
