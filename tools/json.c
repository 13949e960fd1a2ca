/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "json.h"

#include <stdlib.h>
#include <string.h>

#include "message.h"

/* Arrays and objects inside of each other. */
enum { DEPTH_MAX = 16 };

static int is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static const char *skip_blanks(const char *at, const char *end)
{
    while (at < end && is_blank(*at))
        at++;
    return at;
}

/* Each of these returns the end of what begins at `at`; NULL: it is not what it should be. */
static const char *skip_value(const char *at, const char *end, int depth);

static const char *skip_string(const char *at, const char *end)
{
    if (at == end || *at != '"')
        return NULL;
    for (at++; at < end && *at != '"'; at++) {
        if ((unsigned char)*at < ' ')
            return NULL;
        if (*at == '\\' && ++at == end)
            return NULL;
    }
    return at < end ? at + 1 : NULL;
}

static const char *skip_number(const char *at, const char *end)
{
    const char *begin = at;
    while (at < end && *at && strchr("+-.0123456789Ee", *at))
        at++;
    return at > begin ? at : NULL;
}

static const char *skip_word(const char *at, const char *end, const char *word)
{
    size_t length = strlen(word);
    return (size_t)(end - at) >= length && memcmp(at, word, length) == 0 ? at + length : NULL;
}

static const char *skip_element(const char *at, const char *end, int has_name, int depth)
{
    if (has_name) {
        at = skip_string(at, end);
        at = at ? skip_blanks(at, end) : NULL;
        if (!at || at == end || *at++ != ':')
            return NULL;
        at = skip_blanks(at, end);
    }
    at = skip_value(at, end, depth);
    return at ? skip_blanks(at, end) : NULL;
}

/* An array, or an object, whose elements have names. */
static const char *skip_list(const char *at, const char *end, int depth)
{
    int is_object = *at == '{';
    char close = is_object ? '}' : ']';
    if (depth == DEPTH_MAX)
        return NULL;
    at = skip_blanks(at + 1, end);
    if (at < end && *at == close)
        return at + 1;
    for (;;) {
        at = skip_element(at, end, is_object, depth + 1);
        if (!at || at == end)
            return NULL;
        if (*at == close)
            return at + 1;
        if (*at != ',')
            return NULL;
        at = skip_blanks(at + 1, end);
    }
}

static const char *skip_value(const char *at, const char *end, int depth)
{
    if (at == end)
        return NULL;
    switch (*at) {
    case '{':
    case '[':
        return skip_list(at, end, depth);
    case '"':
        return skip_string(at, end);
    case 't':
        return skip_word(at, end, "true");
    case 'f':
        return skip_word(at, end, "false");
    case 'n':
        return skip_word(at, end, "null");
    default:
        return skip_number(at, end);
    }
}

int json_check(const char *text, size_t length, struct json *out)
{
    const char *end = text + length;
    out->at = skip_blanks(text, end);
    out->end = skip_value(out->at, end, 0);
    return out->end && skip_blanks(out->end, end) == end;
}

int json_first(struct json array, struct json *rest)
{
    rest->at = rest->end = array.end;
    if (array.at == array.end || (*array.at != '[' && *array.at != '{'))
        return 0;
    rest->at = skip_blanks(array.at + 1, array.end);
    return 1;
}

/* In text that was checked: what follows a value is a comma, or the end. */
int json_next(struct json *rest, struct json *element)
{
    if (rest->at == rest->end || *rest->at == ']' || *rest->at == '}')
        return 0;
    element->at = rest->at;
    element->end = skip_value(rest->at, rest->end, 0);
    if (!element->end)
        return 0;
    rest->at = skip_blanks(element->end, rest->end);
    if (rest->at < rest->end && (*rest->at == ',' || *rest->at == ':'))
        rest->at = skip_blanks(rest->at + 1, rest->end);
    return 1;
}

int json_member(struct json object, const char *name, struct json *out)
{
    struct json rest, key;
    size_t length = strlen(name);
    if (object.at == object.end || *object.at != '{' || !json_first(object, &rest))
        return 0;
    while (json_next(&rest, &key) && json_next(&rest, out))
        if ((size_t)(key.end - key.at) == length + 2 && memcmp(key.at + 1, name, length) == 0)
            return 1;
    return 0;
}

unsigned long long json_number(struct json value)
{
    unsigned long long n = 0;
    for (const char *at = value.at; at < value.end && *at >= '0' && *at <= '9'; at++)
        n = n * 10 + (unsigned)(*at - '0');
    return n;
}

unsigned long long json_member_number(struct json object, const char *name)
{
    struct json value;
    return json_member(object, name, &value) ? json_number(value) : 0;
}

char *json_text(struct json value)
{
    int is_string = value.at < value.end && *value.at == '"';
    size_t length = (size_t)(value.end - value.at) - (is_string ? 2 : 0);
    char *text = text_of("%.*s", (int)length, value.at + is_string);
    for (char *c = text; *c; c++)
        if (*c < ' ' || *c > '~')
            *c = '?';
    return text;
}

int json_is_true(struct json value)
{
    return value.at < value.end && *value.at == 't';
}
