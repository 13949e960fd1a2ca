/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Statistics as JSON (RFC 8259): one object with the fields of struct frusa_stats, an object
 * "at_peak", and an array "classes" with a row for each size class that holds memory. Written
 * without printf, which freestanding builds lack: names are plain ASCII, values unsigned integers.
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
    put_field(w, ",\n  ", "kept", s->kept);
    put_field(w, ",\n  ", "free_in_spans", s->free_in_spans);
    put_field(w, ",\n  ", "refused", s->refused);
    put_field(w, ",\n  ", "fallback_failures", s->fallback_failures);
}

static void put_peak(struct writer *w, const struct fr_peak_stats *peak)
{
    put_text(w, ",\n  \"at_peak\": ");
    put_field(w, "{", "spans", peak->spans);
    put_field(w, ", ", "metadata", peak->metadata);
    put_field(w, ", ", "large", peak->large);
    put_field(w, ", ", "kept", peak->kept);
    put_char(w, '}');
}

size_t fr_stats_json(struct fr_instance *inst, char *buf, size_t len)
{
    struct writer w = {buf, len, 0};
    struct frusa_stats totals;
    struct fr_peak_stats peak;
    struct fr_stats_look look;
    const char *between = "\n    ";
    fr_stats_get(inst, &totals);
    put_totals(&w, &totals);
    fr_stats_peak(inst, &peak);
    put_peak(&w, &peak);
    fr_stats_begin(&look, inst);
    put_text(&w, ",\n  \"classes\": [");
    for (unsigned cls = 0; cls < FR_CLASS_COUNT; cls++) {
        struct fr_class_stats row;
        fr_stats_class(&look, cls, &row);
        if (row.held == 0)
            continue;
        put_text(&w, between);
        put_field(&w, "{", "object_size", row.object_size);
        put_field(&w, ", ", "held", row.held);
        put_field(&w, ", ", "empty", row.empty);
        put_field(&w, ", ", "live", row.live);
        put_field(&w, ", ", "cached", row.cached);
        put_char(&w, '}');
        between = ",\n    ";
    }
    fr_stats_end(&look);
    put_text(&w, "\n  ]\n}\n");
    if (len)
        buf[w.at < len ? w.at : len - 1] = '\0';
    return w.at;
}
