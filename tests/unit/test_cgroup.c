/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Finding the process's control groups in what the system says of them, and the signs of
 * pressure. */
#include "service/cgroup.h"
#include "service/pressure.h"
#include "support/pretended.h"
#include "support/require.h"
#include "unit/runner.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const char *root;

struct layout {
    const char *cgroup, *mountinfo;
    const char *unified, *memory; /* expected, below the root directory; "": none */
};

#define V2_MOUNT     "41 31 0:38 / /sys/fs/cgroup rw,nosuid shared:9 - cgroup2 cgroup2 rw\n"
#define HYBRID_MOUNT "41 31 0:38 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n"
#define V1_MOUNT     "35 31 0:32 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n"
#define CPU_MOUNT    "32 31 0:29 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu,memoryless\n"

static const struct layout layouts[] = {
    {"0::/\n", V2_MOUNT, "/sys/fs/cgroup", ""},
    {"0::/user.slice/app.scope\n", V2_MOUNT, "/sys/fs/cgroup/user.slice/app.scope", ""},
    {"9:name=systemd:/\n4:memory:/box/one\n1:cpu:/\n0::/u\n", CPU_MOUNT V1_MOUNT HYBRID_MOUNT,
     "/sys/fs/cgroup/unified/u", "/sys/fs/cgroup/memory/box/one"},
    {"4:cpu,memory:/box\n", V1_MOUNT, "", "/sys/fs/cgroup/memory/box"},
    {"4:cpu,memoryless:/box\n", V1_MOUNT, "", ""},
    /* a container that sees its own part of the hierarchy only */
    {"0::/docker/abc/inner\n", "5 4 0:9 /docker/abc /cg ro - cgroup2 cgroup rw\n", "/cg/inner", ""},
    {"0::/docker/abc\n", "5 4 0:9 /docker/abc /cg ro - cgroup2 cgroup rw\n", "/cg", ""},
    {"0::/docker/abcdef\n", "5 4 0:9 /docker/abc /cg ro - cgroup2 cgroup rw\n", "/cg", ""},
    {"0::/../outside\n", V2_MOUNT, "/sys/fs/cgroup", ""},
    {"0::/a\n", "5 4 0:9 / /with\\040blank rw - cgroup2 cgroup rw\n", "/with blank/a", ""},
    {"0::/a:b\n", V2_MOUNT, "/sys/fs/cgroup/a:b", ""},
    {"", "", "", ""},
    {"0::/a\n", "", "", ""},
    {"nonsense\n::\n:\n\n", "5 4\n - \n - cgroup2\nx y z / /cg rw - cgroup2\n", "", ""},
    {"0::/last-line-without-end", V2_MOUNT, "/sys/fs/cgroup/last-line-without-end", ""},
};

static void require_directory(size_t i, const struct fr_cgroup *g, const char *expected)
{
    char path[FR_PATH_MAX] = "";
    if (expected[0])
        snprintf(path, sizeof(path), "%s%s", root, expected);
    REQUIRE_MSG(strcmp(g->directory, path) == 0, "layout %zu: %s instead of %s", i, g->directory,
                path);
}

START_TEST(test_layouts)
{
    struct fr_cgroups groups;
    root = pretended_begin();
    for (size_t i = 0; i < sizeof(layouts) / sizeof(layouts[0]); i++) {
        pretended_write("/proc/self/cgroup", layouts[i].cgroup);
        pretended_write("/proc/self/mountinfo", layouts[i].mountinfo);
        fr_cgroups_find(&groups, root);
        require_directory(i, &groups.unified, layouts[i].unified);
        require_directory(i, &groups.memory, layouts[i].memory);
    }
    pretended_end();
}
END_TEST

START_TEST(test_no_files)
{
    struct fr_cgroups groups;
    root = pretended_begin();
    fr_cgroups_find(&groups, root);
    ck_assert_str_eq(groups.unified.directory, "");
    ck_assert_str_eq(groups.memory.directory, "");
    ck_assert(!fr_cgroup_ascend(&groups.unified));
    ck_assert_uint_eq(fr_cgroup_limit(&groups.unified), (size_t)-1);
    ck_assert(!fr_pressure_is_on(root));
    pretended_end();
}
END_TEST

