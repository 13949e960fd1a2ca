/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* frusactl map: where the memory of an instance lies, and how it is used. */
#include "map.h"

#include <stdio.h>
#include <stdlib.h>

#include "amount.h"
#include "channel.h"
#include "frusactl.h"
#include "message.h"

/* Addresses further apart than this are regions of their own in the table. */
#define TABLE_GAP (64ull << 20)

static int by_address(const void *a, const void *b)
{
    const struct map_span *x = a, *y = b;
    return x->address < y->address ? -1 : x->address > y->address;
}

/* The columns of a row in the order in which the server sends them. */
static struct map_span span_of(struct json row)
{
    unsigned long long column[7] = {0};
    struct json rest, value;
    json_first(row, &rest);
    for (int i = 0; i < 7 && json_next(&rest, &value); i++)
        column[i] = json_number(value);
    return (struct map_span){column[0], column[1], column[2],     column[3],
                             column[4], column[5], (int)column[6]};
}

/* The rows come from another process: drawing counts on figures that fit together. */
static int is_plausible(const struct map_span *s)
{
    const unsigned long long highest = 1ull << 52;
    return s->address < highest && s->bytes > 0 && s->bytes < highest && s->object_size > 0 &&
           s->object_size <= s->bytes && s->slots > 0 && s->slots <= s->bytes &&
           s->live <= s->slots && s->purged <= s->bytes;
}

static void add(struct map *m, size_t *room, struct map_span span)
{
    if (!is_plausible(&span))
        return;
    if (m->n == *room) {
        *room = *room ? 2 * *room : 1024;
        struct map_span *grown = realloc(m->spans, *room * sizeof(*grown));
        if (!grown)
            fail(FAILED, "no memory");
        m->spans = grown;
    }
    m->spans[m->n++] = span;
    m->held += span.bytes;
    m->live += span.live * span.object_size;
    m->purged += span.purged;
}

static struct map map_of(const struct channel *c, struct json answer)
{
    struct map m = {.command = c->command, .pid = c->pid, .name = c->name};
    struct json spans, rest, row;
    size_t room = 0;
    if (json_member(answer, "spans", &spans) && json_first(spans, &rest))
        while (json_next(&rest, &row))
            add(&m, &room, span_of(row));
    if (m.n)
        qsort(m.spans, m.n, sizeof(*m.spans), by_address);
    return m;
}

unsigned long long map_region_begin(const struct map *m, struct map_region r)
{
    return m->spans[r.first].address;
}

unsigned long long map_region_end(const struct map *m, struct map_region r)
{
    return m->spans[r.end - 1].address + m->spans[r.end - 1].bytes;
}

struct map_region map_region_at(const struct map *m, size_t first, unsigned long long gap)
{
    struct map_region r = {first, first + 1};
    while (r.end < m->n && m->spans[r.end].address - map_region_end(m, r) < gap)
        r.end++;
    return r;
}

static void print_region(const struct map *m, struct map_region r)
{
    char held[AMOUNT_MAX], live[AMOUNT_MAX], purged[AMOUNT_MAX];
    unsigned long long sums[3] = {0};
    for (size_t i = r.first; i < r.end; i++) {
        sums[0] += m->spans[i].bytes;
        sums[1] += m->spans[i].live * m->spans[i].object_size;
        sums[2] += m->spans[i].purged;
    }
    printf("%#16llx  %#16llx %8zu %11s %11s %11s\n", map_region_begin(m, r), map_region_end(m, r),
           r.end - r.first, amount(held, sums[0]), amount(live, sums[1]), amount(purged, sums[2]));
}

static void print_table(const struct map *m)
{
    printf("%16s  %16s %8s %11s %11s %11s\n", "FROM", "TO", "SPANS", "HELD", "LIVE", "PURGED");
    for (size_t i = 0; i < m->n;) {
        struct map_region r = map_region_at(m, i, TABLE_GAP);
        print_region(m, r);
        i = r.end;
    }
}

int command_map(const struct options *o, char **args)
{
    struct channel c = channel_of(args[0]);
    struct json answer = channel_ask(&c, "map");
    struct map m = map_of(&c, answer);
    if (o->output)
        map_draw(&m, o->output);
    if (o->json)
        printf("%.*s\n", (int)(answer.end - answer.at), answer.at);
    else if (!o->output)
        print_table(&m);
    free(m.spans);
    return 0;
}
