/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * A panel with a group of three bars for each step: live, held, resident. Below, if the same was
 * run on other allocators, a panel with what is resident on each. The colours are Okabe and Ito's,
 * which all common forms of colour vision tell apart; they differ in lightness too, for print in
 * grey.
 */
#include "plot.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define MIB (1024.0 * 1024.0)

/* Geometry, in pixels. */
enum {
    WIDTH = 1080,
    LEFT = 76,
    RIGHT = 24,
    PLOT_WIDTH = WIDTH - LEFT - RIGHT,
    TOP = 112, /* of the first panel */
    PANEL = 320,
    STEP_TEXT = 96, /* below it: names of steps and what they took */
    OTHERS_HEAD = 62,
    OTHERS_PANEL = 240,
    OTHERS_TEXT = 60,
    GAP = 3,
    MAX_TICKS = 6,
    FIRST_STEP = 1, /* the empty heap is in the table alone */
};

#define BLUE   "#0072b2"
#define ORANGE "#e69f00"
#define GREEN  "#009e73"
#define GREY   "#555555"
#define HATCH  "url(#purged)"

static const char *const other_fills[MAX_OTHERS] = {"#999999", "#cc79a7", "#56b4e9", "#d55e00"};

/* A vertical axis in MiB, from the base up. */
struct panel {
    int base;   /* the lower end, in pixels */
    int height; /* in pixels */
    double tick;
    int n_ticks;
};

/* Chooses ticks of 1, 2 or 5 times a power of ten that cover `top` MiB. */
static struct panel make_panel(int base, int height, double top)
{
    static const double factors[] = {1, 2, 5};
    for (double power = 0.1;; power *= 10) {
        for (size_t i = 0; i < sizeof factors / sizeof *factors; i++) {
            double tick = factors[i] * power;
            if (tick * MAX_TICKS >= top) {
                int n = 1;
                while (tick * n < top) {
                    n++;
                }
                return (struct panel){.base = base, .height = height, .tick = tick, .n_ticks = n};
            }
        }
    }
}

static size_t larger(size_t a, size_t b)
{
    return a > b ? a : b;
}

static double highest(const struct record *record)
{
    size_t top = 0;
    for (size_t i = 0; i < record->n_steps; i++) {
        const struct step *s = &record->steps[i];
        top = larger(top, larger(s->live, larger(s->held, s->resident)));
    }
    return (double)top / MIB;
}

static double highest_of_others(const struct record *record)
{
    size_t top = 0;
    for (size_t i = 0; i < record->n_steps; i++) {
        top = larger(top, record->steps[i].resident);
        for (size_t j = 0; j < record->n_others; j++) {
            top = larger(top, record->others[j].resident[i]);
        }
    }
    return (double)top / MIB;
}

static double height_of(const struct panel *panel, double mib)
{
    return mib / (panel->tick * panel->n_ticks) * panel->height;
}

static double middle_of(const struct record *record, size_t step)
{
    double group = (double)PLOT_WIDTH / (double)(record->n_steps - FIRST_STEP);
    return LEFT + group * ((double)(step - FIRST_STEP) + 0.5);
}

/* ------------------------------------------------------------------------------------------------
 * Pieces of both panels
 */

static void write_axis(FILE *out, const struct panel *panel)
{
    for (int i = 0; i <= panel->n_ticks; i++) {
        double value = panel->tick * i;
        double y = panel->base - height_of(panel, value);
        (void)fprintf(out,
                      "<line x1=\"%d\" y1=\"%.1f\" x2=\"%d\" y2=\"%.1f\" stroke=\"%s\"/>"
                      "<text x=\"%d\" y=\"%.1f\" text-anchor=\"end\">%.*f</text>\n",
                      LEFT, y, WIDTH - RIGHT, y, i == 0 ? "#222222" : "#dddddd", LEFT - 8, y + 4,
                      panel->tick < 1 ? 1 : 0, value);
    }
    (void)fprintf(out,
                  "<text transform=\"translate(24 %d) rotate(-90)\" text-anchor=\"middle\" "
                  "font-size=\"13\">memory (MiB)</text>\n",
                  panel->base - panel->height / 2);
}

/* A bar from `low` to `high` MiB, which begins at x and says what it is when pointed at. */
static void write_bar(FILE *out, const struct panel *panel, double x, int width, double low,
                      double high, const char *fill, const char *what)
{
    (void)fprintf(out,
                  "<rect x=\"%.1f\" y=\"%.1f\" width=\"%d\" height=\"%.1f\" fill=\"%s\">"
                  "<title>%s: %.2f MiB</title></rect>\n",
                  x, panel->base - height_of(panel, high), width, height_of(panel, high - low),
                  fill, what, high - low);
}