/* Longer than any buffer: not there, and nothing is overrun. */
START_TEST(test_long_paths)
{
    static char cgroup[9000], mountinfo[9000];
    struct fr_cgroups groups;
    root = pretended_begin();
    for (size_t length = 900; length < 5000; length += 61) {
        char path[5000];
        memset(path, 'a', length);
        path[0] = '/';
        path[length] = '\0';
        snprintf(cgroup, sizeof(cgroup), "0::%s\n", path);
        snprintf(mountinfo, sizeof(mountinfo), "1 2 0:3 / %s rw - cgroup2 c rw\n", path);
        pretended_write("/proc/self/cgroup", cgroup);
        pretended_write("/proc/self/mountinfo", V2_MOUNT);
        fr_cgroups_find(&groups, root);
        ck_assert_uint_lt(strlen(groups.unified.directory), FR_PATH_MAX);
        pretended_write("/proc/self/mountinfo", mountinfo);
        fr_cgroups_find(&groups, root);
        ck_assert_uint_lt(strlen(groups.unified.directory), FR_PATH_MAX);
        ck_assert(!fr_pressure_is_on(root));
    }
    pretended_end();
}
END_TEST

START_TEST(test_ascending)
{
    struct fr_cgroups groups;
    root = pretended_begin();
    pretended_write("/proc/self/cgroup", "0::/a/b\n");
    pretended_write("/proc/self/mountinfo", V2_MOUNT);
    fr_cgroups_find(&groups, root);
    require_directory(0, &groups.unified, "/sys/fs/cgroup/a/b");
    ck_assert(fr_cgroup_ascend(&groups.unified));
    require_directory(1, &groups.unified, "/sys/fs/cgroup/a");
    ck_assert(fr_cgroup_ascend(&groups.unified));
    require_directory(2, &groups.unified, "/sys/fs/cgroup");
    ck_assert(!fr_cgroup_ascend(&groups.unified));
    pretended_end();
}
END_TEST

struct sign {
    const char *path, *text;
    int is_on;
};

/* One after the other: each changes one file. */
static const struct sign signs[] = {
    {"/sys/fs/cgroup/a/b/memory.current", "1000\n", 0},
    {"/sys/fs/cgroup/a/b/memory.max", "max\n", 0},
    {"/sys/fs/cgroup/a/b/memory.max", "1600\n", 0},
    {"/sys/fs/cgroup/a/b/memory.current", "1499\n", 0},
    {"/sys/fs/cgroup/a/b/memory.current", "1500\n", 1},
    {"/sys/fs/cgroup/a/b/memory.max", "99999999\n", 0},
    {"/sys/fs/cgroup/a/b/memory.high", "1500\n", 1},
    {"/sys/fs/cgroup/a/b/memory.high", "max\n", 0},
    {"/sys/fs/cgroup/a/memory.max", "3200\n", 0},
    {"/sys/fs/cgroup/a/memory.current", "3100\n", 1}, /* the group above */
    {"/sys/fs/cgroup/a/memory.current", "100\n", 0},
    {"/v1/m/memory.limit_in_bytes", "9223372036854771712\n", 0},
    {"/v1/m/memory.usage_in_bytes", "1550\n", 0},
    {"/v1/m/memory.limit_in_bytes", "1600\n", 1},
    {"/v1/m/memory.usage_in_bytes", "nonsense\n", 0},
    {"/proc/meminfo", "MemTotal: 64000 kB\nMemFree: 10 kB\nMemAvailable: 2001 kB\n", 0},
    {"/proc/meminfo", "MemTotal: 64000 kB\nMemFree: 10 kB\nMemAvailable: 1999 kB\n", 1},
    {"/proc/meminfo", "MemTotal: 64000 kB\n", 0},
    {"/proc/pressure/memory", "some avg10=4.99 avg60=50.00 avg300=0.00 total=1\n", 0},
    {"/proc/pressure/memory", "some avg10=5.00 avg60=0.00 avg300=0.00 total=1\n", 1},
    {"/proc/pressure/memory", "", 0},
    {"/sys/fs/cgroup/a/b/memory.pressure", "some avg10=12.34 avg60=0.00\nfull avg10=0.00\n", 1},
};

START_TEST(test_signs)
{
    root = pretended_begin();
    pretended_write("/proc/self/cgroup", "4:memory:/m\n0::/a/b\n");
    pretended_write("/proc/self/mountinfo",
                    V2_MOUNT "35 31 0:32 / /v1 rw - cgroup cgroup rw,memory\n");
    for (size_t i = 0; i < sizeof(signs) / sizeof(signs[0]); i++) {
        pretended_write(signs[i].path, signs[i].text);
        REQUIRE_MSG(fr_pressure_is_on(root) == signs[i].is_on, "sign %zu, %s: %s", i, signs[i].path,
                    signs[i].text);
    }
    pretended_end();
}
END_TEST

RUNNER_MAIN("cgroup", test_layouts, test_no_files, test_long_paths, test_ascending, test_signs)
