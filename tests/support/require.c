/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The failing end of REQUIRE. */
#include "require.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

static const char *current_context;

void require_context(const char *context)
{
    current_context = context;
}

void require_failed(const char *file, int line, const char *condition, const char *format, ...)
{
    int saved = errno;
    char details[512];
    va_list args;
    va_start(args, format);
    vsnprintf(details, sizeof(details), format, args);
    va_end(args);
    fprintf(stderr, "%s:%d: %s%srequired: %s; %s (errno %d)\n", file, line,
            current_context != NULL ? current_context : "", current_context != NULL ? ": " : "",
            condition, details, saved);
    fflush(NULL);
    abort();
}
