/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The parser of options: what it takes, what it reports, what it leaves alone. */
#include "options.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <frusa.h>

#define EXPECT(condition)                                                                          \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #condition);                \
            exit(1);                                                                               \
        }                                                                                          \
    } while (0)

static char complaints[4096];

static void collect(const char *part, size_t length, const char *why)
{
    size_t used = strlen(complaints);
    snprintf(complaints + used, sizeof(complaints) - used, "%.*s: %s;", (int)length, part, why);
}

static struct fr_options parse(const char *text)
{
    struct fr_options o;
    complaints[0] = '\0';
    fr_options_init(&o);
    fr_options_parse(&o, text, collect);
    return o;
}

/* The text changes nothing and is reported in these words. */
static void expect_complaint(const char *text, const char *words)
{
    struct fr_options initial;
    struct fr_options o = parse(text);
    fr_options_init(&initial);
    if (strcmp(complaints, words) != 0)
        fprintf(stderr, "%s\n", complaints);
    EXPECT(strcmp(complaints, words) == 0);
    EXPECT(memcmp(&o, &initial, sizeof(o)) == 0);
}

static void test_values(void)
{
    struct fr_options o =
        parse("limit=1,retain=2k,thread_cache_max=3M,managed_max=4096,huge=always,"
              "checked=1,no_thread_cache=1,stats=a b=c");
    EXPECT(complaints[0] == '\0');
    EXPECT(o.limit == 1 && o.retain == 2048 && o.thread_cache_max == 3 << 20);
    EXPECT(o.managed_max == 4096 && o.huge == 2 && o.checked == 1 && o.no_thread_cache == 1);
    EXPECT(o.stats.length == 5 && memcmp(o.stats.start, "a b=c", 5) == 0);
    o = parse("retain=unlimited,limit=0,limit=7,,checked=0,huge=never,");
    EXPECT(complaints[0] == '\0');
    EXPECT(o.retain == SIZE_MAX && o.limit == 7 && o.checked == 0 && o.huge == 1);
#if SIZE_MAX > UINT32_MAX
    EXPECT(parse("limit=3g").limit == (size_t)3 << 30 && parse("limit=1T").limit == (size_t)1
                                                                                        << 40);
    EXPECT(parse("limit=18446744073709551615").limit == SIZE_MAX);
    EXPECT(parse("limit=16777215t").limit == SIZE_MAX - ((size_t)1 << 40) + 1);
    expect_complaint("limit=16777216t", "limit=16777216t: too large;");
    expect_complaint("limit=18446744073709551616", "limit=18446744073709551616: too large;");
#endif
}

static void test_complaints(void)
{
    expect_complaint(NULL, "");
    expect_complaint("", "");
    expect_complaint(",,,", "");
    expect_complaint("nonsense", "nonsense: unknown option;");
    expect_complaint("=", "=: unknown option;");
    expect_complaint("=1", "=1: unknown option;");
    expect_complaint("Limit=1", "Limit=1: unknown option;");
    expect_complaint(" limit=1", " limit=1: unknown option;");
    expect_complaint("limits=1,limi=1", "limits=1: unknown option;limi=1: unknown option;");
    expect_complaint("limit", "limit: no value;");
    expect_complaint("limit=", "limit=: not a size;");
    expect_complaint("limit=k", "limit=k: not a size;");
    expect_complaint("limit=-1", "limit=-1: not a size;");
    expect_complaint("limit=0x10", "limit=0x10: not a size;");
    expect_complaint("limit=1kk", "limit=1kk: not a size;");
    expect_complaint("limit=1kb", "limit=1kb: not a size;");
    expect_complaint("limit=1 ", "limit=1 : not a size;");
    expect_complaint("managed_max=0", "managed_max=0: too small;");
    expect_complaint("managed_max=3m", "managed_max=3m: too large;");
    expect_complaint("managed_max=unlimited", "managed_max=unlimited: not a size;");
    expect_complaint("checked=yes", "checked=yes: not one of its values;");
    expect_complaint("checked=", "checked=: not one of its values;");
    expect_complaint("huge=a", "huge=a: not one of its values;");
    expect_complaint("huge=auto|never", "huge=auto|never: not one of its values;");
    expect_complaint("\377\1\n,%s%n", "\377\1\n: unknown option;%s%n: unknown option;");
}

/* Every text over a few bytes, and cut at every place: nothing but the table is ever set. */
static void test_all_short_texts(void)
{
    static const char bytes[] = "=,1k|";
    char text[6] = "";
    for (size_t number = 0; number < 3125; number++) {
        size_t n = number;
        for (size_t i = 0; i < 6; i++, n /= 5)
            text[i] = i < 5 ? bytes[n % 5] : '\0';
        struct fr_options o = parse(text);
        struct fr_options initial;
        fr_options_init(&initial);
        EXPECT(memcmp(&o, &initial, sizeof(o)) == 0);
    }
}

int main(void)
{
    test_values();
    test_complaints();
    test_all_short_texts();
    return 0;
}
