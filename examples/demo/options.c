/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "options.h"

#include "complain.h"
#include "corpus.h"
#include "status.h"

#include <frusa.h>

#include <ctype.h>
#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#define DEFAULT_TEXT (32u * 1024 * 1024)
#define DEFAULT_SVG  "frusa-demo.svg"

static char *default_files[] = {FRUSA_DEMO_SOURCE_DIR, "/usr/include", "/usr/share", NULL};
static const char *const default_lookups[] = {"the", "int", "malloc", "frusa_reclaim"};
#define N_DEFAULT_LOOKUPS (sizeof default_lookups / sizeof *default_lookups)

#define ON_MALLOC 256 /* an option without a letter */

static const struct option long_options[] = {
    {"lookup", required_argument, NULL, 'l'},
    {"text", required_argument, NULL, 't'},
    {"seed", required_argument, NULL, 's'},
    {"svg", required_argument, NULL, 'o'},
    {"limit", required_argument, NULL, 'm'},
    {"no-others", no_argument, NULL, 'n'},
    {"on-malloc", required_argument, NULL, ON_MALLOC},
    {"help", no_argument, NULL, 'h'},
    {"version", no_argument, NULL, 'V'},
    {NULL, 0, NULL, 0},
};

static void print_help(void)
{
    (void)printf(
        "Usage: frusa-demo [OPTION]... [FILE]...\n"
        "Indexes every word of the text in each FILE, or under it if it is a directory, in\n"
        "memory from one libfrusa instance; then drops three quarters of the documents (a\n"
        "document is a file), 99 of 100 of the words that are left, and the rest, documents\n"
        "and words in random order, and reclaims after each. Shows at each step what the\n"
        "instance holds and how much memory the process has; and how much it has when the\n"
        "same is done with glibc's malloc, jemalloc and mimalloc, where they are installed.\n"
        "\n"
        "Without a FILE it reads, up to 32 MiB of text in all,\n");
    for (size_t i = 0; default_files[i] != NULL; i++) {
        (void)printf("  %s\n", default_files[i]);
    }
    (void)printf(
        "\n"
        "  -l, --lookup WORD  tell how often WORD occurs (may be repeated)\n"
        "  -t, --text SIZE    index SIZE bytes of text: stop there, and read the files\n"
        "                     again, under distinct keys, when they hold less; 0 reads\n"
        "                     everything once, which is the default with FILEs\n"
        "  -s, --seed N       order of dropping (default: 1)\n"
        "  -o, --svg FILE     where to draw the plot (default: %s)\n"
        "  -m, --limit SIZE   let the instance hold at most SIZE bytes (default: no limit);\n"
        "                     implies --no-others\n"
        "  -n, --no-others    do not run on other allocators\n"
        "      --on-malloc A  use malloc, which must be that of A, in place of an instance;\n"
        "                     print what is resident after each step, in bytes, and draw\n"
        "                     nothing\n"
        "  -h, --help         print this help and exit\n"
        "  -V, --version      print the version and exit\n"
        "\n"
        "SIZE is a number of bytes, or of KiB, MiB or GiB with K, M or G behind it. A word is\n"
        "made of letters, digits and underscores of ASCII. Files that hold a zero byte are\n"
        "skipped; symbolic links are followed only where they are given as FILE.\n"
        "\n"
        "Exit status: 0 success; 1 out of memory, a FILE that cannot be read, or a plot that\n"
        "cannot be written; 2 wrong use.\n",
        DEFAULT_SVG);
}

/* Reads a decimal number with an optional unit, if units are allowed. Returns 0, or -1. */
static int parse_number(const char *text, int units, uint64_t *value)
{
    char *end;
    if (!isdigit((unsigned char)*text)) {
        return -1;
    }
    errno = 0;
    unsigned long long number = strtoull(text, &end, 10);
    const char *unit = units && *end != '\0' ? strchr("KMG", *end) : NULL;
    int shift = 0;
    if (unit != NULL) {
        shift = 10 * (*unit == 'K' ? 1 : *unit == 'M' ? 2 : 3);
        end++;
    }
    if (errno != 0 || *end != '\0' || number > (UINT64_MAX >> shift)) {
        return -1;
    }
    *value = (uint64_t)number << shift;
    return 0;
}

static int is_word(const char *text)
{
    size_t length = 0;
    while (corpus_is_word_char((unsigned char)text[length])) {
        length++;
    }
    return length > 0 && text[length] == '\0';
}

/* Takes one option. Returns -1 to go on, else the status to exit with. */
static int take_option(struct options *options, int letter, const char *argument, int *has_text)
{
    int bad = 0;
    switch (letter) {
    case 'l':
        bad = !is_word(argument);
        options->lookups[options->n_lookups++] = argument;
        break;
    case 't':
        bad = parse_number(argument, 1, &options->text);
        *has_text = 1;
        break;
    case 's':
        bad = parse_number(argument, 0, &options->seed);
        break;
    case 'm':
        bad = parse_number(argument, 1, &options->limit) || options->limit > SIZE_MAX;
        break;
    case 'n':
        options->no_others = 1;
        break;
    case ON_MALLOC:
        options->on_malloc = argument;
        break;
    case 'o':
        bad = *argument == '\0';
        options->svg = argument;
        break;
    case 'h':
        print_help();
        return STATUS_SUCCESS;
    case 'V':
        (void)printf("frusa-demo %s, libfrusa %s\n", FRUSA_VERSION, frusa_version());
        return STATUS_SUCCESS;
    default: /* getopt has told */
        (void)fputs("Try 'frusa-demo --help'.\n", stderr);
        return STATUS_USAGE;
    }
    if (bad) {
        complain("bad value for -%c: '%s'; try 'frusa-demo --help'", letter, argument);
        return STATUS_USAGE;
    }
    return -1;
}

int options_parse(struct options *options, int argc, char **argv)
{
    *options = (struct options){.seed = 1, .svg = DEFAULT_SVG};
    options->lookups = calloc((size_t)argc + N_DEFAULT_LOOKUPS, sizeof *options->lookups);
    if (options->lookups == NULL) {
        complain("out of memory");
        return STATUS_FAILURE;
    }
    int has_text = 0;
    int letter;
    while ((letter = getopt_long(argc, argv, "l:t:s:o:m:nhV", long_options, NULL)) != -1) {
        int status = take_option(options, letter, optarg, &has_text);
        if (status != -1) {
            options_free(options);
            return status;
        }
    }
    if (options->n_lookups == 0) {
        memcpy(options->lookups, default_lookups, sizeof default_lookups);
        options->n_lookups = N_DEFAULT_LOOKUPS;
    }
    options->default_files = optind >= argc;
    options->files = options->default_files ? default_files : argv + optind;
    if (!has_text && options->default_files) {
        options->text = DEFAULT_TEXT;
    }
    return -1;
}

void options_free(struct options *options)
{
    free(options->lookups);
}
