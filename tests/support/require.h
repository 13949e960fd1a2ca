/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Assertions that work in every thread, in every runner, and cost nothing while they hold (those of
 * check write a record each time, too much for a loop of a million rounds).
 */
#ifndef SUPPORT_REQUIRE_H
#define SUPPORT_REQUIRE_H

/* Ends the process with a message on standard error unless `condition` holds. */
#define REQUIRE(condition) REQUIRE_MSG(condition, "%s", "")

/* The same; the format and its arguments tell the values concerned. */
#define REQUIRE_MSG(condition, ...)                                                                \
    ((condition) ? (void)0 : require_failed(__FILE__, __LINE__, #condition, __VA_ARGS__))

/* Names what the following assertions are about, for their messages; NULL: nothing. The string is
 * kept. */
void require_context(const char *context);

void require_failed(const char *file, int line, const char *condition, const char *format, ...)
    __attribute__((noreturn, cold, format(printf, 4, 5)));

#endif /* SUPPORT_REQUIRE_H */
