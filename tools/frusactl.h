/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* What the commands of frusactl share. */
#ifndef TOOLS_FRUSACTL_H
#define TOOLS_FRUSACTL_H

#include <signal.h>

/* Exit statuses, beside 0 for done: refused or failed; a command line that is wrong. */
enum { FAILED = 1, USAGE = 2 };

struct options {
    int json;           /* --json: for programs */
    int all;            /* --all: do not leave rows out */
    const char *output; /* --output: a file; NULL: not given */
    double interval;    /* --interval: seconds */
    long count;         /* --count: how often; 0: until it is interrupted */
};

/* Set by SIGINT and SIGTERM, for commands that run for long. */
extern volatile sig_atomic_t frusactl_interrupted;

/* Each executes one command on its arguments, and returns the exit status. */
int command_list(const struct options *o, char **args);
int command_stats(const struct options *o, char **args);
int command_reclaim(const struct options *o, char **args);
int command_retain(const struct options *o, char **args);
int command_limit(const struct options *o, char **args);
int command_map(const struct options *o, char **args);
int command_record(const struct options *o, char **args);
int command_plot(const struct options *o, char **args);
int command_top(const struct options *o, char **args);

#endif /* TOOLS_FRUSACTL_H */
