/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* frusactl top: what processes hold, again and again; of one of them by size class, with bars. */
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "amount.h"
#include "channel.h"
#include "frusactl.h"
#include "message.h"
#include "sample.h"
#include "screen.h"

/* Rows of classes where there is no bound. */
enum { ROWS_PLAIN = 20 };

static const char *const order_names[ORDERS] = {"held", "live", "free", "purged", "size"};

struct top {
    struct screen screen;
    struct channels processes;
    struct sample *samples; /* one a process; held is 0 when it did not answer */
    size_t chosen;
    enum sample_order order;
    double interval;
    char note[128]; /* what the last key did */
};

/* ---- Samples
 * ------------------------------------------------------------------------------------- */

static void free_processes(struct channels *c)
{
    for (size_t i = 0; i < c->n; i++) {
        channel_close(&c->all[i]);
        free(c->all[i].name);
        free(c->all[i].command);
        free(c->all[i].path);
        free(c->all[i].answer);
    }
    free(c->all);
}

/* All processes that there are now; the chosen one stays chosen. */
static void find_all(struct top *t)
{
    struct channels now = channels_find();
    size_t chosen = 0;
    for (size_t i = 0; i < now.n && t->chosen < t->processes.n; i++)
        if (strcmp(now.all[i].path, t->processes.all[t->chosen].path) == 0)
            chosen = i;
    free_processes(&t->processes);
    t->processes = now;
    t->chosen = chosen;
}

static void find_given(struct top *t, char **args)
{
    size_t n = 0;
    while (args[n])
        n++;
    t->processes.all = calloc(n, sizeof(*t->processes.all));
    if (!t->processes.all)
        fail(FAILED, "no memory");
    for (; t->processes.n < n; t->processes.n++)
        t->processes.all[t->processes.n] = channel_of(args[t->processes.n]);
}

static void take_samples(struct top *t)
{
    free(t->samples);
    t->samples = calloc(t->processes.n + 1, sizeof(*t->samples));
    if (!t->samples)
        fail(FAILED, "no memory");
    for (size_t i = 0; i < t->processes.n; i++) {
        struct json answer;
        if (!channel_try(&t->processes.all[i], "stats", &answer))
            t->samples[i] = sample_of(&t->processes.all[i], answer);
    }
}

static struct class_samples take_classes(struct channel *c)
{
    struct class_samples classes = {NULL, 0};
    struct json answer;
    if (channel_try(c, "stats", &answer))
        return classes;
    classes = sample_classes(answer);
    if (!channel_try(c, "classes", &answer))
        sample_add_purged(&classes, answer);
    return classes;
}

/* ---- Bars
 * ---------------------------------------------------------------------------------------- */

/* What a bar consists of. */
static const struct part {
    const char *utf8, *ascii;
    int colour;
    const char *name;
} parts[] = {
    {"\u2588", "#", 34, "live"},
    {"\u2593", "=", 36, "cached"},
    {"\u2592", "-", 33, "free"},
    {"\u2591", ".", 90, "purged"},
};
enum { PARTS = sizeof(parts) / sizeof(parts[0]) };

static void print_part(struct top *t, int part, int n)
{
    if (n <= 0)
        return;
    screen_colour(&t->screen, parts[part].colour);
    for (int i = 0; i < n; i++)
        screen_print(&t->screen, "%s", t->screen.is_utf8 ? parts[part].utf8 : parts[part].ascii);
    screen_colour(&t->screen, 0);
}

/* The parts of a whole of `width` columns for `most` bytes; rounded at each end, so that their sum
 * is right. */
static void print_bar(struct top *t, const unsigned long long bytes[PARTS], unsigned long long most,
                      int width)
{
    double sum = 0;
    int done = 0;
    for (int i = 0; i < PARTS; i++) {
        sum += (double)bytes[i];
        int end = most ? (int)(sum * width / (double)most + 0.5) : 0;
        print_part(t, i, end - done);
        done = end > done ? end : done;
    }
}

