/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * A drawing of what an instance held over time. Live and free memory are areas on top of each
 * other, which end at what is held. What is resident, of the whole process, is a line.
 */
#include <math.h>
#include <stdio.h>

#include "amount.h"
#include "record.h"
#include "svg.h"

#define WIDTH  1100.0
#define HEIGHT 560.0
#define LEFT   90.0
#define RIGHT  (WIDTH - 30)
#define TOP    76.0
#define BOTTOM (HEIGHT - 100)

/* Marked as a reclaim: this share of the most that was held, between two samples. */
#define MARKED (1.0 / 50)

/* Marks nearer than this have no text, in pixels. */
#define MARKS_APART 64.0

struct chart {
    const struct record *r;
    struct svg svg;
    double top_value; /* at the upper end, bytes */
    double end_time;
};

/* The areas from below: what is in each, and how it is drawn. They differ in lightness. */
static const struct area {
    const char *name, *fill;
} areas[] = {
    {"live", "#2f5d8c"},          {"in caches", "#7fa8c9"},        {"metadata", "#4a4a4a"},
    {"free in spans", "#d5e3ee"}, {"free, purged", "url(#hatch)"},
};
enum { AREAS = sizeof(areas) / sizeof(areas[0]) };

/* The upper end of an area; that of number -1 is 0. */
static double level(const struct record_row *row, int area)
{
    const double *v = row->value;
    double purged = v[RECORD_PURGED] < v[RECORD_FREE] ? v[RECORD_PURGED] : v[RECORD_FREE];
    const double parts[AREAS] = {v[RECORD_LIVE], v[RECORD_CACHED], v[RECORD_METADATA],
                                 v[RECORD_FREE] - purged, purged};
    double sum = 0;
    for (int i = 0; i <= area; i++)
        sum += parts[i];
    return sum;
}

static double x_of(const struct chart *c, double time)
{
    return LEFT + (RIGHT - LEFT) * time / c->end_time;
}

static double y_of(const struct chart *c, double bytes)
{
    return BOTTOM - (BOTTOM - TOP) * bytes / c->top_value;
}

/* ---- Scales
 * -------------------------------------------------------------------------------------- */

/* A step of a power of two, about five of them up to the highest value. */
static double memory_step(double highest)
{
    double step = 4096;
    while (step * 6 < highest)
        step *= 2;
    return step;
}

/* A step that people count time in, at most ten of them. */
static double time_step(double seconds)
{
    static const double steps[] = {0.1, 0.2, 0.5, 1,   2,    5,    10,   15,    30,   60,
                                   120, 300, 600, 900, 1800, 3600, 7200, 14400, 43200};
    size_t i = 0;
    while (i + 1 < sizeof(steps) / sizeof(steps[0]) && steps[i] * 10 < seconds)
        i++;
    double step = steps[i];
    while (step * 10 < seconds)
        step *= 2;
    return step;
}

static void time_text(double seconds, double step, char *text, size_t room)
{
    if (step < 1)
        snprintf(text, room, "%.1f s", seconds);
    else if (step < 60)
        snprintf(text, room, "%.0f s", seconds);
    else if (step < 3600)
        snprintf(text, room, "%.0f min", seconds / 60);
    else
        snprintf(text, room, "%.1f h", seconds / 3600);
}

static void draw_line(struct chart *c, double x1, double y1, double x2, double y2, const char *more)
{
    fprintf(c->svg.file, "<line x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\" %s/>\n", x1, y1, x2,
            y2, more);
}

static void draw_scales(struct chart *c, double step)
{
    char text[AMOUNT_MAX];
    double seconds = time_step(c->end_time);
    for (double value = 0; value <= c->top_value * 1.001; value += step) {
        draw_line(c, LEFT, y_of(c, value), RIGHT, y_of(c, value), "stroke=\"#ddd\"");
        svg_text(&c->svg, LEFT - 8, y_of(c, value) + 4, SVG_END, "note", "%s",
                 value > 0 ? amount(text, (unsigned long long)value) : "0");
    }
    for (double at = 0; at <= c->end_time * 1.0001; at += seconds) {
        char label[32];
        time_text(at, seconds, label, sizeof(label));
        draw_line(c, x_of(c, at), BOTTOM, x_of(c, at), BOTTOM + 5, "stroke=\"#555\"");
        svg_text(&c->svg, x_of(c, at), BOTTOM + 20, SVG_MIDDLE, "note", "%s", label);
    }
}

/* ---- Curves
 * -------------------------------------------------------------------------------------- */

static void draw_area(struct chart *c, int area)
{
    const struct record *r = c->r;
    fputs("<path d=\"", c->svg.file);
    for (size_t i = 0; i < r->n; i++)
        fprintf(c->svg.file, "%s%.1f,%.1f", i ? " L" : "M", x_of(c, r->rows[i].time),
                y_of(c, level(&r->rows[i], area)));
    for (size_t i = r->n; i-- > 0;)
        fprintf(c->svg.file, " L%.1f,%.1f", x_of(c, r->rows[i].time),
                y_of(c, level(&r->rows[i], area - 1)));
    fprintf(c->svg.file, " Z\" fill=\"%s\"><title>%s</title></path>\n", areas[area].fill,
            areas[area].name);
}

