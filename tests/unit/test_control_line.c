/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* What control sockets take for a request, where they lie, and what they may be called. */
#include "service/control_line.h"
#include "service/control_place.h"
#include "support/require.h"
#include "unit/runner.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define ALL ((size_t)-1)

/* The line is the request `verb` with that size. */
static void require_request(const char *line, enum fr_control_verb verb, size_t size)
{
    struct fr_control_request r;
    const char *wrong = fr_control_parse(line, strlen(line), &r);
    REQUIRE_MSG(wrong == NULL, "'%s': %s", line, wrong);
    REQUIRE_MSG(r.verb == verb && r.size == size, "'%s': %d, %zu", line, (int)r.verb, r.size);
}

static void require_wrong(const char *line, const char *why)
{
    struct fr_control_request r;
    const char *wrong = fr_control_parse(line, strlen(line), &r);
    REQUIRE_MSG(wrong && strcmp(wrong, why) == 0, "'%s': %s", line, wrong ? wrong : "accepted");
}

START_TEST(test_requests)
{
    require_request("ping", FR_CONTROL_PING, ALL);
    require_request(" \tstats \r", FR_CONTROL_STATS, ALL);
    require_request("classes", FR_CONTROL_CLASSES, ALL);
    require_request("map", FR_CONTROL_MAP, ALL);
    require_request("quit", FR_CONTROL_QUIT, ALL);
    require_request("reclaim", FR_CONTROL_RECLAIM, ALL);
    require_request("reclaim 4096", FR_CONTROL_RECLAIM, 4096);
    require_request("retain 0", FR_CONTROL_RETAIN, 0);
    require_request("retain  unlimited", FR_CONTROL_RETAIN, ALL);
    require_request("limit 16m", FR_CONTROL_LIMIT, (size_t)16 << 20);
}
END_TEST

START_TEST(test_sizes)
{
    char line[64];
    require_request("limit 1k", FR_CONTROL_LIMIT, 1024);
    require_request("limit 1G", FR_CONTROL_LIMIT, (size_t)1 << 30);
    require_request("limit 0t", FR_CONTROL_LIMIT, 0);
    snprintf(line, sizeof(line), "limit %zu", ALL);
    require_request(line, FR_CONTROL_LIMIT, ALL);
    snprintf(line, sizeof(line), "limit %zu0", ALL);
    require_wrong(line, "not a size");
    snprintf(line, sizeof(line), "limit %zuk", ALL);
    require_wrong(line, "not a size");
    require_wrong("limit -1", "not a size");
    require_wrong("limit +1", "not a size");
    require_wrong("limit 0x10", "not a size");
    require_wrong("limit 1kk", "not a size");
    require_wrong("limit k", "not a size");
    require_wrong("limit 1.5m", "not a size");
}
END_TEST

START_TEST(test_what_is_no_request)
{
    require_wrong("", "unknown request");
    require_wrong("   ", "unknown request");
    require_wrong("PING", "unknown request");
    require_wrong("pin", "unknown request");
    require_wrong("pingping", "unknown request");
    require_wrong("\"ping\"", "unknown request");
    require_wrong("ping 1", "too many words");
    require_wrong("reclaim 1 2", "too many words");
    require_wrong("retain", "no size");
    require_wrong("limit ", "no size");
}
END_TEST

/* Every byte may come, zero bytes too. */
START_TEST(test_any_bytes)
{
    struct fr_control_request r;
    char line[] = "retain 1";
    for (size_t at = 0; at < sizeof(line) - 1; at++)
        for (int c = 0; c < 256; c++) {
            char copy[sizeof(line)];
            memcpy(copy, line, sizeof(line));
            copy[at] = (char)c;
            const char *wrong = fr_control_parse(copy, sizeof(line) - 1, &r);
            REQUIRE(wrong != NULL || r.verb == FR_CONTROL_RETAIN);
        }
    ck_assert_ptr_nonnull(fr_control_parse("ping\0", 5, &r));
}
END_TEST

START_TEST(test_names)
{
    const char *longest = "abcdefghijklmnopqrstuvwxyz_09.-Z";
    ck_assert_int_eq(fr_control_name_is_valid("malloc"), 1);
    ck_assert_int_eq(fr_control_name_is_valid(longest), 1);
    ck_assert_int_eq(fr_control_name_is_valid("abcdefghijklmnopqrstuvwxyz_09.-Zz"), 0);
    ck_assert_int_eq(fr_control_name_is_valid(""), 0);
    ck_assert_int_eq(fr_control_name_is_valid(".hidden"), 0);
    ck_assert_int_eq(fr_control_name_is_valid("-x"), 0);
    ck_assert_int_eq(fr_control_name_is_valid("a/b"), 0);
    ck_assert_int_eq(fr_control_name_is_valid("a b"), 0);
    ck_assert_int_eq(fr_control_name_is_valid("\303\244"), 0);
}
END_TEST

