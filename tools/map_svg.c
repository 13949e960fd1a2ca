/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * A drawing of all spans: address space in lines from left to right. The hue tells the size class,
 * the lightness how much of a span is live, so that it can be read in grey. The purged share of a
 * span is white, at its right end: which pages they are is not known here.
 *
 * Neighbours of one class that look alike are one shape, and so are spans too narrow to be seen,
 * so that a heap of gigabytes makes a file that browsers can show.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "amount.h"
#include "map.h"
#include "svg.h"

#define WIDTH     1280.0
#define LEFT      130.0
#define LINE      (WIDTH - LEFT - 20) /* pixels */
#define TOP       70.0
#define GAP       16.0 /* between regions, for a remark */
#define LEGEND    112.0
#define LINES_MAX 96

/* A shape is at least so wide. */
#define NARROWEST 1.5

/* Full and empty spans. */
#define DARKEST  0.50
#define LIGHTEST 0.90

struct drawing {
    const struct map *m;
    struct svg svg;
    unsigned long long line; /* bytes */
    double height;           /* of a line, pixels */
};

/* ---- Colours
 * ------------------------------------------------------------------------------------- */

/* From blue for 16 bytes by way of green and orange to purple for 2 MiB. */
static double hue_of(unsigned long long object_size)
{
    double octave = log2((double)(object_size < 16 ? 16 : object_size)) - 4;
    return fmod(260 - 300 * octave / 17 + 360, 360);
}

static double lightness_of(double use)
{
    return LIGHTEST - (LIGHTEST - DARKEST) * (use > 1 ? 1 : use);
}

static struct svg_colour colour_of(unsigned long long object_size, int large, double use)
{
    return svg_oklch(lightness_of(use), large ? 0 : 0.125 - 0.045 * (1 - use), hue_of(object_size));
}

/* ---- Shapes
 * -------------------------------------------------------------------------------------- */

/* What is drawn as one: spans first .. end-1, and what they sum up to. */
struct shape {
    size_t first, end;
    unsigned long long from, to; /* addresses */
    unsigned long long bytes, live, slots, objects, purged;
};

static double use_of(unsigned long long live, unsigned long long bytes, unsigned long long purged)
{
    return bytes > purged ? (double)live / (double)(bytes - purged) : 0;
}

/* Two spans look alike: class, use in eighths, purged share in eighths. */
static int is_alike(const struct map_span *a, const struct map_span *b)
{
    return a->object_size == b->object_size && a->large == b->large &&
           a->live * 8 / (a->slots ? a->slots : 1) == b->live * 8 / (b->slots ? b->slots : 1) &&
           a->purged * 8 / a->bytes == b->purged * 8 / b->bytes;
}

static void take(struct shape *shape, const struct map_span *s)
{
    shape->to = s->address + s->bytes;
    shape->bytes += s->bytes;
    shape->live += s->live * s->object_size;
    shape->objects += s->live;
    shape->slots += s->slots;
    shape->purged += s->purged;
    shape->end++;
}

/* The shape that begins with a span. */
static struct shape shape_at(const struct drawing *d, size_t first, size_t end)
{
    const struct map_span *spans = d->m->spans;
    struct shape shape = {.first = first, .end = first, .from = spans[first].address};
    double narrowest = NARROWEST / LINE * (double)d->line;
    take(&shape, &spans[first]);
    while (shape.end < end && spans[shape.end].address == shape.to &&
           (is_alike(&spans[first], &spans[shape.end]) || (double)shape.bytes < narrowest))
        take(&shape, &spans[shape.end]);
    return shape;
}

static void title_of(const struct drawing *d, const struct shape *shape, char *text, size_t room)
{
    char bytes[AMOUNT_MAX], size[AMOUNT_MAX], purged[AMOUNT_MAX];
    const struct map_span *s = &d->m->spans[shape->first];
    size_t n = shape->end - shape->first;
    if (s->large)
        snprintf(text, room, "%#llx: %s, %zu large object%s", shape->from,
                 amount(bytes, shape->bytes), n, n == 1 ? "" : "s");
    else
        snprintf(text, room,
                 "%#llx: %s, %zu span%s of objects of %s bytes, %llu of %llu live (%.0f %%), "
                 "purged %s",
                 shape->from, amount(bytes, shape->bytes), n, n == 1 ? "" : "s",
                 amount_short(size, s->object_size), shape->objects, shape->slots,
                 100.0 * (double)shape->objects / (double)(shape->slots ? shape->slots : 1),
                 amount(purged, shape->purged));
}

