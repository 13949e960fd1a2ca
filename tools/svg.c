/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "svg.h"

#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "frusactl.h"
#include "message.h"

/* Texts in the fonts that browsers and rsvg-convert find everywhere. */
static const char style[] =
    "<style>text{font-family:'DejaVu Sans',Verdana,Helvetica,Arial,sans-serif;font-size:12px;"
    "fill:#222}"
    ".title{font-size:17px;font-weight:bold}.note{fill:#555}.mono{font-family:'DejaVu Sans "
    "Mono',Menlo,Consolas,monospace;font-size:11px;fill:#555}.in{font-size:10px}"
    ".inlight{font-size:10px;fill:#fff}.gap{font-size:10px;font-style:italic;fill:#777}</style>\n"
    "<defs><pattern id=\"hatch\" width=\"5\" height=\"5\" patternUnits=\"userSpaceOnUse\" "
    "patternTransform=\"rotate(45)\"><rect width=\"5\" height=\"5\" fill=\"#fff\"/>"
    "<rect width=\"1.2\" height=\"5\" fill=\"#bbb\"/></pattern></defs>\n";

static void print_escaped(FILE *file, const char *text)
{
    for (; *text; text++)
        switch (*text) {
        case '&':
            fputs("&amp;", file);
            break;
        case '<':
            fputs("&lt;", file);
            break;
        case '>':
            fputs("&gt;", file);
            break;
        default:
            fputc(*text, file);
        }
}

static char *formatted(const char *format, va_list args)
{
    char *text;
    if (vasprintf(&text, format, args) < 0)
        fail(FAILED, "no memory");
    return text;
}

struct svg svg_begin(const char *name, double width, double height, const char *title)
{
    struct svg s = {strcmp(name, "-") == 0 ? stdout : fopen(name, "we"), name};
    if (!s.file)
        fail(FAILED, "%s: %s", name, strerror(errno));
    fprintf(s.file,
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%.0f\" height=\"%.0f\" "
            "viewBox=\"0 0 %.0f %.0f\">\n<title>",
            width, height, width, height);
    print_escaped(s.file, title);
    fprintf(s.file, "</title>\n%s<rect width=\"100%%\" height=\"100%%\" fill=\"#fff\"/>\n", style);
    return s;
}

void svg_end(struct svg *s)
{
    fputs("</svg>\n", s->file);
    int failed = ferror(s->file);
    if (s->file == stdout)
        return;
    if (fclose(s->file) != 0 || failed)
        fail(FAILED, "%s: %s", s->name, strerror(errno));
}

/* One channel of linear light, 0 to 1, as sRGB has it. */
static unsigned encode(double linear)
{
    double value = linear <= 0.0031308 ? 12.92 * linear : 1.055 * pow(linear, 1 / 2.4) - 0.055;
    return value <= 0 ? 0 : value >= 1 ? 255 : (unsigned)(value * 255 + 0.5);
}

/* From Oklch by way of Oklab (B. Ottosson, 2020). */
struct svg_colour svg_oklch(double lightness, double chroma, double hue)
{
    struct svg_colour c;
    double a = chroma * cos(hue * 3.14159265358979 / 180);
    double b = chroma * sin(hue * 3.14159265358979 / 180);
    double l = pow(lightness + 0.3963377774 * a + 0.2158037573 * b, 3);
    double m = pow(lightness - 0.1055613458 * a - 0.0638541728 * b, 3);
    double s = pow(lightness - 0.0894841775 * a - 1.2914855480 * b, 3);
    snprintf(c.text, sizeof(c.text), "#%02x%02x%02x",
             encode(4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s) & 255,
             encode(-1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s) & 255,
             encode(-0.0041960863 * l - 0.7034186147 * m + 1.7076147010 * s) & 255);
    return c;
}

void svg_text(struct svg *s, double x, double y, enum svg_anchor anchor, const char *style_class,
              const char *format, ...)
{
    static const char *const anchors[] = {"start", "middle", "end"};
    va_list args;
    va_start(args, format);
    char *text = formatted(format, args);
    va_end(args);
    fprintf(s->file, "<text x=\"%.1f\" y=\"%.1f\" class=\"%s\" text-anchor=\"%s\">", x, y,
            style_class, anchors[anchor]);
    print_escaped(s->file, text);
    fputs("</text>\n", s->file);
    free(text);
}

void svg_rect(struct svg *s, double x, double y, double width, double height, const char *fill,
              const char *more)
{
    fprintf(s->file, "<rect x=\"%.2f\" y=\"%.1f\" width=\"%.2f\" height=\"%.1f\" fill=\"%s\"%s", x,
            y, width, height, fill, more);
}

void svg_close(struct svg *s)
{
    fputs("/>\n", s->file);
}

void svg_close_title(struct svg *s, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    char *text = formatted(format, args);
    va_end(args);
    fputs("><title>", s->file);
    print_escaped(s->file, text);
    fputs("</title></rect>\n", s->file);
    free(text);
}