START_TEST(test_file_names)
{
    long pid = 0;
    ck_assert_str_eq(fr_control_split("4711-heap-2", &pid), "heap-2");
    ck_assert_int_eq(pid, 4711);
    ck_assert_ptr_null(fr_control_split("4711", &pid));
    ck_assert_ptr_null(fr_control_split("4711-", &pid));
    ck_assert_ptr_null(fr_control_split("-1-heap", &pid));
    ck_assert_ptr_null(fr_control_split("0-heap", &pid));
    ck_assert_ptr_null(fr_control_split(" 1-heap", &pid));
    ck_assert_ptr_null(fr_control_split("99999999999999999999999-heap", &pid));
    ck_assert_ptr_null(fr_control_split("1-a/b", &pid));
}
END_TEST

START_TEST(test_candidates)
{
    char path[FR_CONTROL_PATH_MAX];
    char text[200];
    ck_assert_uint_eq(fr_control_place(0, NULL, 1, path, sizeof(path)), 0);
    ck_assert_uint_eq(fr_control_place(0, "", 1, path, sizeof(path)), 0);
    ck_assert_uint_eq(fr_control_place(0, "run", 1, path, sizeof(path)), 0);
    ck_assert_uint_gt(fr_control_place(0, "/run", 1, path, sizeof(path)), 0);
    ck_assert_str_eq(path, "/run/frusa");
    ck_assert_uint_gt(fr_control_place(1, "/run", 1, path, sizeof(path)), 0);
    ck_assert_str_eq(path, "/run/user/1/frusa");
    ck_assert_uint_gt(fr_control_place(2, "/run", 1, path, sizeof(path)), 0);
    ck_assert_str_eq(path, "/tmp/frusa-1");
    ck_assert_uint_eq(fr_control_place(FR_CONTROL_PLACES, "/run", 1, path, sizeof(path)), 0);
    memset(text, 'x', sizeof(text));
    text[0] = '/';
    text[sizeof(text) - 1] = '\0';
    ck_assert_uint_eq(fr_control_place(0, text, 1, path, sizeof(path)), 0);
}
END_TEST

static int opens(const char *path, int create)
{
    int fd = fr_control_place_open(path, geteuid(), create);
    if (fd >= 0)
        close(fd);
    return fd >= 0;
}

START_TEST(test_directories_that_others_can_reach_are_refused)
{
    char base[] = "/tmp/frusa-test-XXXXXX";
    char place[64], link[64], file[64];
    ck_assert_ptr_nonnull(mkdtemp(base));
    snprintf(place, sizeof(place), "%s/frusa", base);
    snprintf(link, sizeof(link), "%s/link", base);
    snprintf(file, sizeof(file), "%s/file", base);
    ck_assert_int_eq(opens(place, 0), 0);
    ck_assert_int_eq(opens(place, 1), 1);
    ck_assert_int_eq(opens(place, 0), 1);
    ck_assert_int_eq(fr_control_place_open(place, geteuid() + 1, 0), -1);
    /* Closed itself, in a directory that is open. */
    ck_assert_int_eq(chmod(base, 0750), 0);
    ck_assert_int_eq(opens(place, 0), 0);
    ck_assert_int_eq(chmod(base, 0700), 0);
    ck_assert_int_eq(chmod(place, 0701), 0);
    ck_assert_int_eq(opens(place, 1), 0);
    ck_assert_int_eq(chmod(place, 0700), 0);
    ck_assert_int_eq(symlink(place, link), 0);
    ck_assert_int_eq(opens(link, 1), 0);
    FILE *f = fopen(file, "w");
    ck_assert_ptr_nonnull(f);
    fclose(f);
    ck_assert_int_eq(opens(file, 1), 0);
    unlink(file);
    unlink(link);
    rmdir(place);
    rmdir(base);
}
END_TEST

RUNNER_MAIN("control_line", test_requests, test_sizes, test_what_is_no_request, test_any_bytes,
            test_names, test_file_names, test_candidates,
            test_directories_that_others_can_reach_are_refused)
