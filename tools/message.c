/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "message.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *name = "frusa-run";
static int failed_status = STATUS_FAILED;

void message_begin(const char *program, int failed)
{
    name = program;
    failed_status = failed;
}

static void print_line(const char *format, va_list args)
{
    fprintf(stderr, "%s: ", name);
    vfprintf(stderr, format, args);
    fputc('\n', stderr);
}

void complain(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    print_line(format, args);
    va_end(args);
}

void fail(int status, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    print_line(format, args);
    va_end(args);
    exit(status);
}

int close_output(void)
{
    if (fclose(stdout) == 0)
        return EXIT_SUCCESS;
    complain("standard output: %s", strerror(errno));
    return failed_status;
}

char *text_of(const char *format, ...)
{
    char *text;
    va_list args;
    va_start(args, format);
    if (vasprintf(&text, format, args) < 0)
        fail(failed_status, "%s", strerror(ENOMEM));
    va_end(args);
    return text;
}

static void set_variable(const char *variable, char *value)
{
    if (setenv(variable, value, 1) != 0)
        fail(failed_status, "%s: %s", variable, strerror(errno));
    free(value);
}

void prepend_variable(const char *variable, const char *text, char separator)
{
    const char *old = getenv(variable);
    set_variable(variable,
                 old && *old ? text_of("%s%c%s", text, separator, old) : text_of("%s", text));
}

void append_variable(const char *variable, const char *text, char separator)
{
    const char *old = getenv(variable);
    set_variable(variable,
                 old && *old ? text_of("%s%c%s", old, separator, text) : text_of("%s", text));
}