/* The figure above a bar, as long as the bar is wide. */
static void write_value(FILE *out, const struct panel *panel, double middle, double mib)
{
    int decimals = mib >= 10 || mib == 0 ? 0 : mib >= 1 ? 1 : 2;
    (void)fprintf(out,
                  "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"middle\" font-size=\"11\" "
                  "stroke=\"#ffffff\" stroke-width=\"3\" paint-order=\"stroke\">%.*f</text>\n",
                  middle, panel->base - height_of(panel, mib) - 5, decimals, mib);
}

static void write_legend_entry(FILE *out, int x, int y, const char *fill, const char *text)
{
    (void)fprintf(out,
                  "<rect x=\"%d\" y=\"%d\" width=\"14\" height=\"14\" fill=\"%s\"/>"
                  "<text x=\"%d\" y=\"%d\" font-size=\"13\">%s</text>\n",
                  x, y - 12, fill, x + 20, y, text);
}

/* A line of text below a panel. `weight` is that of the font. */
static void write_below(FILE *out, double middle, int y, const char *weight, const char *text,
                        size_t length)
{
    (void)fprintf(out,
                  "<text x=\"%.1f\" y=\"%d\" text-anchor=\"middle\" font-size=\"13\" "
                  "font-weight=\"%s\">%.*s</text>\n",
                  middle, y, weight, (int)length, text);
}

/* The name of a step, a line for each word. */
static void write_step_name(FILE *out, double middle, int y, const char *name)
{
    size_t first = strcspn(name, " ");
    write_below(out, middle, y, "bold", name, first);
    if (name[first] != '\0') {
        write_below(out, middle, y + 17, "bold", name + first + 1, strlen(name + first + 1));
    }
}

/* ------------------------------------------------------------------------------------------------
 * What the instance holds
 */

static void write_head(FILE *out, const struct record *record, int height)
{
    (void)fprintf(out,
                  "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
                  "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" "
                  "viewBox=\"0 0 %d %d\" role=\"img\" aria-labelledby=\"title desc\" "
                  "font-family=\"DejaVu Sans, Verdana, Helvetica, Arial, sans-serif\" "
                  "font-size=\"12\" fill=\"#222222\">\n"
                  "<title id=\"title\">%s</title>\n"
                  "<desc id=\"desc\">%s</desc>\n"
                  "<defs><pattern id=\"purged\" width=\"6\" height=\"6\" "
                  "patternUnits=\"userSpaceOnUse\" patternTransform=\"rotate(45)\">"
                  "<rect width=\"6\" height=\"6\" fill=\"#fff6e0\"/>"
                  "<line x1=\"0\" y1=\"0\" x2=\"0\" y2=\"6\" stroke=\"" ORANGE
                  "\" stroke-width=\"3\"/></pattern></defs>\n"
                  "<rect width=\"%d\" height=\"%d\" fill=\"#ffffff\"/>\n",
                  WIDTH, height, WIDTH, height, record->title, record->subtitle, WIDTH, height);
    (void)fprintf(out,
                  "<text x=\"%d\" y=\"34\" font-size=\"20\" font-weight=\"bold\">%s</text>\n"
                  "<text x=\"%d\" y=\"56\" fill=\"" GREY "\">%s</text>\n",
                  LEFT, record->title, LEFT, record->subtitle);
}

static bool any_purged(const struct record *record)
{
    for (size_t i = 0; i < record->n_steps; i++) {
        if (record->steps[i].purged > 0) {
            return true;
        }
    }
    return false;
}

static void write_legend(FILE *out, const struct record *record)
{
    static const struct {
        const char *fill;
        const char *text;
        int width; /* to the next entry */
    } entries[] = {
        {BLUE, "live objects", 136},
        {ORANGE, "held from the system", 196},
        {GREEN, "resident, whole process", 210},
        {HATCH, "held, but purged: no memory behind it", 0},
    };
    size_t n = sizeof entries / sizeof *entries - (any_purged(record) ? 0 : 1);
    int x = LEFT;
    for (size_t i = 0; i < n; x += entries[i].width, i++) {
        write_legend_entry(out, x, 86, entries[i].fill, entries[i].text);
    }
}