static void print_legend(struct top *t)
{
    screen_print(&t->screen, "  ");
    for (int i = 0; i < PARTS; i++) {
        print_part(t, i, 2);
        screen_print(&t->screen, " %s   ", parts[i].name);
    }
    screen_newline(&t->screen);
}

/* ---- Frames
 * -------------------------------------------------------------------------------------- */

static void print_head(struct top *t)
{
    char when[16];
    time_t now = time(NULL);
    strftime(when, sizeof(when), "%H:%M:%S", localtime(&now));
    screen_print(&t->screen, "frusactl top  %s  %zu process%s  every %g s  sorted by %s", when,
                 t->processes.n, t->processes.n == 1 ? "" : "es", t->interval,
                 order_names[t->order]);
    screen_newline(&t->screen);
    screen_newline(&t->screen);
}

/* The columns in front of a bar: five amounts. */
enum { AMOUNTS_WIDTH = 5 * 11 };

static void print_amounts(struct top *t, const unsigned long long values[5])
{
    char text[AMOUNT_MAX];
    for (int i = 0; i < 5; i++)
        screen_print(&t->screen, " %10s", amount(text, values[i]));
}

static void print_process(struct top *t, size_t i, unsigned long long most)
{
    const struct channel *c = &t->processes.all[i];
    const struct sample *s = &t->samples[i];
    const unsigned long long bar[PARTS] = {s->live, s->cached, s->free - s->purged, s->purged};
    const unsigned long long values[5] = {s->held, s->live, s->cached, s->purged, s->resident};
    int width = t->screen.columns - AMOUNTS_WIDTH - 32;
    screen_print(&t->screen, "%c%8ld %-12.12s %-8.8s", i == t->chosen ? '>' : ' ', c->pid,
                 c->command, c->name);
    if (s->held == 0) {
        screen_print(&t->screen, " does not answer");
    } else {
        print_amounts(t, values);
        screen_print(&t->screen, " ");
        print_bar(t, bar, most, width > 4 ? width : 0);
    }
    screen_newline(&t->screen);
}

static void print_processes(struct top *t)
{
    unsigned long long most = 0;
    for (size_t i = 0; i < t->processes.n; i++)
        most = t->samples[i].held > most ? t->samples[i].held : most;
    screen_print(&t->screen, " %8s %-12s %-8s %10s %10s %10s %10s %10s", "PID", "COMMAND", "NAME",
                 "HELD", "LIVE", "CACHED", "PURGED", "RESIDENT");
    screen_newline(&t->screen);
    for (size_t i = 0; i < t->processes.n && !screen_is_full(&t->screen, 8); i++)
        print_process(t, i, most);
    screen_newline(&t->screen);
}

static void print_class(struct top *t, const struct class_sample *s, unsigned long long most)
{
    char size[AMOUNT_MAX];
    const unsigned long long bar[PARTS] = {s->live, s->cached, s->free - s->purged, s->purged};
    const unsigned long long values[5] = {s->held, s->live, s->cached, s->free, s->purged};
    int width = t->screen.columns - AMOUNTS_WIDTH - 11;
    screen_print(&t->screen, " %8s", amount_short(size, s->object_size));
    print_amounts(t, values);
    screen_print(&t->screen, " ");
    print_bar(t, bar, most, width > 4 ? width : 0);
    screen_newline(&t->screen);
}

static void print_classes(struct top *t)
{
    struct class_samples classes = take_classes(&t->processes.all[t->chosen]);
    unsigned long long most = 0;
    size_t i;
    for (i = 0; i < classes.n; i++)
        most = classes.all[i].held > most ? classes.all[i].held : most;
    sample_sort(&classes, t->order);
    screen_print(&t->screen, " %8s %10s %10s %10s %10s %10s", "SIZE", "HELD", "LIVE", "CACHED",
                 "FREE", "PURGED");
    screen_newline(&t->screen);
    for (i = 0; i < classes.n && !screen_is_full(&t->screen, 3); i++) {
        if (!t->screen.rows && i == ROWS_PLAIN)
            break;
        print_class(t, &classes.all[i], most);
    }
    if (i < classes.n) {
        screen_print(&t->screen, " and %zu more size classes", classes.n - i);
        screen_newline(&t->screen);
    }
    free(classes.all);
}

