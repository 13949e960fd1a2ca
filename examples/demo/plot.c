/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * A group of three bars for each step: live, held, resident. The colours are Okabe and Ito's, which
 * all common forms of colour vision tell apart; they differ in lightness too, for print in grey.
 */
#include "plot.h"

#include <errno.h>
#include <stdio.h>

#define MIB (1024.0 * 1024.0)

/* Geometry, in pixels. */
enum {
    WIDTH = 960,
    HEIGHT = 540,
    LEFT = 76,
    RIGHT = 24,
    TOP = 112,
    BOTTOM = 82,
    PLOT_WIDTH = WIDTH - LEFT - RIGHT,
    PLOT_HEIGHT = HEIGHT - TOP - BOTTOM,
    BASE = TOP + PLOT_HEIGHT,
    BAR = 36,
    GAP = 4,
    SERIES = 3,
    MAX_TICKS = 6,
};

#define BLUE   "#0072b2"
#define ORANGE "#e69f00"
#define GREEN  "#009e73"
#define HATCH  "url(#purged)"

/* The vertical axis, in MiB. */
struct scale {
    double tick;
    int n_ticks;
};

/* Chooses ticks of 1, 2 or 5 times a power of ten that cover `top` MiB. */
static struct scale choose_scale(double top)
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
                return (struct scale){.tick = tick, .n_ticks = n};
            }
        }
    }
}

static double highest(const struct record *record)
{
    size_t top = 0;
    for (size_t i = 0; i < record->n_steps; i++) {
        const struct step *s = &record->steps[i];
        top = s->live > top ? s->live : top;
        top = s->held > top ? s->held : top;
        top = s->has_resident && s->resident > top ? s->resident : top;
    }
    return (double)top / MIB;
}

static double height_of(const struct scale *scale, double mib)
{
    return mib / (scale->tick * scale->n_ticks) * PLOT_HEIGHT;
}

static void write_head(FILE *out, const struct record *record)
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
                  WIDTH, HEIGHT, WIDTH, HEIGHT, record->title, record->subtitle, WIDTH, HEIGHT);
    (void)fprintf(out,
                  "<text x=\"%d\" y=\"34\" font-size=\"20\" font-weight=\"bold\">%s</text>\n"
                  "<text x=\"%d\" y=\"56\" fill=\"#555555\">%s</text>\n",
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
        (void)fprintf(out,
                      "<rect x=\"%d\" y=\"72\" width=\"14\" height=\"14\" fill=\"%s\"/>"
                      "<text x=\"%d\" y=\"84\" font-size=\"13\">%s</text>\n",
                      x, entries[i].fill, x + 20, entries[i].text);
    }
}

static void write_axis(FILE *out, const struct scale *scale)
{
    for (int i = 0; i <= scale->n_ticks; i++) {
        double value = scale->tick * i;
        double y = BASE - height_of(scale, value);
        (void)fprintf(out,
                      "<line x1=\"%d\" y1=\"%.1f\" x2=\"%d\" y2=\"%.1f\" stroke=\"%s\"/>"
                      "<text x=\"%d\" y=\"%.1f\" text-anchor=\"end\">%.*f</text>\n",
                      LEFT, y, WIDTH - RIGHT, y, i == 0 ? "#222222" : "#dddddd", LEFT - 8, y + 4,
                      scale->tick < 1 ? 1 : 0, value);
    }
    (void)fprintf(out,
                  "<text transform=\"translate(24 %d) rotate(-90)\" text-anchor=\"middle\" "
                  "font-size=\"13\">memory (MiB)</text>\n",
                  TOP + PLOT_HEIGHT / 2);
}

/* A bar from `low` to `high` MiB. Returns the height of its upper end. */
static double write_bar(FILE *out, const struct scale *scale, double x, double low, double high,
                        const char *fill)
{
    double y = BASE - height_of(scale, high);
    (void)fprintf(out, "<rect x=\"%.1f\" y=\"%.1f\" width=\"%d\" height=\"%.1f\" fill=\"%s\"/>\n",
                  x, y, BAR, height_of(scale, high - low), fill);
    return y;
}

static void write_value(FILE *out, double x, double y, double mib)
{
    int decimals = mib >= 100 || mib == 0 ? 0 : mib >= 1 ? 1 : 2;
    (void)fprintf(out,
                  "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"middle\" font-size=\"11\" "
                  "stroke=\"#ffffff\" stroke-width=\"3\" paint-order=\"stroke\">%.*f</text>\n",
                  x + BAR / 2.0, y - 5, decimals, mib);
}

static void write_bars(FILE *out, const struct scale *scale, const struct step *step, double middle)
{
    double x = middle - (SERIES * BAR + (SERIES - 1) * GAP) / 2.0;
    double live = (double)step->live / MIB;
    double held = (double)step->held / MIB;
    double backed = held - (double)step->purged / MIB;
    double resident = (double)step->resident / MIB;

    write_value(out, x, write_bar(out, scale, x, 0, live, BLUE), live);
    x += BAR + GAP;
    (void)write_bar(out, scale, x, 0, backed, ORANGE);
    write_value(out, x, write_bar(out, scale, x, backed, held, HATCH), held);
    x += BAR + GAP;
    if (step->has_resident) {
        write_value(out, x, write_bar(out, scale, x, 0, resident, GREEN), resident);
    }
}

/* Below the axis: the step, how long it took and what it gave back. */
static void write_step_text(FILE *out, const struct step *step, double middle)
{
    bool long_time = step->seconds >= 1;
    (void)fprintf(out,
                  "<text x=\"%.1f\" y=\"%d\" text-anchor=\"middle\" font-size=\"13\" "
                  "font-weight=\"bold\">%s</text>\n"
                  "<text x=\"%.1f\" y=\"%d\" text-anchor=\"middle\" fill=\"#555555\">%.*f %s"
                  "</text>\n",
                  middle, BASE + 22, step->name, middle, BASE + 41, long_time ? 2 : 1,
                  long_time ? step->seconds : step->seconds * 1e3, long_time ? "s" : "ms");
    if (step->is_reclaim) {
        (void)fprintf(out,
                      "<text x=\"%.1f\" y=\"%d\" text-anchor=\"middle\" fill=\"#555555\">"
                      "gave back %.1f MiB</text>\n",
                      middle, BASE + 58, (double)step->given_back / MIB);
    }
}

int plot_write(const char *path, const struct record *record)
{
    FILE *out = fopen(path, "we");
    if (out == NULL) {
        return -1;
    }
    struct scale scale = choose_scale(highest(record));
    double group = (double)PLOT_WIDTH / (double)record->n_steps;
    write_head(out, record);
    write_legend(out, record);
    write_axis(out, &scale);
    for (size_t i = 0; i < record->n_steps; i++) {
        double middle = LEFT + group * ((double)i + 0.5);
        write_bars(out, &scale, &record->steps[i], middle);
        write_step_text(out, &record->steps[i], middle);
    }
    (void)fputs("</svg>\n", out);
    int failed = ferror(out);
    if (fclose(out) != 0 || failed) {
        return -1;
    }
    return 0;
}