static void write_bars(FILE *out, const struct panel *panel, const struct step *step, double middle)
{
    enum { BAR = 36 };
    double x = middle - BAR * 1.5 - GAP;
    double live = (double)step->live / MIB;
    double held = (double)step->held / MIB;
    double backed = held - (double)step->purged / MIB;
    double resident = (double)step->resident / MIB;

    write_bar(out, panel, x, BAR, 0, live, BLUE, "live");
    write_value(out, panel, x + BAR / 2.0, live);
    x += BAR + GAP;
    write_bar(out, panel, x, BAR, 0, backed, ORANGE, "held, not purged");
    write_bar(out, panel, x, BAR, backed, held, HATCH, "held, purged");
    write_value(out, panel, x + BAR / 2.0, held);
    x += BAR + GAP;
    if (step->has_resident) {
        write_bar(out, panel, x, BAR, 0, resident, GREEN, "resident");
        write_value(out, panel, x + BAR / 2.0, resident);
    }
}

/* Below the axis: the step, how long it took and what it gave back. */
static void write_step_text(FILE *out, int base, const struct step *step, double middle)
{
    char text[48];
    bool long_time = step->seconds >= 1;
    int n = snprintf(text, sizeof text, "%.*f %s", long_time ? 2 : 1,
                     long_time ? step->seconds : step->seconds * 1e3, long_time ? "s" : "ms");
    write_step_name(out, middle, base + 20, step->name);
    write_below(out, middle, base + 56, "normal", text, (size_t)n);
    if (step->is_reclaim) {
        n = snprintf(text, sizeof text, "gave back %.1f MiB", (double)step->given_back / MIB);
        write_below(out, middle, base + 73, "normal", text, (size_t)n);
    }
}

static void write_instance(FILE *out, const struct record *record)
{
    struct panel panel = make_panel(TOP + PANEL, PANEL, highest(record));
    write_legend(out, record);
    write_axis(out, &panel);
    for (size_t i = FIRST_STEP; i < record->n_steps; i++) {
        double middle = middle_of(record, i);
        write_bars(out, &panel, &record->steps[i], middle);
        write_step_text(out, panel.base, &record->steps[i], middle);
    }
}

/* ------------------------------------------------------------------------------------------------
 * What is resident on each allocator
 */

static void write_others_head(FILE *out, const struct record *record, int top)
{
    int x = LEFT;
    (void)fprintf(out,
                  "<text x=\"%d\" y=\"%d\" font-size=\"16\" font-weight=\"bold\">Resident memory, "
                  "the same run on other allocators</text>\n",
                  LEFT, top + 16);
    for (size_t j = 0; j < record->n_others; j++, x += 110) {
        write_legend_entry(out, x, top + 42, other_fills[j], record->others[j].name);
    }
    write_legend_entry(out, x, top + 42, GREEN, "libfrusa");
    (void)fprintf(out,
                  "<text x=\"%d\" y=\"%d\" text-anchor=\"end\" fill=\"" GREY "\">reclaimed: "
                  "each by its own call for that</text>\n",
                  WIDTH - RIGHT, top + 42);
}

static void write_group(FILE *out, const struct panel *panel, const struct record *record,
                        size_t step)
{
    enum { BAR = 26 };
    size_t n = record->n_others + 1;
    double x = middle_of(record, step) - ((double)n * (BAR + GAP) - GAP) / 2.0;
    for (size_t j = 0; j < n; j++, x += BAR + GAP) {
        bool ours = j == record->n_others;
        size_t bytes = ours ? record->steps[step].resident : record->others[j].resident[step];
        double mib = (double)bytes / MIB;
        write_bar(out, panel, x, BAR, 0, mib, ours ? GREEN : other_fills[j],
                  ours ? "libfrusa" : record->others[j].name);
        write_value(out, panel, x + BAR / 2.0, mib);
    }
}

static void write_others(FILE *out, const struct record *record, int top)
{
    int base = top + OTHERS_HEAD + OTHERS_PANEL;
    struct panel panel = make_panel(base, OTHERS_PANEL, highest_of_others(record));
    write_others_head(out, record, top);
    write_axis(out, &panel);
    for (size_t i = FIRST_STEP; i < record->n_steps; i++) {
        write_group(out, &panel, record, i);
        write_step_name(out, middle_of(record, i), base + 20, record->steps[i].name);
    }
}

int plot_write(const char *path, const struct record *record)
{
    int end_of_first = TOP + PANEL + STEP_TEXT;
    FILE *out = fopen(path, "we");
    if (out == NULL) {
        return -1;
    }
    bool others = record->n_others > 0;
    write_head(out, record, end_of_first + (others ? OTHERS_HEAD + OTHERS_PANEL + OTHERS_TEXT : 0));
    write_instance(out, record);
    if (others) {
        write_others(out, record, end_of_first);
    }
    (void)fputs("</svg>\n", out);
    int failed = ferror(out);
    if (fclose(out) != 0 || failed) {
        return -1;
    }
    return 0;
}
