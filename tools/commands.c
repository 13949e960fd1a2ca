/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The commands of frusactl that send one request and print the answer. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "amount.h"
#include "channel.h"
#include "frusactl.h"
#include "malloc/size_text.h"
#include "message.h"
#include "sample.h"

static void print_json(struct json value)
{
    fwrite(value.at, 1, (size_t)(value.end - value.at), stdout);
    putchar('\n');
}

/* ---- list
 * ---------------------------------------------------------------------------------------- */

/* One row; a process that does not answer has none of the figures. */
static void list_one(struct channel *c)
{
    char held[AMOUNT_MAX], live[AMOUNT_MAX], resident[AMOUNT_MAX];
    struct json answer;
    const char *wrong = channel_try(c, "stats", &answer);
    if (wrong) {
        printf("%8ld  %-12s %11s %11s %11s  %s (%s)\n", c->pid, c->name, "-", "-",
               amount(resident, channel_resident(c)), c->command, wrong);
        return;
    }
    struct sample s = sample_of(c, answer);
    printf("%8ld  %-12s %11s %11s %11s  %s\n", c->pid, c->name, amount(held, s.held),
           amount(live, s.live), amount(resident, s.resident), c->command);
}

/* A string of ASCII. */
static void print_string(const char *text)
{
    putchar('"');
    for (; *text; text++)
        printf(*text == '"' || *text == '\\' ? "\\%c" : "%c", *text);
    putchar('"');
}

static void list_one_json(struct channel *c, const char *before)
{
    struct json answer;
    printf("%s{\"pid\": %ld, \"name\": \"%s\", \"command\": ", before, c->pid, c->name);
    print_string(c->command);
    printf(", \"socket\": ");
    print_string(c->path);
    if (!channel_try(c, "stats", &answer)) {
        struct sample s = sample_of(c, answer);
        printf(", \"held\": %llu, \"live\": %llu, \"resident\": %llu", s.held, s.live, s.resident);
    }
    putchar('}');
}

int command_list(const struct options *o, char **args)
{
    struct channels found = channels_find();
    (void)args;
    if (o->json)
        putchar('[');
    else
        printf("%8s  %-12s %11s %11s %11s  %s\n", "PID", "NAME", "HELD", "LIVE", "RESIDENT",
               "COMMAND");
    for (size_t i = 0; i < found.n; i++) {
        if (o->json)
            list_one_json(&found.all[i], i ? ",\n " : "");
        else
            list_one(&found.all[i]);
        channel_close(&found.all[i]);
    }
    if (o->json)
        printf("]\n");
    return 0;
}

/* ---- stats
 * --------------------------------------------------------------------------------------- */

static void print_row(const char *name, unsigned long long bytes, unsigned long long whole)
{
    char text[AMOUNT_MAX];
    printf("  %-28s %11s", name, amount(text, bytes));
    if (whole)
        printf("  %5.1f %%", 100.0 * (double)bytes / (double)whole);
    putchar('\n');
}

static void print_totals(const struct channel *c, const struct sample *s)
{
    printf("%s, process %ld, instance %s\n\n", c->command, c->pid, c->name);
    print_row("held from the system", s->held, 0);
    print_row("  live objects", s->live, s->held);
    print_row("    of them large", s->large, s->held);
    print_row("  free, in caches of threads", s->cached, s->held);
    print_row("  free, in spans", s->free, s->held);
    print_row("    of that purged", s->purged, s->held);
    print_row("  metadata", s->metadata, s->held);
    print_row("peak", s->peak, 0);
    print_row("given back by reclaim", s->reclaimed, 0);
    print_row("resident, whole process", s->resident, 0);
}

static void print_class(const struct class_sample *s)
{
    char size[AMOUNT_MAX], held[AMOUNT_MAX], live[AMOUNT_MAX], cached[AMOUNT_MAX];
    char free_text[AMOUNT_MAX], purged[AMOUNT_MAX];
    printf("%8s %12llu %11s %11s %11s %11s %11s\n", amount_short(size, s->object_size), s->objects,
           amount(held, s->held), amount(live, s->live), amount(cached, s->cached),
           amount(free_text, s->free), amount(purged, s->purged));
}

/* Rows of the table unless all are asked for. */
enum { LARGEST = 12 };

