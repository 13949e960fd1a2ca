/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The options of libfrusa-malloc as options of frusa-run, both from malloc/options.def:
 * thread_cache_max is --thread-cache-max=SIZE, a flag alone stands for its being set, and --stats
 * alone for "-".
 */
#ifndef TOOLS_SETTINGS_H
#define TOOLS_SETTINGS_H

#include <getopt.h>
#include <stdio.h>

enum {
#define FR_OPTION(kind, name, initial, low, high, values, helptext) SETTING_##name,
#include "malloc/options.def"
#undef FR_OPTION
    SETTINGS_COUNT
};

/* What getopt_long returns for the options of the table: SETTINGS_FIRST plus their numbers. */
enum { SETTINGS_FIRST = 256, SETTINGS_END = SETTINGS_FIRST + SETTINGS_COUNT };

/* What goes into FRUSA_OPTIONS: "name=value,name=value". */
struct settings {
    const char *text;
};

/* Fills SETTINGS_COUNT entries. */
void settings_list(struct option *options);

/* Adds the option that getopt_long returned `found` for; exits with a message if the value is
 * wrong. */
void settings_add(struct settings *settings, int found, const char *value);

/* Two lines for each option. */
void settings_print_help(FILE *out);

#endif /* TOOLS_SETTINGS_H */
