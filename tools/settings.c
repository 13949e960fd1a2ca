/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "settings.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <frusa.h>

#include "malloc/options.h"
#include "malloc/report_file.h"
#include "malloc/size_text.h"
#include "message.h"

struct setting {
    const char *name;
    enum fr_option_kind kind;
    size_t initial;
    const char *values;
    const char *help;
};

static const struct setting table[] = {
#define FR_OPTION(kind, name, initial, low, high, values, helptext)                                \
    {#name, FR_KIND_##kind, initial, values, helptext},
#include "malloc/options.def"
#undef FR_OPTION
};

/* thread_cache_max: "thread-cache-max". */
static char *long_name(const struct setting *s)
{
    char *name = text_of("%s", s->name);
    for (char *c = name; *c; c++)
        if (*c == '_')
            *c = '-';
    return name;
}

void settings_list(struct option *options)
{
    for (int i = 0; i < SETTINGS_COUNT; i++) {
        options[i].name = long_name(&table[i]);
        options[i].has_arg =
            fr_option_bare_value(table[i].kind) ? optional_argument : required_argument;
        options[i].flag = NULL;
        options[i].val = SETTINGS_FIRST + i;
    }
}

static const struct setting *parsed; /* for refuse */

static void refuse(const char *part, size_t length, const char *why)
{
    size_t skip = strlen(parsed->name) + 1; /* "name=" */
    fail(STATUS_FAILED, "--%s=%.*s: %s", long_name(parsed), (int)(length - skip), part + skip, why);
}

/* Returns 0, or why no file can be created or written under this name. */
static int what_prevents(const char *file)
{
    if (access(file, F_OK) == 0)
        return access(file, R_OK | W_OK) == 0 ? 0 : errno; /* read to see that it is a report */
    char *directory = text_of("%s", file);
    char *slash = strrchr(directory, '/');
    if (slash)
        slash[slash == directory] = '\0';
    int why = access(slash ? directory : ".", W_OK | X_OK) == 0 ? 0 : errno;
    free(directory);
    return why;
}

/* The library says nothing when it cannot write its file, at the program's end. */
static void require_writable(const char *file)
{
    if (strcmp(file, "-") == 0 || strstr(file, "%p"))
        return;
    const char *objection = fr_report_file_objection(file);
    if (objection)
        fail(STATUS_FAILED, "%s: %s", file, objection);
    int why = what_prevents(file);
    if (why != 0)
        fail(STATUS_FAILED, "%s: %s", file, strerror(why));
}

void settings_add(struct settings *settings, int found, const char *value)
{
    struct fr_options ignored;
    parsed = &table[found - SETTINGS_FIRST];
    if (!value)
        value = fr_option_bare_value(parsed->kind);
    if (strchr(value, ','))
        fail(STATUS_FAILED, "--%s=%s: a value cannot contain a comma", long_name(parsed), value);
    char *text = text_of("%s=%s", parsed->name, value);
    fr_options_init(&ignored);
    fr_options_parse(&ignored, text, refuse);
    if (parsed->kind == FR_KIND_FILE || parsed->kind == FR_KIND_PATH)
        require_writable(value);
    settings->text = settings->text[0] ? text_of("%s,%s", settings->text, text) : text;
}

/* What --help says about the default; flags are off and texts empty unless given. */
static char *initial_of(const struct setting *s)
{
    size_t number = s->initial;
    if (s->kind == FR_KIND_CHOICE) {
        const char *word = s->values;
        for (; number > 0; number--)
            word = strchr(word, '|') + 1;
        return text_of(" [%.*s]", (int)strcspn(word, "|"), word);
    }
    if (s->kind == FR_KIND_PACE)
        return text_of(" [no]");
    if (s->kind != FR_KIND_SIZE || number == 0)
        return text_of("%s", "");
    char size[FR_SIZE_ROOM];
    return text_of(" [%s]", fr_size_write(size, number));
}

/* Writes words in lines of at most 80 columns. */
static void print_wrapped(FILE *out, const char *text)
{
    enum { INDENT = 6, WIDTH = 80 };
    int column = 0;
    while (*text) {
        int length = (int)strcspn(text, " ");
        if (column == 0 || column + 1 + length > WIDTH)
            column = fprintf(out, column == 0 ? "%*s" : "\n%*s", INDENT, "") - (column != 0);
        else
            column += fprintf(out, " ");
        column += fprintf(out, "%.*s", length, text);
        text += length + (text[length] == ' ');
    }
    fprintf(out, "\n");
}

void settings_print_help(FILE *out)
{
    for (int i = 0; i < SETTINGS_COUNT; i++) {
        const struct setting *s = &table[i];
        char *name = long_name(s);
        char *initial = initial_of(s);
        char *help = text_of("%s%s", s->help, initial);
        fprintf(out, fr_option_bare_value(s->kind) ? "  --%s[=%s]\n" : "  --%s=%s\n", name,
                s->values);
        print_wrapped(out, help);
        free(help);
        free(initial);
        free(name);
    }
}
