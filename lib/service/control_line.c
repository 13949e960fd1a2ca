/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "service/control_line.h"

#include <limits.h>
#include <string.h>

enum argument { NO_SIZE, MAYBE_SIZE, ONE_SIZE };

static const struct verb {
    const char *name;
    enum fr_control_verb verb;
    enum argument argument;
} verbs[] = {
    {"ping", FR_CONTROL_PING, NO_SIZE},          {"stats", FR_CONTROL_STATS, NO_SIZE},
    {"classes", FR_CONTROL_CLASSES, NO_SIZE},    {"map", FR_CONTROL_MAP, NO_SIZE},
    {"reclaim", FR_CONTROL_RECLAIM, MAYBE_SIZE}, {"retain", FR_CONTROL_RETAIN, ONE_SIZE},
    {"limit", FR_CONTROL_LIMIT, ONE_SIZE},       {"quit", FR_CONTROL_QUIT, NO_SIZE},
};

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

struct text {
    const char *at;
    size_t left;
};

static int is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

/* The next word; empty at the end of the line. */
static struct text next_word(struct text *line)
{
    while (line->left && is_blank(*line->at)) {
        line->at++;
        line->left--;
    }
    struct text word = {line->at, 0};
    while (line->left && !is_blank(*line->at)) {
        line->at++;
        line->left--;
        word.left++;
    }
    return word;
}

static int equals(struct text word, const char *name)
{
    return word.left == strlen(name) && memcmp(word.at, name, word.left) == 0;
}

/* Binary digits that a suffix stands for; -1: it is none. */
static int shift_of(char suffix)
{
    static const char suffixes[] = "kKmMgGtT";
    const char *at = suffix ? strchr(suffixes, suffix) : NULL;
    return at ? 10 * (int)((at - suffixes) / 2 + 1) : -1;
}

/* Reads decimal digits; returns how many, 0 also when the number is too large. */
static size_t read_digits(struct text word, size_t *out)
{
    size_t i = 0;
    *out = 0;
    for (; i < word.left && word.at[i] >= '0' && word.at[i] <= '9'; i++) {
        size_t digit = (size_t)(word.at[i] - '0');
        if (*out > ((size_t)-1 - digit) / 10)
            return 0;
        *out = *out * 10 + digit;
    }
    return i;
}

/* 0 unless the word is a size. */
static int parse_size(struct text word, size_t *out)
{
    size_t digits = read_digits(word, out);
    if (equals(word, "unlimited")) {
        *out = (size_t)-1;
        return 1;
    }
    if (digits == word.left)
        return digits > 0;
    int shift = digits > 0 && digits + 1 == word.left ? shift_of(word.at[digits]) : -1;
    if (shift < 0)
        return 0;
    if ((size_t)shift >= sizeof(*out) * CHAR_BIT || *out > (size_t)-1 >> shift)
        return *out == 0;
    *out <<= shift;
    return 1;
}

static const struct verb *find_verb(struct text word)
{
    for (size_t i = 0; i < LENGTH(verbs); i++)
        if (equals(word, verbs[i].name))
            return &verbs[i];
    return NULL;
}

const char *fr_control_parse(const char *line, size_t length, struct fr_control_request *out)
{
    struct text rest = {line, length};
    const struct verb *verb = find_verb(next_word(&rest));
    struct text argument = next_word(&rest);
    if (!verb)
        return "unknown request";
    out->verb = verb->verb;
    out->size = (size_t)-1;
    if (next_word(&rest).left || (argument.left && verb->argument == NO_SIZE))
        return "too many words";
    if (!argument.left)
        return verb->argument == ONE_SIZE ? "no size" : NULL;
    return parse_size(argument, &out->size) ? NULL : "not a size";
}