static void draw_curve(struct chart *c, enum record_column column, const char *more)
{
    fputs("<polyline fill=\"none\" points=\"", c->svg.file);
    for (size_t i = 0; i < c->r->n; i++)
        fprintf(c->svg.file, "%.1f,%.1f ", x_of(c, c->r->rows[i].time),
                y_of(c, c->r->rows[i].value[column]));
    fprintf(c->svg.file, "\" %s><title>%s</title></polyline>\n", more, record_names[column]);
}

/* Invisible strips over the chart, one a sample, whose titles are its figures. */
static void draw_titles(struct chart *c)
{
    const struct record *r = c->r;
    size_t step = (r->n + 799) / 800;
    for (size_t i = 0; i < r->n; i += step) {
        char text[RECORD_COLUMNS][AMOUNT_MAX];
        const struct record_row *row = &r->rows[i];
        double end = i + step < r->n ? r->rows[i + step].time : c->end_time;
        for (int k = 0; k < RECORD_COLUMNS; k++)
            amount(text[k], (unsigned long long)row->value[k]);
        svg_rect(&c->svg, x_of(c, row->time), TOP, x_of(c, end) - x_of(c, row->time), BOTTOM - TOP,
                 "#fff", " fill-opacity=\"0\"");
        svg_close_title(&c->svg,
                        "%.1f s: live %s, in caches %s, free %s (purged %s), metadata %s, held %s, "
                        "resident %s",
                        row->time, text[RECORD_LIVE], text[RECORD_CACHED], text[RECORD_FREE],
                        text[RECORD_PURGED], text[RECORD_METADATA], text[RECORD_HELD],
                        text[RECORD_RESIDENT]);
    }
}

/* A line with a triangle where much was given back. */
static void draw_marks(struct chart *c)
{
    double last = 0;
    for (size_t i = 1; i < c->r->n; i++) {
        const struct record_row *row = &c->r->rows[i];
        double bytes = row->value[RECORD_RECLAIMED] - c->r->rows[i - 1].value[RECORD_RECLAIMED];
        double x = x_of(c, row->time);
        char text[AMOUNT_MAX];
        if (bytes < c->top_value * MARKED)
            continue;
        draw_line(c, x, TOP, x, BOTTOM,
                  "stroke=\"#000\" stroke-width=\"0.8\" stroke-opacity=\"0.6\"");
        fprintf(c->svg.file,
                "<path d=\"M%.1f,%.1f l-5,-9 h10 Z\" fill=\"#000\"><title>%.1f s: %s given back"
                "</title></path>\n",
                x, TOP, row->time, amount(text, (unsigned long long)bytes));
        if (x - last >= MARKS_APART)
            svg_text(&c->svg, x, TOP - 13, x > RIGHT - 40 ? SVG_END : SVG_MIDDLE, "in", "%s", text);
        if (x - last >= MARKS_APART)
            last = x;
    }
}

static void draw_legend(struct chart *c)
{
    double x = LEFT, y = HEIGHT - 52;
    for (int i = 0; i < AREAS; i++, x += 126) {
        svg_rect(&c->svg, x, y, 26, 14, areas[i].fill, " stroke=\"#999\" stroke-width=\"0.5\"");
        svg_close(&c->svg);
        svg_text(&c->svg, x + 32, y + 12, SVG_START, "", "%s", areas[i].name);
    }
    draw_line(c, x, y + 7, x + 26, y + 7, "stroke=\"#000\" stroke-width=\"1.4\"");
    svg_text(&c->svg, x + 32, y + 12, SVG_START, "", "held");
    y += 26;
    draw_line(c, LEFT, y + 7, LEFT + 26, y + 7,
              "stroke=\"#c0392b\" stroke-width=\"2\" stroke-dasharray=\"6,3\"");
    svg_text(&c->svg, LEFT + 32, y + 12, SVG_START, "", "resident, whole process");
    fprintf(c->svg.file, "<path d=\"M%.1f,%.1f l-5,-9 h10 Z\" fill=\"#000\"/>\n", LEFT + 265,
            y + 12);
    svg_text(&c->svg, LEFT + 278, y + 12, SVG_START, "", "given back, from 2 %% of the scale on");
}

void record_draw(const struct record *r, const char *from, const char *file)
{
    struct chart c = {.r = r, .end_time = r->rows[r->n - 1].time};
    double highest = 1;
    for (size_t i = 0; i < r->n; i++)
        for (int k = 0; k < 2; k++) {
            double value = r->rows[i].value[k ? RECORD_HELD : RECORD_RESIDENT];
            highest = value > highest ? value : highest;
        }
    double step = memory_step(highest);
    c.top_value = ceil(highest / step) * step;
    if (c.end_time <= 0)
        c.end_time = 1;
    c.svg = svg_begin(file, WIDTH, HEIGHT, "Memory over time");
    svg_text(&c.svg, 20, 28, SVG_START, "title", "Memory held over time");
    svg_text(&c.svg, 20, 46, SVG_START, "note", "%s: %zu samples", from, r->n);
    draw_scales(&c, step);
    for (int i = 0; i < AREAS; i++)
        draw_area(&c, i);
    draw_curve(&c, RECORD_HELD, "stroke=\"#000\" stroke-width=\"1.4\"");
    draw_curve(&c, RECORD_RESIDENT,
               "stroke=\"#c0392b\" stroke-width=\"2\" stroke-dasharray=\"6,3\"");
    draw_marks(&c);
    draw_titles(&c);
    draw_legend(&c);
    svg_end(&c.svg);
}
