/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* A terminal that a program draws on again and again, and reads keys from. */
#ifndef TOOLS_SCREEN_H
#define TOOLS_SCREEN_H

#include <stdio.h>

struct screen {
    int is_live;    /* a terminal: redrawn in place, with keys */
    int has_colour; /* and NO_COLOR is not set */
    int is_utf8;
    int columns, rows;
    FILE *frame; /* what is being drawn */
    int row;     /* lines of it so far */
    char *text;
    size_t length;
};

/* Begins on standard output, which may be no terminal; screen_end restores it. */
void screen_begin(struct screen *s);
void screen_end(struct screen *s);

/* A new frame; then lines, of which those that do not fit are left out; then all is shown. */
void screen_frame(struct screen *s);
__attribute__((format(printf, 2, 3))) void screen_print(struct screen *s, const char *format, ...);
void screen_colour(struct screen *s, int colour); /* of ECMA-48; 0: none */
void screen_newline(struct screen *s);
int screen_is_full(const struct screen *s, int lines_left);
void screen_show(struct screen *s);

/* Waits for a key for so many milliseconds; 0: there was none. */
int screen_key(int milliseconds);

#endif /* TOOLS_SCREEN_H */
