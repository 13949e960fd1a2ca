/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * How the instance gets its options. malloc may be called before any constructor has run, even
 * before the C library has set `environ`, so the options are read when the instance is first used
 * (configure). They are read once more in the constructor, for what can wait until then and to
 * report what is wrong with them.
 */
#include <errno.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#include <frusa-malloc.h>

#include "early.h"
#include "environment.h"
#include "heap.h"
#include "options.h"
#include "port/compiler.h"
#include "port/error.h"
#include "port/syscalls.h"
#include "profile.h"
#include "report.h"
#include "report_signal.h"
#include "service/reclaimer.h"
#include "verbose.h"

FR_EXPORT __attribute__((weak)) const char *frusa_malloc_options;

#define PROGRAM_STRING "frusa_malloc_options"

/* One line by one system call; there may be no standard error, and nobody to tell. */
static void complain_about(const char *source, const char *part, size_t length, const char *why)
{
    struct iovec line[] = {
        {(void *)(size_t) "frusa: ", 7},      {(void *)(size_t)source, strlen(source)},
        {(void *)(size_t) ": ", 2},           {(void *)(size_t)part, length},
        {(void *)(size_t) ": ", 2},           {(void *)(size_t)why, strlen(why)},
        {(void *)(size_t) ", ignored\n", 10},
    };
    ssize_t written = writev(STDERR_FILENO, line, sizeof(line) / sizeof(line[0]));
    (void)written;
}

static void complain_about_variable(const char *part, size_t length, const char *why)
{
    complain_about(FR_VARIABLE, part, length, why);
}

static void complain_about_program(const char *part, size_t length, const char *why)
{
    complain_about(PROGRAM_STRING, part, length, why);
}

static void be_silent(const char *part, size_t length, const char *why)
{
    (void)part;
    (void)length;
    (void)why;
}

/* The program runs without, too. */
static void start_control(void)
{
    static const char option[] = "control=1";
    if (frusa_control_start(&fr_malloc_heap, "malloc") != 0)
        complain_about_variable(option, sizeof(option) - 1, strerror(errno));
}

/* The options in force, from the program and the environment. */
static void read_options(struct fr_options *options, int complain)
{
    const char *value = fr_environment_value();
    fr_options_init(options);
    options->source = PROGRAM_STRING;
    fr_options_parse(options, frusa_malloc_options, complain ? complain_about_program : be_silent);
    options->source = FR_VARIABLE;
    fr_options_parse(options, value, complain ? complain_about_variable : be_silent);
}

/* The option's values are numbered in this order. */
static const unsigned syscalls_flags[] = {
    FR_FRONT_COMMON_SYSCALLS,
    FR_FRONT_BASIC_SYSCALLS,
    0,
};

static void configure(struct frusa_config *config)
{
    struct fr_options options;
    read_options(&options, 0);
    config->managed_max = options.managed_max;
    config->thread_cache_max = options.thread_cache_max;
    config->limit = options.limit;
    config->flags = (options.checked ? FRUSA_CHECKED : 0) |
                    (options.no_thread_cache ? FRUSA_NO_THREAD_CACHE : 0) |
                    syscalls_flags[options.syscalls];
}

/* The others go by the names that paths.h passes. */
static const char *const names[] = {
    "frusa_calloc",
    "calloc",
    "frusa_resize",
    "realloc",
    "frusa_usable_size",
    "malloc_usable_size",
    "frusa_reclaim",
    "malloc_trim",
    "FRUSA_CHECKED",
    FR_VARIABLE "=checked=1",
    NULL,
};

const struct frusa_front fr_malloc_front = {
    .configure = configure,
    .foreign = fr_early_bytes,
    .calls = names,
};

/* Where the thread is to be started: not in the instance's first use, which may come from within
 * the C library, nor in a process with more rights than the user who started it. */
static void start_reclaimer(size_t pace)
{
    struct frusa_reclaimer_config config = {.flags = FR_RECLAIM_IN_CHILDREN};
    if (!pace || fr_environment_is_foreign())
        return;
    if (pace == FR_PACE_MAX)
        config.flags |= FRUSA_RECLAIM_ON_PRESSURE;
    else
        config.interval_ms = (unsigned)pace;
    frusa_reclaimer_start(&fr_malloc_heap, &config); /* without a thread to give there is none */
}

__attribute__((constructor)) static void start(void)
{
    int saved = fr_save_errno();
    struct fr_options options;
    read_options(&options, 1);
    frusa_set_retain(&fr_malloc_heap, options.retain);
    frusa_set_huge((int)options.huge);
    fr_profile_prepare(options.profile, options.profile_file.start, options.profile_file.length);
    fr_report_prepare(options.stats.start, options.stats.length);
    if (fr_report_is_wanted())
        fr_report_catch((enum fr_report_at)options.stats_at);
    if (options.verbose)
        fr_verbose_options(&options);
    fr_environment_clean();
    if (options.control)
        start_control();
    start_reclaimer(options.reclaim);
    fr_restore_errno(saved);
}

__attribute__((destructor)) static void end(void)
{
    fr_profile_at_exit();
    fr_report();
}
