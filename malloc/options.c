/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "options.h"

#include <string.h>

#include <frusa.h>

enum kind { KIND_SIZE, KIND_FLAG, KIND_CHOICE, KIND_TEXT };

struct option {
    const char *name;
    enum kind kind;
    size_t offset; /* in struct fr_options */
    size_t initial;
    size_t low;
    size_t high;
    const char *values;
};

static const struct option table[] = {
#define FR_OPTION(kind, name, initial, low, high, values, helptext)                                \
    {#name, KIND_##kind, offsetof(struct fr_options, name), initial, low, high, values},
#include "options.def"
#undef FR_OPTION
};

#define OPTION_COUNT (sizeof(table) / sizeof(table[0]))

/* A stretch of the text. */
struct part {
    const char *start;
    size_t length;
};

static size_t *number_of(struct fr_options *options, const struct option *o)
{
    return (size_t *)(void *)((char *)options + o->offset);
}

static struct fr_option_text *text_of(struct fr_options *options, const struct option *o)
{
    return (struct fr_option_text *)(void *)((char *)options + o->offset);
}

void fr_options_init(struct fr_options *options)
{
    memset(options, 0, sizeof(*options));
    for (size_t i = 0; i < OPTION_COUNT; i++)
        if (table[i].kind != KIND_TEXT)
            *number_of(options, &table[i]) = table[i].initial;
}

static int equals(struct part part, const char *word, size_t length)
{
    return part.length == length && memcmp(part.start, word, length) == 0;
}

/* Binary digits that a suffix stands for; -1: none of them. */
static int shift_of(char suffix)
{
    static const char suffixes[] = "kKmMgGtT";
    const char *at = suffix ? strchr(suffixes, suffix) : NULL;
    return at ? 10 * (int)((at - suffixes) / 2 + 1) : -1;
}

/* Returns what is wrong, or NULL with *out set. */
static const char *parse_size(const struct option *o, struct part value, size_t *out)
{
    size_t n = 0;
    size_t i = 0;
    if (o->high == FR_UNLIMITED && equals(value, "unlimited", strlen("unlimited"))) {
        *out = FR_UNLIMITED;
        return NULL;
    }
    for (; i < value.length && value.start[i] >= '0' && value.start[i] <= '9'; i++) {
        size_t digit = (size_t)(value.start[i] - '0');
        if (n > ((size_t)-1 - digit) / 10)
            return "too large";
        n = n * 10 + digit;
    }
    if (i == 0)
        return "not a size";
    if (i < value.length) {
        int shift = shift_of(value.start[i]);
        if (shift < 0 || i + 1 < value.length)
            return "not a size";
        if (n && ((size_t)shift >= 8 * sizeof(n) || n > (size_t)-1 >> shift))
            return "too large";
        n = n && (size_t)shift < 8 * sizeof(n) ? n << shift : 0;
    }
    if (n < o->low)
        return "too small";
    if (n > o->high)
        return "too large";
    *out = n;
    return NULL;
}

/* The number of the word that is the value, in a list separated by "|". */
static const char *parse_word(const struct option *o, struct part value, size_t *out)
{
    size_t number = 0;
    for (const char *word = o->values;; number++) {
        const char *end = strchr(word, '|');
        size_t length = end ? (size_t)(end - word) : strlen(word);
        if (equals(value, word, length)) {
            *out = number;
            return NULL;
        }
        if (!end)
            return "not one of its values";
        word = end + 1;
    }
}

static const char *parse_value(struct fr_options *options, const struct option *o,
                               struct part value)
{
    switch (o->kind) {
    case KIND_SIZE:
        return parse_size(o, value, number_of(options, o));
    case KIND_FLAG:
    case KIND_CHOICE:
        return parse_word(o, value, number_of(options, o));
    default:
        text_of(options, o)->start = value.length ? value.start : NULL;
        text_of(options, o)->length = value.length;
        return NULL;
    }
}

/* Applies one "name=value"; returns what is wrong with it, or NULL. */
static const char *parse_part(struct fr_options *options, struct part part)
{
    const char *sign = memchr(part.start, '=', part.length);
    struct part name = {part.start, sign ? (size_t)(sign - part.start) : part.length};
    for (size_t i = 0; i < OPTION_COUNT; i++) {
        if (!equals(name, table[i].name, strlen(table[i].name)))
            continue;
        if (!sign)
            return "no value";
        struct part value = {sign + 1, part.length - name.length - 1};
        return parse_value(options, &table[i], value);
    }
    return "unknown option";
}

void fr_options_parse(struct fr_options *options, const char *text, fr_options_complain *complain)
{
    while (text && *text) {
        struct part part = {text, strcspn(text, ",")};
        const char *wrong = part.length ? parse_part(options, part) : NULL;
        if (wrong)
            complain(part.start, part.length, wrong);
        text += part.length;
        text += *text == ',';
    }
}
