/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "options.h"

#include <string.h>

#include <frusa.h>

struct option {
    const char *name;
    enum fr_option_kind kind;
    size_t offset; /* in struct fr_options */
    size_t initial;
    size_t low;
    size_t high;
    const char *values;
};

static const struct option table[] = {
#define FR_OPTION(kind, name, initial, low, high, values, helptext)                                \
    {#name, FR_KIND_##kind, offsetof(struct fr_options, name), initial, low, high, values},
#include "options.def"
#undef FR_OPTION
};

/* A stretch of the text. */
struct part {
    const char *start;
    size_t length;
};

/* Why a part is ignored. The text is cut when it does not fit. */
struct reason {
    char text[256];
    size_t length;
};

static void say(struct reason *reason, const char *words)
{
    while (*words && reason->length + 1 < sizeof(reason->text))
        reason->text[reason->length++] = *words++;
    reason->text[reason->length] = '\0';
}

static int equals(struct part part, const char *word, size_t length)
{
    return part.length == length && memcmp(part.start, word, length) == 0;
}

static int equals_word(struct part part, const char *word)
{
    return equals(part, word, strlen(word));
}

/* "no-thread-cache" is "no_thread_cache". */
static int names_option(struct part part, const struct option *o)
{
    size_t i = 0;
    for (; i < part.length && o->name[i] != '\0'; i++)
        if (part.start[i] != o->name[i] && (part.start[i] != '-' || o->name[i] != '_'))
            return 0;
    return i == part.length && o->name[i] == '\0';
}

/* ---- The kinds of values ---- */

/* Reads a value into the option's member, or says what is wrong with it. */
typedef void read_value(const struct option *o, struct part value, void *member,
                        struct reason *reason);

static void say_bound(struct reason *reason, const char *words, size_t bound)
{
    char text[FR_SIZE_ROOM];
    say(reason, words);
    say(reason, fr_size_write(text, bound));
    say(reason, ")");
}

static void say_size_wanted(const struct option *o, struct reason *reason)
{
    say(reason, "not a size (a number of bytes, such as 4096, 64KiB, 5MB or 1.5g");
    say(reason, o->high == FR_UNLIMITED ? "; or unlimited)" : ")");
}

static void read_size(const struct option *o, struct part value, void *member,
                      struct reason *reason)
{
    size_t size = 0;
    enum fr_size_text result = fr_size_read(value.start, value.length, &size);
    if (o->high == FR_UNLIMITED && equals_word(value, "unlimited"))
        *(size_t *)member = FR_UNLIMITED;
    else if (result == FR_SIZE_MALFORMED)
        say_size_wanted(o, reason);
    else if (result == FR_SIZE_TOO_LARGE && o->high == FR_UNLIMITED)
        say(reason, "too large");
    else if (result == FR_SIZE_TOO_LARGE || size > o->high)
        say_bound(reason, "too large (at most ", o->high);
    else if (size < o->low)
        say_bound(reason, "too small (at least ", o->low);
    else
        *(size_t *)member = size;
}

/* The value is the number of its word in a list separated by "|". */
static void read_choice(const struct option *o, struct part value, void *member,
                        struct reason *reason)
{
    size_t number = 0;
    for (const char *word = o->values; *word != '\0'; number++) {
        size_t length = strcspn(word, "|");
        if (equals(value, word, length)) {
            *(size_t *)member = number;
            return;
        }
        word += length + (word[length] == '|');
    }
    say(reason, "not one of its values (");
    say(reason, o->values);
    say(reason, ")");
}

/* Reads a number of decimal digits up to a bound; 0: it is none. */
static size_t read_count(struct part value, size_t high)
{
    size_t n = 0;
    for (size_t i = 0; i < value.length; i++) {
        if (value.start[i] < '0' || value.start[i] > '9' || n > high)
            return 0;
        n = 10 * n + (size_t)(value.start[i] - '0');
    }
    return n <= high ? n : 0;
}

static void read_pace(const struct option *o, struct part value, void *member,
                      struct reason *reason)
{
    static const char every[] = "every:";
    size_t skip = sizeof(every) - 1;
    size_t number = 0;
    if (value.length > skip && memcmp(value.start, every, skip) == 0)
        number = read_count((struct part){value.start + skip, value.length - skip}, o->high - 1);
    else if (equals_word(value, "pressure"))
        number = o->high;
    if (number || equals_word(value, "no")) {
        *(size_t *)member = number;
        return;
    }
    say(reason, "not one of its values (");
    say(reason, o->values);
    say(reason, "; MS is 1 to 86400000)");
}

/* A person who writes one of these words means a flag, not a file of that name. */
static int is_truth_value(struct part value)
{
    static const char *const words[] = {"0", "1", "no", "yes", "off", "on", "false", "true"};
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
        if (equals_word(value, words[i]))
            return 1;
    return 0;
}

static void keep_text(struct part value, void *member)
{
    struct fr_option_text *text = member;
    text->start = value.length ? value.start : NULL;
    text->length = value.length;
}

static void read_path(const struct option *o, struct part value, void *member,
                      struct reason *reason)
{
    if (is_truth_value(value) || equals_word(value, "-")) {
        say(reason, "not a file (");
        say(reason, o->name);
        say(reason, "=FILE a file; one of that name is ./NAME)");
        return;
    }
    keep_text(value, member);
}

static void read_file(const struct option *o, struct part value, void *member,
                      struct reason *reason)
{
    if (is_truth_value(value)) {
        say(reason, "not a file (");
        say(reason, o->name);
        say(reason, "=- is standard error, ");
        say(reason, o->name);
        say(reason, "=FILE a file; one of that name is ./NAME)");
        return;
    }
    keep_text(value, member);
}

static const struct kind {
    read_value *read;
    const char *bare; /* the value that the name alone stands for; NULL: it needs one */
} kinds[] = {
    [FR_KIND_SIZE] = {read_size, NULL},     [FR_KIND_FLAG] = {read_choice, "1"},
    [FR_KIND_CHOICE] = {read_choice, NULL}, [FR_KIND_PACE] = {read_pace, NULL},
    [FR_KIND_FILE] = {read_file, "-"},      [FR_KIND_PATH] = {read_path, NULL},
};

const char *fr_option_bare_value(enum fr_option_kind kind)
{
    return kinds[kind].bare;
}

/* ---- The text ---- */

static void *member_of(struct fr_options *options, const struct option *o)
{
    return (char *)options + o->offset;
}

void fr_options_init(struct fr_options *options)
{
    memset(options, 0, sizeof(*options));
    for (size_t i = 0; i < FR_OPTION_COUNT; i++)
        if (table[i].initial)
            *(size_t *)member_of(options, &table[i]) = table[i].initial;
}

static void apply(struct fr_options *options, const struct option *o, struct part value,
                  struct reason *reason)
{
    const char *bare = kinds[o->kind].bare;
    if (!value.start && bare)
        value = (struct part){bare, strlen(bare)};
    if (value.start)
        kinds[o->kind].read(o, value, member_of(options, o), reason);
    else {
        say(reason, "no value (");
        say(reason, o->name);
        say(reason, "=");
        say(reason, o->values);
        say(reason, ")");
    }
}

/* Applies one "name=value", or says what is wrong with it. */
static void apply_part(struct fr_options *options, struct part part, struct reason *reason)
{
    const char *sign = memchr(part.start, '=', part.length);
    struct part name = {part.start, sign ? (size_t)(sign - part.start) : part.length};
    struct part value = {NULL, 0};
    if (sign)
        value = (struct part){sign + 1, part.length - name.length - 1};
    for (size_t i = 0; i < FR_OPTION_COUNT; i++)
        if (names_option(name, &table[i])) {
            apply(options, &table[i], value, reason);
            if (!reason->length)
                options->sources[i] = options->source;
            return;
        }
    say(reason, "unknown option");
}

void fr_options_parse(struct fr_options *options, const char *text, fr_options_complain *complain)
{
    while (text && *text) {
        struct part part = {text, strcspn(text, ",")};
        struct reason reason = {"", 0};
        if (part.length)
            apply_part(options, part, &reason);
        if (reason.length)
            complain(part.start, part.length, reason.text);
        text += part.length;
        text += *text == ',';
    }
}

/* ---- Values as text ---- */

static struct fr_option_text text_of_word(const char *word, size_t length)
{
    return (struct fr_option_text){word, length};
}

static struct fr_option_text text_of_size(const struct option *o, size_t size,
                                          struct fr_option_state *state)
{
    const char *text = o->high == FR_UNLIMITED && size == FR_UNLIMITED
                           ? "unlimited"
                           : fr_size_write(state->room, size);
    return text_of_word(text, strlen(text));
}

static struct fr_option_text text_of_choice(const struct option *o, size_t number)
{
    const char *word = o->values;
    for (; number > 0; number--)
        word = strchr(word, '|') + 1;
    return text_of_word(word, strcspn(word, "|"));
}

static struct fr_option_text text_of_pace(const struct option *o, size_t pace,
                                          struct fr_option_state *state)
{
    static const char every[] = "every:";
    size_t at = sizeof(state->room);
    if (pace == 0 || pace == o->high)
        return pace ? text_of_word("pressure", 8) : text_of_word("no", 2);
    for (; pace > 0; pace /= 10)
        state->room[--at] = (char)('0' + pace % 10);
    at -= sizeof(every) - 1;
    memcpy(state->room + at, every, sizeof(every) - 1);
    return text_of_word(state->room + at, sizeof(state->room) - at);
}

void fr_options_state(const struct fr_options *options, size_t i, struct fr_option_state *state)
{
    const struct option *o = &table[i];
    const void *member = (const char *)options + o->offset;
    state->name = o->name;
    state->source = options->sources[i];
    if (o->kind == FR_KIND_FILE || o->kind == FR_KIND_PATH)
        state->value = *(const struct fr_option_text *)member;
    else if (o->kind == FR_KIND_SIZE)
        state->value = text_of_size(o, *(const size_t *)member, state);
    else if (o->kind == FR_KIND_PACE)
        state->value = text_of_pace(o, *(const size_t *)member, state);
    else
        state->value = text_of_choice(o, *(const size_t *)member);
}