static void draw(struct top *t)
{
    screen_frame(&t->screen);
    print_head(t);
    print_processes(t);
    if (t->processes.n && t->samples[t->chosen].held) {
        print_classes(t);
        if (!t->screen.is_live)
            print_legend(t);
    }
    if (t->screen.is_live) {
        print_legend(t);
        screen_print(&t->screen, "  %s",
                     t->note[0] ? t->note : "q quit  r reclaim  s sort  n/p process  +/- interval");
    }
    screen_show(&t->screen);
}

static void print_json(struct top *t)
{
    for (size_t i = 0; i < t->processes.n; i++) {
        const struct channel *c = &t->processes.all[i];
        const struct sample *s = &t->samples[i];
        printf("{\"pid\": %ld, \"name\": \"%s\", \"held\": %llu, \"live\": %llu, \"cached\": %llu, "
               "\"free\": %llu, \"purged\": %llu, \"metadata\": %llu, \"resident\": %llu}\n",
               c->pid, c->name, s->held, s->live, s->cached, s->free, s->purged, s->metadata,
               s->resident);
    }
    fflush(stdout);
}

/* ---- Keys
 * ---------------------------------------------------------------------------------------- */

static void reclaim_chosen(struct top *t)
{
    char text[AMOUNT_MAX];
    struct json answer;
    if (!t->processes.n)
        return;
    struct channel *c = &t->processes.all[t->chosen];
    const char *wrong = channel_try(c, "reclaim", &answer);
    snprintf(t->note, sizeof(t->note), "process %ld %s %s", c->pid, wrong ? wrong : "gave back",
             wrong ? "" : amount(text, json_member_number(answer, "reclaimed")));
}

/* Returns 0 when the key ends the program. */
static int obey(struct top *t, int key)
{
    t->note[0] = '\0';
    switch (key) {
    case 'q':
        return 0;
    case 'r':
        reclaim_chosen(t);
        break;
    case 's':
        t->order = (t->order + 1) % ORDERS;
        break;
    case 'n':
        t->chosen = t->chosen + 1 < t->processes.n ? t->chosen + 1 : 0;
        break;
    case 'p':
        t->chosen = (t->chosen ? t->chosen : t->processes.n ? t->processes.n : 1) - 1;
        break;
    case '+':
        t->interval *= t->interval < 60 ? 2 : 1;
        break;
    case '-':
        t->interval /= t->interval > 0.1 ? 2 : 1;
        break;
    default:
        break;
    }
    return 1;
}

/* Waits for the next frame; 0: the last one was shown. */
static int wait_for_next(struct top *t)
{
    int milliseconds = (int)(t->interval * 1000);
    if (!t->screen.is_live) {
        poll(NULL, 0, milliseconds);
        return !frusactl_interrupted;
    }
    int key = screen_key(milliseconds);
    return (key == 0 || obey(t, key)) && !frusactl_interrupted;
}

int command_top(const struct options *o, char **args)
{
    struct top t = {.interval = o->interval};
    if (args[0])
        find_given(&t, args);
    screen_begin(&t.screen);
    if (o->json)
        screen_end(&t.screen);
    t.screen.is_live &= !o->json;
    /* Where nobody presses keys, one frame is the default. */
    long count = o->count || t.screen.is_live ? o->count : 1;
    for (long n = 1;; n++) {
        if (!args[0])
            find_all(&t);
        take_samples(&t);
        if (o->json)
            print_json(&t);
        else
            draw(&t);
        if ((count && n >= count) || !wait_for_next(&t))
            break;
    }
    screen_end(&t.screen);
    free_processes(&t.processes);
    free(t.samples);
    return 0;
}
