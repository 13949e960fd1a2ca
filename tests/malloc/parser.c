/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The parser of options: what it takes, what it reports, what it leaves alone. */
#include "options.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <frusa.h>

#include "size_text.h"

#define EXPECT(condition)                                                                          \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #condition);                \
            exit(1);                                                                               \
        }                                                                                          \
    } while (0)

#define NOT_A_SIZE "not a size (a number of bytes, such as 4096, 64KiB, 5MB or 1.5g"

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
    EXPECT(parse("").reclaim == 0 && parse("reclaim=every:250,reclaim=no").reclaim == 0);
    EXPECT(parse("reclaim=every:1").reclaim == 1 &&
           parse("reclaim=every:86400000").reclaim == 86400000);
    EXPECT(parse("reclaim=pressure").reclaim == FR_PACE_MAX);
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
    expect_complaint("limit", "limit: no value (limit=SIZE);");
    expect_complaint("limit=", "limit=: " NOT_A_SIZE "; or unlimited);");
    expect_complaint("limit=k", "limit=k: " NOT_A_SIZE "; or unlimited);");
    expect_complaint("limit=-1", "limit=-1: " NOT_A_SIZE "; or unlimited);");
    expect_complaint("limit=0x10", "limit=0x10: " NOT_A_SIZE "; or unlimited);");
    expect_complaint("limit=1kk", "limit=1kk: " NOT_A_SIZE "; or unlimited);");
    expect_complaint("limit=1 ", "limit=1 : " NOT_A_SIZE "; or unlimited);");
    expect_complaint("managed_max=0", "managed_max=0: too small (at least 1);");
    expect_complaint("managed_max=3m", "managed_max=3m: too large (at most 2m);");
    expect_complaint("managed_max=unlimited", "managed_max=unlimited: " NOT_A_SIZE ");");
    expect_complaint("checked=yes", "checked=yes: not one of its values (0|1);");
    expect_complaint("checked=", "checked=: not one of its values (0|1);");
    expect_complaint("huge=a", "huge=a: not one of its values (auto|never|always);");
    expect_complaint("reclaim", "reclaim: no value (reclaim=no|pressure|every:MS);");
    static const char *const paces[] = {"",
                                        "every",
                                        "every:",
                                        "every:0",
                                        "every:x",
                                        "every:1 ",
                                        "every:86400001",
                                        "every:-1",
                                        "Pressure",
                                        "every:1s",
                                        "every:184467440737095516161"};
    for (size_t i = 0; i < sizeof(paces) / sizeof(paces[0]); i++) {
        char text[100];
        char words[200];
        snprintf(text, sizeof(text), "reclaim=%s", paces[i]);
        snprintf(words, sizeof(words),
                 "%s: not one of its values (no|pressure|every:MS; MS is 1 to 86400000);", text);
        expect_complaint(text, words);
    }
    expect_complaint("huge=", "huge=: not one of its values (auto|never|always);");
    expect_complaint("huge=auto|never",
                     "huge=auto|never: not one of its values (auto|never|always);");
    expect_complaint("huge=1", "huge=1: not one of its values (auto|never|always);");
    expect_complaint("huge", "huge: no value (huge=auto|never|always);");
    expect_complaint("\377\1\n,%s%n", "\377\1\n: unknown option;%s%n: unknown option;");
}

/* What is meant with a file is named when a value is none. */
static void test_files(void)
{
    expect_complaint("stats=1",
                     "stats=1: not a file (stats=- is standard error, stats=FILE a file; "
                     "one of that name is ./NAME);");
    static const char *const words[] = {"0", "yes", "no", "on", "off", "true", "false"};
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        char text[32];
        snprintf(text, sizeof(text), "stats=%s", words[i]);
        EXPECT(parse(text).stats.start == NULL && strstr(complaints, ": not a file (stats=- "));
    }
    EXPECT(parse("stats=./1").stats.length == 3 && complaints[0] == '\0');
    EXPECT(parse("stats=-,stats=").stats.start == NULL && complaints[0] == '\0');
    expect_complaint("profile_file=-",
                     "profile_file=-: not a file (profile_file=FILE a file; one of that name is "
                     "./NAME);");
    expect_complaint("profile-file", "profile-file: no value (profile_file=FILE);");
    EXPECT(parse("profile_file=a.heap").profile_file.length == 6 && complaints[0] == '\0');
    EXPECT(parse("profile=512k").profile == 524288 && complaints[0] == '\0');
    expect_complaint("profile=2t", "profile=2t: too large (at most 1t);");
}

/* The name alone is what it is to frusa-run. */
static void test_bare_names(void)
{
    struct fr_options o = parse("checked,no-thread-cache,stats");
    EXPECT(complaints[0] == '\0' && o.checked == 1 && o.no_thread_cache == 1);
    EXPECT(o.stats.length == 1 && o.stats.start[0] == '-');
}

static void test_dashes(void)
{
    struct fr_options o = parse("managed-max=4k,thread_cache-max=1m,no-thread_cache=1");
    EXPECT(complaints[0] == '\0');
    EXPECT(o.managed_max == 4096 && o.thread_cache_max == 1 << 20 && o.no_thread_cache == 1);
    expect_complaint("managed--max=4k", "managed--max=4k: unknown option;");
    expect_complaint("-limit=4k", "-limit=4k: unknown option;");
}

static void expect_size(const char *text, size_t size)
{
    char part[64];
    snprintf(part, sizeof(part), "limit=%s", text);
    EXPECT(parse(part).limit == size);
    if (complaints[0] != '\0')
        fprintf(stderr, "%s\n", complaints);
    EXPECT(complaints[0] == '\0');
}

static void test_sizes(void)
{
    expect_size("512b", 512);
    expect_size("512B", 512);
    expect_size("5MB", 5 << 20);
    expect_size("64KiB", 64 << 10);
    expect_size("64kib", 64 << 10);
    expect_size("1gb", 1 << 30);
    expect_size("1.5g", 3u << 29);
    expect_size("0.5k", 512);
    expect_size("1.3k", 1331);
    expect_size("0.0009765625k", 1);
    expect_size("0.9999999999999999999999999999999999999999k", 1023);
    expect_size("1.99999999999999999999999999999g", ((size_t)2 << 30) - 1);
    static const char *const bad[] = {"1.5",  "1.5b", ".5g", "1.g",   "1.5.5g", "1i",
                                      "1ib",  "1ki",  "1bk", "1kibb", "5MBB",   "1e9",
                                      "5 MB", "+5",   "5xb", "1kbi",  "1.b"};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        char part[32];
        char words[128];
        snprintf(part, sizeof(part), "limit=%s", bad[i]);
        snprintf(words, sizeof(words), "%s: %s; or unlimited);", part, NOT_A_SIZE);
        expect_complaint(part, words);
    }
}

/* What fr_size_write writes, fr_size_read reads. */
static void test_written_sizes(void)
{
    static const size_t sizes[] = {0, 1, 1023, 1024, 1025, 64 << 20, 3u << 29, SIZE_MAX};
    static const char *const texts[] = {"0", "1", "1023", "1k", "1025", "64m", "1536m"};
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        char text[FR_SIZE_ROOM];
        size_t size = 7;
        fr_size_write(text, sizes[i]);
        EXPECT(i >= sizeof(texts) / sizeof(texts[0]) || strcmp(text, texts[i]) == 0);
        EXPECT(fr_size_read(text, strlen(text), &size) == FR_SIZE_GOOD && size == sizes[i]);
    }
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
    test_files();
    test_bare_names();
    test_dashes();
    test_sizes();
    test_written_sizes();
    test_all_short_texts();
    return 0;
}