/* A part of a shape in one line, at x, with what fits into it. */
static void draw_part(struct drawing *d, const struct shape *shape, double x, double y,
                      double width)
{
    char title[256], size[AMOUNT_MAX];
    const struct map_span *s = &d->m->spans[shape->first];
    double use = use_of(shape->live, shape->bytes, shape->purged);
    double white = width * (double)shape->purged / (double)shape->bytes;
    const char *edge = width >= 4 ? " stroke=\"#fff\" stroke-width=\"0.4\"" : "";
    title_of(d, shape, title, sizeof(title));
    svg_rect(&d->svg, x, y, width, d->height, colour_of(s->object_size, s->large, use).text, edge);
    svg_close_title(&d->svg, "%s", title);
    if (white >= 0.3) {
        svg_rect(&d->svg, x + width - white, y, white, d->height, "#fff",
                 width >= 4 ? " stroke=\"#999\" stroke-width=\"0.4\"" : "");
        svg_close_title(&d->svg, "%s", title);
    }
    if (width - white >= 36 && d->height >= 12)
        svg_text(&d->svg, x + (width - white) / 2, y + d->height / 2 + 3.5, SVG_MIDDLE,
                 lightness_of(use) < 0.68 ? "inlight" : "in", "%s",
                 s->large ? "large" : amount_short(size, s->object_size));
}

/* A shape may go over several lines. */
static void draw_shape(struct drawing *d, const struct shape *shape, unsigned long long begin,
                       double top)
{
    for (unsigned long long at = shape->from; at < shape->to;) {
        unsigned long long row = (at - begin) / d->line;
        unsigned long long end = begin + (row + 1) * d->line;
        double scale = LINE / (double)d->line;
        if (end > shape->to)
            end = shape->to;
        draw_part(d, shape, LEFT + (double)((at - begin) % d->line) * scale,
                  top + (double)row * (d->height + 2), (double)(end - at) * scale);
        at = end;
    }
}

/* ---- Regions
 * ------------------------------------------------------------------------------------- */

static unsigned long long lines_of(const struct drawing *d, struct map_region r)
{
    unsigned long long bytes = map_region_end(d->m, r) - map_region_begin(d->m, r);
    return (bytes + d->line - 1) / d->line;
}

/* Lines of all regions; their number to *regions. */
static unsigned long long count_lines(const struct drawing *d, size_t *regions)
{
    unsigned long long lines = 0;
    *regions = 0;
    for (size_t i = 0; i < d->m->n; ++*regions) {
        struct map_region r = map_region_at(d->m, i, d->line);
        lines += lines_of(d, r);
        i = r.end;
    }
    return lines;
}

static void draw_background(struct drawing *d, struct map_region r, double top)
{
    unsigned long long begin = map_region_begin(d->m, r), lines = lines_of(d, r);
    for (unsigned long long i = 0; i < lines; i++) {
        double y = top + (double)i * (d->height + 2);
        unsigned long long left = map_region_end(d->m, r) - begin - i * d->line;
        double width = left < d->line ? LINE * (double)left / (double)d->line : LINE;
        svg_rect(&d->svg, LEFT, y, width, d->height, "url(#hatch)", "");
        svg_close(&d->svg);
        svg_text(&d->svg, LEFT - 8, y + d->height / 2 + 4, SVG_END, "mono", "%llx",
                 begin + i * d->line);
    }
}

/* Returns where the next region begins. */
static double draw_region(struct drawing *d, struct map_region r, double top)
{
    draw_background(d, r, top);
    for (size_t i = r.first; i < r.end;) {
        struct shape shape = shape_at(d, i, r.end);
        draw_shape(d, &shape, map_region_begin(d->m, r), top);
        i = shape.end;
    }
    return top + (double)lines_of(d, r) * (d->height + 2);
}

