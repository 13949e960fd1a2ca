/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "service/cgroup.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "service/lines.h"

#define UNLIMITED ((size_t)-1)

/* Non-zero when `word` is one of the words in a list separated by commas. */
static int is_listed(const char *list, size_t length, const char *word)
{
    size_t n = strlen(word);
    for (size_t i = 0; i + n <= length; i++) {
        int begins = i == 0 || list[i - 1] == ',';
        int ends = i + n == length || list[i + n] == ',';
        if (begins && ends && memcmp(list + i, word, n) == 0)
            return 1;
    }
    return 0;
}

/* A line "NUMBER:CONTROLLERS:PATH" of /proc/self/cgroup; NULL when it is another group. */
static const char *path_in_line(const char *line, int is_unified)
{
    const char *controllers = strchr(line, ':');
    const char *path = controllers ? strchr(controllers + 1, ':') : NULL;
    if (!path)
        return NULL;
    size_t length = (size_t)(path - controllers - 1);
    int fits =
        is_unified ? length == 0 && line[0] == '0' : is_listed(controllers + 1, length, "memory");
    return fits ? path + 1 : NULL;
}

/* What one line of /proc/self/mountinfo says. */
struct mount {
    char root[FR_PATH_MAX];
    char point[FR_PATH_MAX];
    char type[32];
    char options[256];
};

/* Replaces the octal numbers that stand for blanks and the like. */
static void unescape(char *text)
{
    char *to = text;
    for (const char *from = text; *from; to++) {
        unsigned code;
        if (from[0] == '\\' && sscanf(from + 1, "%3o", &code) == 1 && strlen(from) >= 4) {
            *to = (char)code;
            from += 4;
        } else {
            *to = *from++;
        }
    }
    *to = '\0';
}

static int parse_mount(const char *line, struct mount *m)
{
    const char *rest = strstr(line, " - ");
    if (!rest || sscanf(line, "%*s %*s %*s %1023s %1023s", m->root, m->point) != 2 ||
        sscanf(rest + 3, "%31s %*s %255s", m->type, m->options) != 2)
        return 0;
    unescape(m->root);
    unescape(m->point);
    return 1;
}

static int is_wanted(const struct mount *m, int is_unified)
{
    if (is_unified)
        return strcmp(m->type, "cgroup2") == 0;
    return strcmp(m->type, "cgroup") == 0 && is_listed(m->options, strlen(m->options), "memory");
}

/* The group's path below the mount point. A group outside of what is mounted counts as the
 * uppermost that is visible. */
static const char *below(const char *path, const char *mounted)
{
    size_t n = strcmp(mounted, "/") == 0 ? 0 : strlen(mounted);
    if (strncmp(path, mounted, n) != 0 || (path[n] && path[n] != '/') || strstr(path, "/.."))
        return "";
    return strcmp(path + n, "/") == 0 ? "" : path + n;
}

/* Reads the line that `path_in_line` is after. */
static int find_path(const char *root, int is_unified, char *out)
{
    char line[FR_PATH_MAX];
    struct fr_lines lines;
    int found = 0;
    snprintf(line, sizeof(line), "%s/proc/self/cgroup", root);
    if (!fr_lines_open(&lines, line))
        return 0;
    while (!found && fr_lines_next(&lines, line, sizeof(line))) {
        const char *path = path_in_line(line, is_unified);
        found = path != NULL;
        if (found)
            memcpy(out, path, strlen(path) + 1);
    }
    fr_lines_close(&lines);
    return found;
}

static int find_mount(const char *root, int is_unified, struct mount *m)
{
    char line[3 * FR_PATH_MAX];
    struct fr_lines lines;
    int found = 0;
    snprintf(line, sizeof(line), "%s/proc/self/mountinfo", root);
    if (!fr_lines_open(&lines, line))
        return 0;
    while (!found && fr_lines_next(&lines, line, sizeof(line)))
        found = parse_mount(line, m) && is_wanted(m, is_unified);
    fr_lines_close(&lines);
    return found;
}

static void find(struct fr_cgroup *g, const char *root, int is_unified)
{
    char path[FR_PATH_MAX];
    struct mount m;
    g->directory[0] = '\0';
    if (!find_path(root, is_unified, path) || !find_mount(root, is_unified, &m))
        return;
    const char *rest = below(path, m.root);
    g->mount_length = strlen(root) + strlen(m.point);
    int length = snprintf(g->directory, sizeof(g->directory), "%s%s%s", root, m.point, rest);
    if (length < 0 || (size_t)length >= sizeof(g->directory))
        g->directory[0] = '\0';
}

void fr_cgroups_find(struct fr_cgroups *out, const char *root)
{
    find(&out->unified, root, 1);
    find(&out->memory, root, 0);
}

int fr_cgroup_file(const struct fr_cgroup *g, const char *name, char path[FR_PATH_MAX])
{
    size_t length = strlen(g->directory) + 1 + strlen(name);
    if (!g->directory[0] || length >= FR_PATH_MAX)
        return 0;
    memcpy(path, g->directory, strlen(g->directory) + 1);
    strcat(path, "/");
    strcat(path, name);
    return 1;
}

int fr_cgroup_ascend(struct fr_cgroup *g)
{
    char *last = strrchr(g->directory, '/');
    if (!last || strlen(g->directory) <= g->mount_length)
        return 0;
    *last = '\0';
    return 1;
}

size_t fr_cgroup_number(const struct fr_cgroup *g, const char *name)
{
    char path[FR_PATH_MAX];
    char line[64];
    struct fr_lines lines;
    unsigned long long number;
    if (!fr_cgroup_file(g, name, path) || !fr_lines_open(&lines, path))
        return UNLIMITED;
    int is_read = fr_lines_next(&lines, line, sizeof(line));
    fr_lines_close(&lines);
    if (!is_read || sscanf(line, "%llu", &number) != 1 || number > UNLIMITED)
        return UNLIMITED;
    return (size_t)number;
}

static size_t smaller(size_t a, size_t b)
{
    return a < b ? a : b;
}

size_t fr_cgroup_limit(const struct fr_cgroup *g)
{
    size_t limit = smaller(fr_cgroup_number(g, "memory.high"), fr_cgroup_number(g, "memory.max"));
    size_t v1 = fr_cgroup_number(g, "memory.limit_in_bytes");
    /* Version 1 says no limit by the largest number of pages. */
    return smaller(limit, v1 >= UNLIMITED / 4 ? UNLIMITED : v1);
}

size_t fr_cgroup_usage(const struct fr_cgroup *g)
{
    return smaller(fr_cgroup_number(g, "memory.current"),
                   fr_cgroup_number(g, "memory.usage_in_bytes"));
}
