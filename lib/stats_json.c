/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Statistics as JSON (RFC 8259): one object with the fields of struct frusa_stats, and an array
 * "classes" with a row for each size class that holds memory. Written without printf, which
 * freestanding builds lack: names are plain ASCII, values unsigned integers.
 */
#include "stats.h"

struct writer {
    char *buf;
    size_t len;
    size_t at; /* length of the whole text so far, cut or not */
};

static void put_char(struct writer *w, char c)
{
    if (w->at + 1 < w->len)
        w->buf[w->at] = c;
    w->at++;
}

static void put_text(struct writer *w, const char *text)
{
    while (*text)
        put_char(w, *text++);
}

static void put_number(struct writer *w, size_t value)
{
    char digits[3 * sizeof(value)];
    size_t n = 0;
    do
        digits[n++] = (char)('0' + value % 10);
    while (value /= 10);
    while (n)
        put_char(w, digits[--n]);
}

static void put_field(struct writer *w, const char *before, const char *name, size_t value)
{
    put_text(w, before);
    put_char(w, '"');
    put_text(w, name);
    put_text(w, "\": ");
    put_number(w, value);
}

static void put_totals(struct writer *w, const struct frusa_stats *s)
{
    put_field(w, "{\n  ", "allocated_from_fallback", s->allocated_from_fallback);
    put_field(w, ",\n  ", "in_use", s->in_use);
    put_field(w, ",\n  ", "allocated_metadata", s->allocated_metadata);
    put_field(w, ",\n  ", "in_use_metadata", s->in_use_metadata);
    put_field(w, ",\n  ", "cached", s->cached);
    put_field(w, ",\n  ", "large", s->large);
    put_field(w, ",\n  ", "purged", s->purged);
    put_field(w, ",\n  ", "reclaimed_total", s->reclaimed_total);
    put_field(w, ",\n  ", "peak_allocated", s->peak_allocated);
    put_field(w, ",\n  ", "fallback_allocs", s->fallback_allocs);
    put_field(w, ",\n  ", "fallback_deallocs", s->fallback_deallocs);
}

size_t fr_stats_json(struct fr_instance *inst, char *buf, size_t len)
{
    struct writer w = {buf, len, 0};
    struct frusa_stats totals;
    const char *between = "\n    ";
    fr_stats_get(inst, &totals);
    put_totals(&w, &totals);
    put_text(&w, ",\n  \"classes\": [");
    for (unsigned cls = 0; cls < FR_CLASS_COUNT; cls++) {
        struct fr_class_stats row;
        fr_stats_class(inst, cls, &row);
        if (row.held == 0)
            continue;
        put_text(&w, between);
        put_field(&w, "{", "object_size", row.object_size);
        put_field(&w, ", ", "held", row.held);
        put_field(&w, ", ", "live", row.live);
        put_field(&w, ", ", "cached", row.cached);
        put_char(&w, '}');
        between = ",\n    ";
    }
    put_text(&w, "\n  ]\n}\n");
    if (len)
        buf[w.at < len ? w.at : len - 1] = '\0';
    return w.at;
}