static void draw_regions(struct drawing *d)
{
    char gap[AMOUNT_MAX];
    double top = TOP;
    for (size_t i = 0; i < d->m->n;) {
        struct map_region r = map_region_at(d->m, i, d->line);
        top = draw_region(d, r, top);
        i = r.end;
        if (i < d->m->n)
            svg_text(&d->svg, LEFT, top + 10, SVG_START, "gap", "%s of other addresses",
                     amount(gap, d->m->spans[i].address - map_region_end(d->m, r)));
        top += GAP;
    }
}

/* ---- Around them
 * --------------------------------------------------------------------------------- */

static void draw_box(struct drawing *d, double x, double y, const char *fill, const char *what)
{
    svg_rect(&d->svg, x, y, 44, 14, fill, " stroke=\"#999\" stroke-width=\"0.5\"");
    svg_close(&d->svg);
    svg_text(&d->svg, x + 22, y + 28, SVG_MIDDLE, "note", "%s", what);
}

static void draw_legend(struct drawing *d, double top)
{
    static const unsigned long long sizes[] = {16,    64,    256,    1024,    4096,
                                               16384, 65536, 262144, 1048576, 2097152};
    char text[AMOUNT_MAX];
    double x = LEFT;
    svg_text(&d->svg, x, top, SVG_START, "", "Size of objects in bytes (hue)");
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++, x += 50)
        draw_box(d, x, top + 8, colour_of(sizes[i], 0, 0.8).text, amount_short(text, sizes[i]));
    draw_box(d, x, top + 8, colour_of(0, 1, 0.8).text, "large");
    x += 80;
    svg_text(&d->svg, x, top, SVG_START, "", "Live (lightness)");
    for (int i = 0; i <= 4; i++, x += 50) {
        snprintf(text, sizeof(text), "%d %%", 25 * i);
        draw_box(d, x, top + 8, svg_oklch(lightness_of(i / 4.0), 0, 0).text, text);
    }
    x += 30;
    draw_box(d, x, top + 8, "#fff", "purged");
    draw_box(d, x + 66, top + 8, "url(#hatch)", "not held");
    svg_text(&d->svg, LEFT, top + 58, SVG_START, "note",
             "Addresses run from left to right and from line to line. The white part of a span is "
             "its purged share. Pointing at a span shows its figures.");
}

static void draw_head(struct drawing *d)
{
    char held[AMOUNT_MAX], live[AMOUNT_MAX], purged[AMOUNT_MAX], line[AMOUNT_MAX], when[32];
    time_t now = time(NULL);
    strftime(when, sizeof(when), "%Y-%m-%d %H:%M:%S", localtime(&now));
    svg_text(&d->svg, 20, 30, SVG_START, "title", "%s, process %ld, instance %s: %s in %zu spans",
             d->m->command, d->m->pid, d->m->name, amount(held, d->m->held), d->m->n);
    svg_text(&d->svg, 20, 50, SVG_START, "note",
             "live %s (%.0f %%), purged %s; one line is %s of address space; %s",
             amount(live, d->m->live),
             d->m->held ? 100.0 * (double)d->m->live / (double)d->m->held : 0.0,
             amount(purged, d->m->purged), amount(line, d->line), when);
}

/* Lines of a power of two, so many that they fit a page. */
static unsigned long long choose_scale(struct drawing *d, size_t *regions)
{
    unsigned long long lines;
    d->line = 65536;
    while (((lines = count_lines(d, regions)) > LINES_MAX || d->line * 64 < d->m->held) &&
           d->line < 1ull << 56)
        d->line *= 2;
    d->height = floor(760.0 / (double)(lines ? lines : 1)) - 2;
    if (d->height > 26)
        d->height = 26;
    if (d->height < 8)
        d->height = 8;
    return lines;
}

void map_draw(const struct map *m, const char *file)
{
    struct drawing d = {.m = m};
    char title[128];
    size_t regions;
    unsigned long long lines = choose_scale(&d, &regions);
    double bottom = TOP + (double)lines * (d.height + 2) + (double)regions * GAP;
    snprintf(title, sizeof(title), "Memory of process %ld, instance %s", m->pid, m->name);
    d.svg = svg_begin(file, WIDTH, bottom + LEGEND, title);
    draw_head(&d);
    draw_regions(&d);
    draw_legend(&d, bottom + 30);
    svg_end(&d.svg);
}
