/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * frusa-run: runs a program under libfrusa-malloc. It sets LD_PRELOAD and FRUSA_OPTIONS and
 * becomes the command, so that there is no process between the caller and it. What can be known to
 * fail is refused before: the dynamic linker only says on standard error, or not at all, that it
 * ignores a library.
 */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <frusa.h>

#include "command.h"
#include "library.h"
#include "message.h"
#include "settings.h"

enum { OPTION_HELP = SETTINGS_END, OPTION_VERSION, OPTION_LIBRARY };

static void print_help(void)
{
    printf("Usage: frusa-run [OPTION...] COMMAND [ARGUMENT...]\n"
           "Run COMMAND with libfrusa-malloc as its memory allocator.\n\n"
           "Options of the allocator, also in FRUSA_OPTIONS (frusa-malloc(7)):\n");
    settings_print_help(stdout);
    printf("\nOther options:\n"
           "  --library=FILE\n"
           "      the library to run with, instead of the one that was installed\n"
           "  --help\n"
           "      print this text\n"
           "  --version\n"
           "      print the version\n"
           "\nSIZE is a number of bytes, such as 4096, 64KiB, 5MB or 1.5g; units are powers of\n"
           "1024. Dashes and underscores in the names of options are the same.\n"
           "\nThe exit status is COMMAND's; 125 if frusa-run itself fails, 126 if COMMAND\n"
           "cannot be run, 127 if there is no such command.\n");
}

/* The long options: those of the table, then frusa-run's own, then zeros. */
static void list_options(struct option *options)
{
    static const struct option own[] = {
        {"help", no_argument, NULL, OPTION_HELP},
        {"version", no_argument, NULL, OPTION_VERSION},
        {"library", required_argument, NULL, OPTION_LIBRARY},
        {NULL, 0, NULL, 0},
    };
    settings_list(options);
    memcpy(options + SETTINGS_COUNT, own, sizeof(own));
}

/* --thread_cache_max is --thread-cache-max. */
static void use_dashes(char *word)
{
    if (word && strncmp(word, "--", 2) == 0)
        for (; *word != '\0' && *word != '='; word++)
            if (*word == '_')
                *word = '-';
}

/* As getopt_long, up to the command. */
static int next_option(int argc, char **argv, const struct option *options)
{
    use_dashes(argv[optind]);
    return getopt_long(argc, argv, "+", options, NULL);
}

/* Handles the options in front of the command; returns the library that they name, or NULL. */
static const char *parse_options(int argc, char **argv, struct settings *settings)
{
    struct option options[SETTINGS_COUNT + 4];
    const char *library = NULL;
    int found;
    list_options(options);
    while ((found = next_option(argc, argv, options)) != -1) {
        switch (found) {
        case OPTION_HELP:
            print_help();
            exit(close_output());
        case OPTION_VERSION:
            printf("frusa-run (libfrusa) %s\n", FRUSA_VERSION);
            exit(close_output());
        case OPTION_LIBRARY:
            library = optarg;
            break;
        case '?': /* getopt has said what is wrong */
            fprintf(stderr, "Try 'frusa-run --help'.\n");
            exit(STATUS_FAILED);
        default:
            settings_add(settings, found, optarg);
        }
    }
    return library;
}

/* The library comes first: of two that define malloc, the first one counts. */
static void set_environment(const char *library, const struct settings *settings)
{
    prepend_variable("LD_PRELOAD", library, ':');
    if (settings->text[0] != '\0')
        append_variable("FRUSA_OPTIONS", settings->text, ',');
}

int main(int argc, char **argv)
{
    struct settings settings = {.text = ""};
    const char *given = parse_options(argc, argv, &settings);
    if (optind == argc) {
        complain("no command");
        fprintf(stderr, "Try 'frusa-run --help'.\n");
        return STATUS_FAILED;
    }
    char **command = argv + optind;
    char *library = library_find(given);
    char *program = command_find(command[0]);
    command_check(program, library);
    set_environment(library, &settings);
    execvp(program, command); /* not execv: a script may lack its first line */
    int why = errno;
    complain("%s: %s", command[0], strerror(why));
    return why == ENOENT ? STATUS_NOT_FOUND : STATUS_NOT_RUN;
}
