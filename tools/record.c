/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* frusactl record and plot: what an instance holds, over time. */
#include "record.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "amount.h"
#include "channel.h"
#include "frusactl.h"
#include "message.h"
#include "sample.h"

const char *const record_names[RECORD_COLUMNS] = {
    "live", "cached", "free", "metadata", "held", "purged", "resident", "reclaimed",
};

/* ---- Recording
 * ----------------------------------------------------------------------------------- */

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* Until a moment, or a signal that ends the recording. */
static void sleep_until(double moment)
{
    for (double left; !frusactl_interrupted && (left = moment - now()) > 0;)
        poll(NULL, 0, left > 1 ? 1000 : (int)(left * 1000) + 1);
}

static void take_values(const struct sample *s, unsigned long long value[RECORD_COLUMNS])
{
    value[RECORD_LIVE] = s->live;
    value[RECORD_CACHED] = s->cached;
    value[RECORD_FREE] = s->free;
    value[RECORD_METADATA] = s->metadata;
    value[RECORD_HELD] = s->held;
    value[RECORD_PURGED] = s->purged;
    value[RECORD_RESIDENT] = s->resident;
    value[RECORD_RECLAIMED] = s->reclaimed;
}

static void write_row(FILE *file, int json, double time, const struct sample *s)
{
    unsigned long long value[RECORD_COLUMNS];
    take_values(s, value);
    fprintf(file, json ? "{\"time\": %.3f" : "%.3f", time);
    for (int i = 0; i < RECORD_COLUMNS; i++)
        if (json)
            fprintf(file, ", \"%s\": %llu", record_names[i], value[i]);
        else
            fprintf(file, ",%llu", value[i]);
    fputs(json ? "}\n" : "\n", file);
    fflush(file); /* others may read it meanwhile */
}

static void write_names(FILE *file)
{
    fputs("time", file);
    for (int i = 0; i < RECORD_COLUMNS; i++)
        fprintf(file, ",%s", record_names[i]);
    fputc('\n', file);
}

/* One line that is written over, on a terminal alone. */
static void show_progress(const struct sample *s, long n)
{
    char held[AMOUNT_MAX], resident[AMOUNT_MAX];
    if (isatty(STDERR_FILENO))
        fprintf(stderr, "\r%ld samples, holds %s, resident %s  ", n, amount(held, s->held),
                amount(resident, s->resident));
}

/* Samples until it is interrupted, or as many as asked for, or the process ends. */
static long record_to(FILE *file, const struct options *o, struct channel *c)
{
    double start = now();
    long n = 0;
    while (!frusactl_interrupted && (o->count == 0 || n < o->count)) {
        struct json answer;
        const char *wrong = channel_try(c, "stats", &answer);
        if (wrong && n == 0)
            fail(FAILED, "process %ld %s", c->pid, wrong);
        if (wrong)
            break;
        struct sample s = sample_of(c, answer);
        write_row(file, o->json, now() - start, &s);
        show_progress(&s, ++n);
        if (o->count == 0 || n < o->count)
            sleep_until(start + (double)n * o->interval);
    }
    return n;
}

int command_record(const struct options *o, char **args)
{
    struct channel c = channel_of(args[0]);
    int to_file = o->output && strcmp(o->output, "-") != 0;
    FILE *file = to_file ? fopen(o->output, "we") : stdout;
    if (!file)
        fail(FAILED, "%s: %s", o->output, strerror(errno));
    if (!o->json)
        write_names(file);
    record_to(file, o, &c);
    if (isatty(STDERR_FILENO))
        fputc('\n', stderr);
    if (to_file && (ferror(file) | fclose(file)) != 0)
        fail(FAILED, "%s: %s", o->output, strerror(errno));
    return 0;
}

/* ---- Reading
 * ------------------------------------------------------------------------------------- */

/* Splits a line in place; returns the next field, NULL at the end. */
static char *next_field(char **rest)
{
    char *field = *rest;
    if (!field)
        return NULL;
    char *comma = strchr(field, ',');
    *rest = comma ? comma + 1 : NULL;
    field[strcspn(field, ",\r\n")] = '\0';
    return field;
}

/* Which of our columns each column of the file is: RECORD_COLUMNS stands for the time, -1 for one
 * that we do not know. */
enum { FILE_COLUMNS_MAX = 64 };

static int column_of(const char *name)
{
    for (int i = 0; i < RECORD_COLUMNS; i++)
        if (strcmp(name, record_names[i]) == 0)
            return i;
    return strcmp(name, "time") == 0 ? RECORD_COLUMNS : -1;
}

/* Returns the number of columns; exits unless all of ours are there. */
static int read_names(const char *file, char *line, int columns[FILE_COLUMNS_MAX])
{
    unsigned found = 0;
    int n = 0;
    for (char *name; n < FILE_COLUMNS_MAX && (name = next_field(&line)); n++) {
        columns[n] = column_of(name);
        if (columns[n] >= 0)
            found |= 1u << columns[n];
    }
    if (found != (1u << (RECORD_COLUMNS + 1)) - 1)
        fail(FAILED, "%s: not a file of 'frusactl record'", file);
    return n;
}

static struct record_row read_row(const char *file, size_t number, char *line, const int *columns,
                                  int n)
{
    struct record_row row = {0};
    for (int i = 0; i < n; i++) {
        char *end, *field = next_field(&line);
        double value = field ? strtod(field, &end) : 0;
        if (!field || end == field || *end || !(value >= 0) || value > 1e18)
            fail(FAILED, "%s:%zu: not a number in column %d", file, number + 2, i + 1);
        if (columns[i] == RECORD_COLUMNS)
            row.time = value;
        else if (columns[i] >= 0)
            row.value[columns[i]] = value;
    }
    return row;
}

static void add(struct record *r, size_t *room, struct record_row row)
{
    if (r->n == *room) {
        *room = *room ? 2 * *room : 256;
        struct record_row *grown = realloc(r->rows, *room * sizeof(*grown));
        if (!grown)
            fail(FAILED, "no memory");
        r->rows = grown;
    }
    r->rows[r->n++] = row;
}

struct record record_read(const char *file)
{
    struct record r = {NULL, 0};
    int columns[FILE_COLUMNS_MAX];
    char *line = NULL;
    size_t room = 0, rows_room = 0;
    FILE *f = fopen(file, "re");
    if (!f)
        fail(FAILED, "%s: %s", file, strerror(errno));
    if (getline(&line, &room, f) <= 0)
        fail(FAILED, "%s: not a file of 'frusactl record'", file);
    int n = read_names(file, line, columns);
    /* A recording in progress may end in the middle of a line. */
    while (getline(&line, &room, f) > 0 && strchr(line, '\n'))
        add(&r, &rows_room, read_row(file, r.n, line, columns, n));
    free(line);
    fclose(f);
    if (r.n < 2)
        fail(FAILED, "%s: fewer than two samples", file);
    return r;
}

int command_plot(const struct options *o, char **args)
{
    if (!o->output) {
        complain("plot: say where to: -o FILE.svg");
        return USAGE;
    }
    struct record r = record_read(args[0]);
    record_draw(&r, args[0], o->output);
    if (o->json && strcmp(o->output, "-") != 0)
        printf("{\"samples\": %zu, \"seconds\": %.3f}\n", r.n, r.rows[r.n - 1].time);
    free(r.rows);
    return 0;
}