static void print_classes(struct class_samples *classes, int all)
{
    size_t n = all || classes->n < LARGEST ? classes->n : LARGEST;
    sample_sort(classes, all ? BY_SIZE : BY_HELD);
    printf("\n%8s %12s %11s %11s %11s %11s %11s\n", "SIZE", "OBJECTS", "HELD", "LIVE", "CACHED",
           "FREE", "PURGED");
    for (size_t i = 0; i < n; i++)
        print_class(&classes->all[i]);
    if (n < classes->n)
        printf("and %zu more size classes (--all shows them)\n", classes->n - n);
}

int command_stats(const struct options *o, char **args)
{
    struct channel c = channel_of(args[0]);
    struct json answer = channel_ask(&c, "stats");
    struct json stats = answer;
    if (o->json) {
        json_member(answer, "stats", &stats);
        print_json(stats);
        return 0;
    }
    struct sample s = sample_of(&c, answer);
    struct class_samples classes = sample_classes(answer);
    sample_add_purged(&classes, channel_ask(&c, "classes"));
    print_totals(&c, &s);
    if (classes.n)
        print_classes(&classes, o->all);
    free(classes.all);
    return 0;
}

/* ---- reclaim, retain, limit
 * ---------------------------------------------------------------------- */

/* The request with its size, which is read as libfrusa-malloc reads sizes. */
static char *request_of(const char *verb, const char *text)
{
    size_t size;
    if (!text)
        return text_of("%s", verb);
    if (strcmp(text, "unlimited") == 0)
        return text_of("%s unlimited", verb);
    if (fr_size_read(text, strlen(text), &size) != FR_SIZE_GOOD)
        fail(USAGE, "%s: not a size (a number of bytes, such as 4096, 64KiB, 5MB or 1.5g)", text);
    return text_of("%s %zu", verb, size);
}

/*
 * Sends "VERB SIZE" to the process args[0], with args[1] for SIZE. Prints the answer and returns 0
 * when it is to be JSON. Notes in c->before what was resident.
 */
static int ask(const struct options *o, char **args, const char *verb, struct channel *c,
               struct json *answer)
{
    char *line = request_of(verb, args[1]);
    *c = channel_of(args[0]);
    c->before = channel_resident(c);
    *answer = channel_ask(c, line);
    free(line);
    if (o->json)
        print_json(*answer);
    return !o->json;
}

int command_reclaim(const struct options *o, char **args)
{
    char text[AMOUNT_MAX], held[AMOUNT_MAX], before[AMOUNT_MAX], after[AMOUNT_MAX];
    struct channel c;
    struct json answer, partial;
    if (!ask(o, args, "reclaim", &c, &answer))
        return 0;
    printf("%s, process %ld: gave back %s, holds %s; resident %s, before %s\n", c.command, c.pid,
           amount(text, json_member_number(answer, "reclaimed")),
           amount(held, json_member_number(answer, "held")), amount(after, channel_resident(&c)),
           amount(before, c.before));
    if (json_member(answer, "partial", &partial) && json_is_true(partial))
        printf("Caches of its threads could not be emptied: a filter refuses membarrier.\n");
    return 0;
}

int command_retain(const struct options *o, char **args)
{
    char text[AMOUNT_MAX], held[AMOUNT_MAX];
    struct channel c;
    struct json answer;
    if (!ask(o, args, "retain", &c, &answer))
        return 0;
    unsigned long long bytes = json_member_number(answer, "retain");
    printf("%s, process %ld: keeps %s of empty memory, holds %s\n", c.command, c.pid,
           bytes >> 60 ? "all" : amount(text, bytes),
           amount(held, json_member_number(answer, "held")));
    return 0;
}

int command_limit(const struct options *o, char **args)
{
    char text[AMOUNT_MAX], held[AMOUNT_MAX];
    struct channel c;
    struct json answer;
    if (!ask(o, args, "limit", &c, &answer))
        return 0;
    unsigned long long bytes = json_member_number(answer, "limit");
    printf("%s, process %ld: limit %s, holds %s\n", c.command, c.pid,
           bytes ? amount(text, bytes) : "none", amount(held, json_member_number(answer, "held")));
    return 0;
}
