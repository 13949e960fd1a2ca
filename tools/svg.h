/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Pieces of SVG files. Browsers show the titles of shapes when the pointer is on them. */
#ifndef TOOLS_SVG_H
#define TOOLS_SVG_H

#include <stdio.h>

struct svg {
    FILE *file;
    const char *name;
};

/* Where texts are anchored. */
enum svg_anchor { SVG_START, SVG_MIDDLE, SVG_END };

/* Opens the file, "-" for standard output, and writes the beginning. Exits with a message when the
 * file cannot be written. */
struct svg svg_begin(const char *name, double width, double height, const char *title);

/* Writes the end and closes the file; exits with a message when something was not written. */
void svg_end(struct svg *s);

/* A colour of equal lightness to the eye whatever its hue: lightness 0 to 1, chroma 0 (grey) to
 * about 0.15, hue in degrees. Written as "#rrggbb". */
struct svg_colour {
    char text[8];
};
struct svg_colour svg_oklch(double lightness, double chroma, double hue);

/* A text, with what is special to XML escaped. */
__attribute__((format(printf, 6, 7))) void svg_text(struct svg *s, double x, double y,
                                                    enum svg_anchor anchor, const char *style_class,
                                                    const char *format, ...);

/* A rectangle, left open for a title: svg_close_title or svg_close ends it. */
void svg_rect(struct svg *s, double x, double y, double width, double height, const char *fill,
              const char *more);
void svg_close(struct svg *s);
__attribute__((format(printf, 2, 3))) void svg_close_title(struct svg *s, const char *format, ...);

#endif /* TOOLS_SVG_H */
