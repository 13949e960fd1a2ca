/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "screen.h"

#include <langinfo.h>
#include <locale.h>
#include <poll.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include "frusactl.h"
#include "message.h"

/* Control sequences of ECMA-48 and xterm, which all terminals of today know. */
#define OTHER_SCREEN "\033[?1049h\033[?25l"
#define FIRST_SCREEN "\033[?25h\033[?1049l"
#define HOME         "\033[H"
#define CLEAR_LINE   "\033[K"
#define CLEAR_REST   "\033[J"

static struct termios before;

/* Restores the terminal also when the program ends by fail(). */
static int is_changed;

static void restore(void)
{
    if (!is_changed)
        return;
    is_changed = 0;
    tcsetattr(STDIN_FILENO, TCSANOW, &before);
    fputs(FIRST_SCREEN, stdout);
    fflush(stdout);
}

static void take_terminal(void)
{
    struct termios raw;
    if (tcgetattr(STDIN_FILENO, &before) != 0)
        return;
    raw = before;
    raw.c_lflag &= (tcflag_t) ~(ICANON | ECHO);
    raw.c_cc[VMIN] = 0;
    raw.c_cc[VTIME] = 0;
    tcsetattr(STDIN_FILENO, TCSANOW, &raw);
    is_changed = 1;
    atexit(restore);
    fputs(OTHER_SCREEN, stdout);
}

static void measure(struct screen *s)
{
    struct winsize size;
    s->columns = 100;
    s->rows = 0; /* no bound */
    if (s->is_live && ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 20) {
        s->columns = size.ws_col;
        s->rows = size.ws_row;
    }
}

void screen_begin(struct screen *s)
{
    const char *terminal = getenv("TERM");
    memset(s, 0, sizeof(*s));
    setlocale(LC_CTYPE, "");
    s->is_utf8 = strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
    s->is_live =
        isatty(STDIN_FILENO) && isatty(STDOUT_FILENO) && terminal && strcmp(terminal, "dumb") != 0;
    s->has_colour = s->is_live && !getenv("NO_COLOR");
    if (s->is_live)
        take_terminal();
}

void screen_end(struct screen *s)
{
    (void)s;
    restore();
}

void screen_frame(struct screen *s)
{
    measure(s);
    s->row = 0;
    s->frame = open_memstream(&s->text, &s->length);
    if (!s->frame)
        fail(FAILED, "no memory");
    if (s->is_live)
        fputs(HOME, s->frame);
}

void screen_print(struct screen *s, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vfprintf(s->frame, format, args);
    va_end(args);
}

void screen_colour(struct screen *s, int colour)
{
    if (s->has_colour)
        fprintf(s->frame, "\033[%dm", colour);
}

void screen_newline(struct screen *s)
{
    fputs(s->is_live ? CLEAR_LINE "\n" : "\n", s->frame);
    s->row++;
}

int screen_is_full(const struct screen *s, int lines_left)
{
    return s->rows && s->row + lines_left >= s->rows;
}

void screen_show(struct screen *s)
{
    if (s->is_live)
        fputs(CLEAR_REST, s->frame);
    fclose(s->frame);
    fwrite(s->text, 1, s->length, stdout);
    fflush(stdout);
    free(s->text);
    s->text = NULL;
}

int screen_key(int milliseconds)
{
    struct pollfd p = {STDIN_FILENO, POLLIN, 0};
    unsigned char key;
    if (poll(&p, 1, milliseconds) <= 0)
        return 0;
    ssize_t n = read(STDIN_FILENO, &key, 1);
    return n == 1 ? key : n == 0 ? 'q' : 0; /* the terminal is gone */
}
