/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * frusactl: looks into running processes that allocate from libfrusa, and has them reclaim, through
 * their control sockets.
 */
#include "frusactl.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <frusa.h>

#include "message.h"

volatile sig_atomic_t frusactl_interrupted;

enum { OPTION_HELP = 256, OPTION_VERSION };

/* Which options a command takes, beside --json: the letters of their short forms. */
static const struct command {
    const char *name;
    int (*run)(const struct options *, char **);
    int least, most; /* arguments */
    const char *options;
    const char *arguments;
    const char *help;
} commands[] = {
    {"list", command_list, 0, 0, "", "", "list the processes that can be asked"},
    {"stats", command_stats, 1, 1, "a", " PID", "show what a process holds, and for what"},
    {"reclaim", command_reclaim, 1, 2, "", " PID [SIZE]",
     "give unused memory back to the system, all of it or about SIZE"},
    {"retain", command_retain, 2, 2, "", " PID SIZE",
     "bound the empty memory that is kept for reuse"},
    {"limit", command_limit, 2, 2, "", " PID SIZE", "bound the memory that is held; 0: no bound"},
    {"map", command_map, 1, 1, "o", " PID [-o FILE.svg]",
     "show where the memory lies, as a table or a drawing"},
    {"top", command_top, 0, 64, "in", " [PID...] [-i SECONDS] [-n COUNT]",
     "show what processes hold, again and again, by size class"},
    {"record", command_record, 1, 1, "oin", " PID [-o FILE.csv] [-i SECONDS] [-n COUNT]",
     "write what a process holds, again and again, until it ends"},
    {"plot", command_plot, 1, 1, "o", " FILE.csv -o FILE.svg", "draw what was recorded"},
};

#define COMMAND_COUNT (sizeof(commands) / sizeof(commands[0]))

static void print_help(void)
{
    printf("Usage: frusactl COMMAND [OPTION...] [ARGUMENT...]\n"
           "Look into running processes that allocate from libfrusa.\n\n"
           "Commands:\n");
    for (size_t i = 0; i < COMMAND_COUNT; i++)
        printf("  %s%s\n      %s\n", commands[i].name, commands[i].arguments, commands[i].help);
    printf("\nOptions:\n"
           "  --json\n"
           "      print JSON, for programs\n"
           "  -a, --all\n"
           "      stats: show all size classes, not only the largest ones\n"
           "  -o, --output FILE\n"
           "      write to FILE; -: to standard output\n"
           "  -i, --interval SECONDS\n"
           "      time from one sample to the next [1]\n"
           "  -n, --count COUNT\n"
           "      end after so many samples\n"
           "  --help\n"
           "      print this text\n"
           "  --version\n"
           "      print the version\n"
           "\nPID is the number of a process, or PID-NAME for one of several instances in it.\n"
           "SIZE is a number of bytes, such as 4096, 64KiB, 5MB or 1.5g; or \"unlimited\".\n"
           "The exit status is 0 when it is done, 1 when it failed or was refused, 2 when\n"
           "the command line is wrong.\n");
}

__attribute__((noreturn)) static void refuse(void)
{
    fprintf(stderr, "Try 'frusactl --help'.\n");
    exit(USAGE);
}

static const struct command *find_command(const char *name)
{
    for (size_t i = 0; i < COMMAND_COUNT; i++)
        if (strcmp(commands[i].name, name) == 0)
            return &commands[i];
    complain("%s: no such command", name);
    refuse();
}

/* A number of seconds or of times that is at least `least`. */
static double positive(const char *option, const char *text, double least)
{
    char *end;
    errno = 0;
    double value = strtod(text, &end);
    if (errno || end == text || *end || !(value >= least) || value > 1e6) {
        complain("%s %s: not a number from %g on", option, text, least);
        refuse();
    }
    return value;
}

static void set_option(struct options *o, int found)
{
    switch (found) {
    case 'j':
        o->json = 1;
        break;
    case 'a':
        o->all = 1;
        break;
    case 'o':
        o->output = optarg;
        break;
    case 'i':
        o->interval = positive("--interval", optarg, 0.01);
        break;
    case 'n':
        o->count = (long)positive("--count", optarg, 1);
        break;
    case OPTION_HELP:
        print_help();
        exit(close_output());
    case OPTION_VERSION:
        printf("frusactl (libfrusa) %s\n", FRUSA_VERSION);
        exit(close_output());
    default: /* getopt has said what is wrong */
        refuse();
    }
}

/* Options may stand in front of the command, and anywhere behind it. Returns those that were
 * given, by letter. */
static const char *parse_options(int argc, char **argv, struct options *o)
{
    static const struct option options[] = {
        {"json", no_argument, NULL, 'j'},
        {"all", no_argument, NULL, 'a'},
        {"output", required_argument, NULL, 'o'},
        {"interval", required_argument, NULL, 'i'},
        {"count", required_argument, NULL, 'n'},
        {"help", no_argument, NULL, OPTION_HELP},
        {"version", no_argument, NULL, OPTION_VERSION},
        {NULL, 0, NULL, 0},
    };
    static char given[16];
    size_t n = 0;
    int found;
    while ((found = getopt_long(argc, argv, "ao:i:n:", options, NULL)) != -1) {
        set_option(o, found);
        if (found != 'j' && n + 1 < sizeof(given))
            given[n++] = (char)found;
    }
    return given;
}

static void check_arguments(const struct command *c, int n, const char *given)
{
    if (n < c->least || n > c->most) {
        complain("%s: %s (usage: frusactl %s%s)", c->name,
                 n < c->least ? "an argument is missing" : "too many arguments", c->name,
                 c->arguments);
        refuse();
    }
    for (; *given; given++)
        if (!strchr(c->options, *given)) {
            complain("%s: takes no option -%c", c->name, *given);
            refuse();
        }
}

static void note_signal(int number)
{
    (void)number;
    frusactl_interrupted = 1;
}

static void catch_signals(void)
{
    struct sigaction action = {.sa_handler = note_signal};
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
}

int main(int argc, char **argv)
{
    struct options o = {.interval = 1};
    message_begin("frusactl", FAILED);
    const char *given = parse_options(argc, argv, &o);
    if (optind == argc) {
        complain("no command");
        refuse();
    }
    const struct command *c = find_command(argv[optind]);
    check_arguments(c, argc - optind - 1, given);
    catch_signals();
    int status = c->run(&o, argv + optind + 1);
    int closed = close_output();
    return status ? status : closed;
}
