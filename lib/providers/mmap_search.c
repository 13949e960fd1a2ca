/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* How the mmap provider finds a run: first fit, from the oldest chunk on. Hints keep heaps of many
 * chunks from walking those that are known to be full each time. */
#include "providers/mmap_state.h"

#include "port/compiler.h"

struct fr_mmap_provider fr_mmap_provider;

/* A hint for bigger runs takes the place of one for smaller runs when that has left this many
 * chunks to be walked. */
#define LONG_WALK 16

static struct fr_search_hint *hint_for(enum fr_run_kind kind, size_t n)
{
    return &fr_mmap_provider.hints[kind][fr_log2_floor(n)];
}

/* Where to begin: what has no room for a run has none for a longer one, or for one of a coarser
 * step. */
static struct fr_chunk *start_of(const struct fr_search_hint *hint, size_t n, size_t step)
{
    int is_known = hint->chunk && n >= hint->n && step >= hint->step;
    return is_known ? hint->chunk : fr_mmap_provider.index.oldest;
}

int fr_mmap_search(enum fr_run_kind kind, size_t n, size_t step, const struct fr_growth *growth,
                   struct fr_run *run)
{
    struct fr_search_hint *hint = hint_for(kind, n);
    struct fr_chunk *c = start_of(hint, n, step);
    size_t walked = 0;
    while (c && !(c->kind == kind && fr_chunk_take(c, n, step, growth, run))) {
        c = c->next;
        walked++;
    }
    if (c && (walked > LONG_WALK || (n <= hint->n && step <= hint->step) || !hint->chunk)) {
        hint->chunk = c;
        hint->n = n;
        hint->step = step;
    }
    return c != NULL;
}

void fr_mmap_note_room(struct fr_chunk *c)
{
    struct fr_search_hint *hints = fr_mmap_provider.hints[c->kind];
    for (unsigned i = 0; i <= fr_log2_floor(c->used.longest | 1); i++)
        if (hints[i].chunk && hints[i].chunk->age > c->age && hints[i].n <= c->used.longest)
            hints[i].chunk = c;
}

void fr_mmap_remove(struct fr_chunk *c)
{
    /* A hint may point to a chunk of another kind: the successor of one that was removed. */
    for (unsigned kind = 0; kind < FR_RUN_KINDS; kind++)
        for (unsigned i = 0; i < FR_RUN_CLASSES; i++)
            if (fr_mmap_provider.hints[kind][i].chunk == c)
                fr_mmap_provider.hints[kind][i].chunk = c->next;
    fr_chunk_index_remove(&fr_mmap_provider.index, c);
}

static int hint_is_true(enum fr_run_kind kind, const struct fr_search_hint *hint)
{
    struct fr_chunk *c = fr_mmap_provider.index.oldest;
    for (; hint->chunk && c != hint->chunk; c = c->next)
        if (!c || (c->kind == kind && fr_chunk_has_room(c, hint->n, hint->step)))
            return 0;
    return 1;
}

int fr_mmap_hints_are_true(void)
{
    for (unsigned kind = 0; kind < FR_RUN_KINDS; kind++)
        for (unsigned i = 0; i < FR_RUN_CLASSES; i++)
            if (!hint_is_true((enum fr_run_kind)kind, &fr_mmap_provider.hints[kind][i]))
                return 0;
    return 1;
}
