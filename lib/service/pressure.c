/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "service/pressure.h"

#include <stdio.h>
#include <string.h>

#include "service/lines.h"

/* Some task waited for memory for a tenth of a second within two. Without privileges the kernel
 * takes whole multiples of two seconds only. */
#define TRIGGER "some 100000 2000000"

/* Percent of the last ten seconds, where that must be looked at. */
#define STALLED_PERCENT 5

/* A limit is near when less than 1/16 of it is left; the system is short when less than 1/32 is
 * available. */
#define NEAR(limit)    ((limit) - (limit) / 16)
#define SHORTAGE_SHARE 32

static int watch_stalls(struct fr_watch *w, const char *root, const struct fr_cgroup *unified)
{
    char path[FR_PATH_MAX];
    int n = 0;
    snprintf(path, sizeof(path), "%s/proc/pressure/memory", root);
    n += fr_watch_trigger(w, path, TRIGGER);
    if (fr_cgroup_file(unified, "memory.pressure", path))
        n += fr_watch_trigger(w, path, TRIGGER);
    return n;
}

/* Returns non-zero when no group has a limit. */
static int watch_events(struct fr_watch *w, const struct fr_cgroup *unified)
{
    struct fr_cgroup g = *unified;
    char path[FR_PATH_MAX];
    int is_free = 1;
    do {
        if (fr_cgroup_limit(&g) == (size_t)-1)
            continue;
        is_free = 0;
        if (fr_cgroup_file(&g, "memory.events", path))
            fr_watch_changes(w, path);
    } while (fr_cgroup_ascend(&g));
    return is_free;
}

/* Returns non-zero when each limit has a threshold that tells. */
static int watch_thresholds(struct fr_watch *w, const struct fr_cgroup *memory)
{
    struct fr_cgroup g = *memory;
    char control[FR_PATH_MAX];
    char usage[FR_PATH_MAX];
    int all = 1;
    do {
        size_t limit = fr_cgroup_limit(&g);
        if (limit == (size_t)-1)
            continue;
        all &= fr_cgroup_file(&g, "cgroup.event_control", control) &&
               fr_cgroup_file(&g, "memory.usage_in_bytes", usage) &&
               fr_watch_threshold(w, control, usage, NEAR(limit));
    } while (fr_cgroup_ascend(&g));
    return all;
}

int fr_pressure_watch(struct fr_watch *w, const char *root)
{
    struct fr_cgroups groups;
    fr_cgroups_find(&groups, root);
    int told = watch_stalls(w, root, &groups.unified) > 0;
    told &= watch_events(w, &groups.unified);
    told &= watch_thresholds(w, &groups.memory);
    return told;
}

static int is_limit_near(const struct fr_cgroup *group)
{
    struct fr_cgroup g = *group;
    do {
        size_t limit = fr_cgroup_limit(&g);
        size_t usage = fr_cgroup_usage(&g);
        if (limit != (size_t)-1 && usage != (size_t)-1 && usage >= NEAR(limit))
            return 1;
    } while (fr_cgroup_ascend(&g));
    return 0;
}

static int is_stalled(const char *path)
{
    char line[128];
    struct fr_lines lines;
    unsigned percent = 0;
    if (!fr_lines_open(&lines, path))
        return 0;
    while (fr_lines_next(&lines, line, sizeof(line)) &&
           sscanf(line, "some avg10=%u", &percent) != 1)
        ;
    fr_lines_close(&lines);
    return percent >= STALLED_PERCENT;
}

/* In pages of 1 KiB. */
static int is_system_short(const char *root)
{
    char line[FR_PATH_MAX];
    struct fr_lines lines;
    unsigned long long total = 0;
    unsigned long long available = 0;
    int known = 0;
    snprintf(line, sizeof(line), "%s/proc/meminfo", root);
    if (!fr_lines_open(&lines, line))
        return 0;
    while (known < 2 && fr_lines_next(&lines, line, sizeof(line)))
        known += sscanf(line, "MemTotal: %llu", &total) == 1 ||
                 sscanf(line, "MemAvailable: %llu", &available) == 1;
    fr_lines_close(&lines);
    return known == 2 && available < total / SHORTAGE_SHARE;
}

int fr_pressure_is_on(const char *root)
{
    struct fr_cgroups groups;
    char path[FR_PATH_MAX];
    fr_cgroups_find(&groups, root);
    if (is_limit_near(&groups.unified) || is_limit_near(&groups.memory))
        return 1;
    snprintf(path, sizeof(path), "%s/proc/pressure/memory", root);
    if (is_stalled(path) || is_system_short(root))
        return 1;
    return fr_cgroup_file(&groups.unified, "memory.pressure", path) && is_stalled(path);
}
