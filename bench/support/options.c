/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "support/options.h"
#include "support/binding.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

enum {
    OPTION_BINDING = 1,
    OPTION_THREADS,
    OPTION_BUDGET,
    OPTION_MIN,
    OPTION_MAX,
    OPTION_OBJECTS,
    OPTION_MODE
};

static const struct option names[] = {
    {"binding", required_argument, NULL, OPTION_BINDING},
    {"threads", required_argument, NULL, OPTION_THREADS},
    {"budget", required_argument, NULL, OPTION_BUDGET},
    {"min", required_argument, NULL, OPTION_MIN},
    {"max", required_argument, NULL, OPTION_MAX},
    {"objects", required_argument, NULL, OPTION_OBJECTS},
    {"mode", required_argument, NULL, OPTION_MODE},
    {NULL, 0, NULL, 0},
};

static void usage(const char *program)
{
    fprintf(stderr,
            "usage: %s "
            "--binding=empty|empty-call|frusa|frusa-no-purge|frusa-unsized|frusa-cache|\n"
            "       frusa-inline|frusa-inline-unsized|frusa-inline-cache|malloc|malloc-sized\n"
            "       [--threads=N] [--budget=MS] [--min=BYTES] [--max=BYTES] [--objects=N]\n"
            "       [--mode=WORD]\n",
            program);
    exit(2);
}

static size_t number(const char *program, const char *text, size_t max)
{
    char *end;
    unsigned long long n = strtoull(text, &end, 10);
    if (end == text || *end != '\0' || n == 0 || n > max)
        usage(program);
    return (size_t)n;
}

void bench_options_parse(struct bench_options *o, int argc, char **argv)
{
    int c;
    while ((c = getopt_long(argc, argv, "", names, NULL)) != -1) {
        switch (c) {
        case OPTION_BINDING:
            o->binding = optarg;
            break;
        case OPTION_THREADS:
            o->threads = (unsigned)number(argv[0], optarg, 1024);
            break;
        case OPTION_BUDGET:
            o->budget_ms = (unsigned)number(argv[0], optarg, 3600000);
            break;
        case OPTION_MIN:
            o->min_size = number(argv[0], optarg, BENCH_MAX_SIZE);
            break;
        case OPTION_MAX:
            o->max_size = number(argv[0], optarg, BENCH_MAX_SIZE);
            break;
        case OPTION_OBJECTS:
            o->objects = number(argv[0], optarg, (size_t)1 << 31);
            break;
        case OPTION_MODE:
            o->mode = optarg;
            break;
        default:
            usage(argv[0]);
        }
    }
    if (optind != argc || o->binding == NULL || o->min_size > o->max_size)
        usage(argv[0]);
}
