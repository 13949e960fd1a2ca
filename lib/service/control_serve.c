/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "service/control_serve.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "cache/instance.h"

int fr_control_refuse(struct fr_client *c, const char *why)
{
    return fr_client_print(c, "{\"ok\": false, \"error\": \"%s\"}\n", why);
}

static int ping(struct fr_client *c, const char *name)
{
    return fr_client_print(
        c, "{\"ok\": true, \"frusa\": \"%s\", \"protocol\": 1, \"pid\": %ld, \"name\": \"%s\"}\n",
        frusa_version(), (long)getpid(), name);
}

static size_t held_by(frusa_t *f)
{
    struct frusa_stats s;
    return frusa_get_stats(f, &s) == 0 ? s.allocated_from_fallback + s.large : 0;
}

/* Makes one line of JSON text: it has newlines between its members, and none in a string. */
static size_t in_one_line(char *text, size_t length)
{
    while (length && text[length - 1] == '\n')
        length--;
    for (size_t i = 0; i < length; i++)
        if (text[i] == '\n')
            text[i] = ' ';
    return length;
}

/* The text is written into the answer itself. */
static int stats(struct fr_client *c, frusa_t *f)
{
    if (!fr_client_print(c, "{\"ok\": true, \"stats\": "))
        return 0;
    char *text = c->out + c->out_n;
    size_t room = sizeof(c->out) - c->out_n;
    size_t length = frusa_stats_json(f, text, room);
    if (length == 0 || length >= room)
        return 0;
    c->out_n += in_one_line(text, length);
    return fr_client_print(c, "}\n");
}

/* Sums over the spans of each class. Only the service's thread is here. */
static struct class_sums {
    size_t spans, held, slots, used, purged;
} sums[FR_CLASS_COUNT];

/* Counts of free objects in caches as used: caches are left alone, unlike in frusa_walk. */
static void sum_up(struct fr_instance *inst)
{
    struct fr_walker walker;
    struct frusa_span_info row;
    memset(sums, 0, sizeof(sums));
    if (!fr_instance_is_ready(inst))
        return;
    fr_walk_begin(&inst->heap.all, &walker, FR_DATA_SPANS);
    while (fr_walk_next(&inst->heap.all, &walker, &row)) {
        struct class_sums *s = &sums[fr_class_of_size(row.object_size)];
        s->spans++;
        s->held += row.bytes;
        s->slots += row.slots;
        s->used += row.live;
        s->purged += row.purged;
    }
    fr_walk_end(&inst->heap.all, &walker);
}

static int classes(struct fr_client *c, frusa_t *f)
{
    const char *between = "";
    int ok = fr_client_print(c, "{\"ok\": true, \"classes\": [");
    sum_up(fr_instance_of(f));
    for (unsigned cls = 0; ok && cls < FR_CLASS_COUNT; cls++) {
        const struct class_sums *s = &sums[cls];
        if (s->spans == 0)
            continue;
        ok = fr_client_print(c,
                             "%s{\"object_size\": %zu, \"spans\": %zu, \"held\": %zu, "
                             "\"slots\": %zu, \"used\": %zu, \"purged\": %zu}",
                             between, fr_class_size(cls), s->spans, s->held, s->slots, s->used,
                             s->purged);
        between = ", ";
    }
    return ok && fr_client_print(c, "]}\n");
}

struct map {
    struct fr_client *client;
    const char *between;
};

/* Numbers alone: a heap may have a million rows. */
static int show_span(const struct frusa_span_info *info, void *arg)
{
    struct map *map = arg;
    int ok = fr_client_print(map->client, "%s[%zu, %zu, %zu, %zu, %zu, %zu, %d]", map->between,
                             (size_t)(uintptr_t)info->address, info->bytes, info->object_size,
                             info->slots, info->live, info->purged, info->large);
    map->between = ", ";
    return !ok;
}

static int map(struct fr_client *c, frusa_t *f)
{
    struct map map = {c, ""};
    return fr_client_print(c,
                           "{\"ok\": true, \"page_size\": %zu, \"columns\": [\"address\", "
                           "\"bytes\", \"object_size\", \"slots\", \"live\", \"purged\", "
                           "\"large\"], \"spans\": [",
                           FR_PAGE_SIZE) &&
           frusa_walk(f, show_span, &map) == 0 && fr_client_print(c, "]}\n");
}

static int reclaim(struct fr_client *c, frusa_t *f, size_t target)
{
    errno = 0;
    size_t bytes = target == (size_t)-1 ? frusa_reclaim(f) : frusa_reclaim_some(f, target);
    int partial = errno == EPERM;
    return fr_client_print(c,
                           "{\"ok\": true, \"reclaimed\": %zu, \"held\": %zu, \"partial\": %s}\n",
                           bytes, held_by(f), partial ? "true" : "false");
}

static int retain(struct fr_client *c, frusa_t *f, size_t bytes)
{
    if (frusa_set_retain(f, bytes) != 0)
        return fr_control_refuse(c, strerror(errno));
    return fr_client_print(c, "{\"ok\": true, \"retain\": %zu, \"held\": %zu}\n", bytes,
                           held_by(f));
}

/* 0: none. */
static int limit(struct fr_client *c, frusa_t *f, size_t bytes)
{
    if (frusa_set_limit(f, bytes) != 0)
        return fr_control_refuse(c, strerror(errno));
    return fr_client_print(c, "{\"ok\": true, \"limit\": %zu, \"held\": %zu}\n", bytes, held_by(f));
}

int fr_control_serve(struct fr_client *c, frusa_t *f, const char *name, const char *line,
                     size_t length)
{
    struct fr_control_request request;
    const char *wrong = fr_control_parse(line, length, &request);
    if (wrong)
        return fr_control_refuse(c, wrong);
    switch (request.verb) {
    case FR_CONTROL_PING:
        return ping(c, name);
    case FR_CONTROL_STATS:
        return stats(c, f);
    case FR_CONTROL_CLASSES:
        return classes(c, f);
    case FR_CONTROL_MAP:
        return map(c, f);
    case FR_CONTROL_RECLAIM:
        return reclaim(c, f, request.size);
    case FR_CONTROL_RETAIN:
        return retain(c, f, request.size);
    case FR_CONTROL_LIMIT:
        return limit(c, f, request.size == (size_t)-1 ? 0 : request.size);
    default:
        return 0;
    }
}
