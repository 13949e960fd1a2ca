/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Reading JSON text (RFC 8259) in place: a value is the stretch of text that it consists of. The
 * text comes from another process, so it is checked once, as a whole; then nothing can go wrong.
 */
#ifndef TOOLS_JSON_H
#define TOOLS_JSON_H

#include <stddef.h>

struct json {
    const char *at;
    const char *end;
};

/* Returns 0 unless the text is one value. */
int json_check(const char *text, size_t length, struct json *out);

/* The member of an object; 0 when there is none, or the value is no object. */
int json_member(struct json object, const char *name, struct json *out);

/* Goes through an array: begins with the array itself, returns 0 at its end. `rest` may be
 * `array`. */
int json_first(struct json array, struct json *rest);
int json_next(struct json *rest, struct json *element);

/* A number that is not negative; 0 for anything else. */
unsigned long long json_number(struct json value);

/* The number of a member; 0 when there is none. */
unsigned long long json_member_number(struct json object, const char *name);

/* A copy of a string, with a question mark for whatever is no plain ASCII; of other values the
 * text. */
char *json_text(struct json value);

int json_is_true(struct json value);

#endif /* TOOLS_JSON_H */
