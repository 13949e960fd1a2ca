/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * A fuzzer of the text of FRUSA_OPTIONS: any text leaves every option in its range, whatever is
 * reported lies in the text, and nothing but what is valid is applied.
 */
#include "../../malloc/options.h"
#include "fuzz.h"
#include "support/require.h"

#include <frusa.h>

#include <stdlib.h>
#include <string.h>

static const char *text;
static size_t text_size;
static size_t complaints;

static int is_inside(const char *start, size_t length)
{
    return start >= text && length <= text_size && (size_t)(start - text) <= text_size - length;
}

static void complain(const char *part, size_t length, const char *why)
{
    complaints++;
    REQUIRE(is_inside(part, length) && length > 0 && memchr(part, ',', length) == NULL);
    REQUIRE(why != NULL && *why != '\0');
}

static void require_number(size_t value, size_t low, size_t high)
{
    REQUIRE_MSG(value >= low && value <= high, "%zu", value);
}

static void require_text(const struct fr_option_text *value)
{
    if (value->length == 1 && *value->start == '-')
        return; /* also what the bare name stands for */
    REQUIRE(value->start == NULL ? value->length == 0 : is_inside(value->start, value->length));
    REQUIRE(value->start == NULL || memchr(value->start, ',', value->length) == NULL);
}

static void require_valid(const struct fr_options *o)
{
#define REQUIRE_SIZE(name, low, high)   require_number(o->name, low, high)
#define REQUIRE_FLAG(name, low, high)   require_number(o->name, low, high)
#define REQUIRE_CHOICE(name, low, high) require_number(o->name, low, high)
#define REQUIRE_PACE(name, low, high)   require_number(o->name, low, high)
#define REQUIRE_FILE(name, low, high)   require_text(&o->name)
#define REQUIRE_PATH(name, low, high)   require_text(&o->name)

#define FR_OPTION(kind, name, initial, low, high, values, helptext) REQUIRE_##kind(name, low, high);
#include "../../malloc/options.def"
#undef FR_OPTION
}

/* The parts of the text that are not empty. */
static size_t count_parts(void)
{
    size_t n = 0;
    for (size_t i = 0; i < text_size; i++)
        n += text[i] != ',' && (i == 0 || text[i - 1] == ',');
    return n;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fr_options once, twice;
    /* A block of its own, so that the address sanitizer sees a step beyond its end. */
    char *copy = malloc(size + 1);
    REQUIRE(copy != NULL);
    memcpy(copy, data, size);
    copy[size] = '\0';
    text = copy;
    text_size = strlen(copy);
    complaints = 0;
    memset(&once, 0, sizeof(once));
    fr_options_init(&once);
    require_valid(&once);
    fr_options_parse(&once, text, complain);
    require_valid(&once);
    REQUIRE(complaints <= count_parts());
    /* Applied again it changes nothing. */
    twice = once;
    fr_options_parse(&twice, text, complain);
    REQUIRE(memcmp(&once, &twice, sizeof(once)) == 0);
    free(copy);
    return 0;
}
