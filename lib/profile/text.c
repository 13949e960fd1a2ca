/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "profile/text.h"

#include <inttypes.h>

/* "t*" stands for all threads. */
static void print_sums(struct fr_buffer *out, const struct fr_tally *live,
                       const struct fr_tally *all)
{
    fr_buffer_print(out, "  t*: %" PRIu64 ": %" PRIu64 " [%" PRIu64 ": %" PRIu64 "]\n",
                    live->samples, live->sampled_bytes, all->samples, all->sampled_bytes);
}

static void add(struct fr_tally *sum, const struct fr_tally *t)
{
    sum->samples += t->samples;
    sum->sampled_bytes += t->sampled_bytes;
}

static void print_head(struct fr_buffer *out, const struct fr_profile_copy *profile)
{
    struct fr_tally live = {0, 0, 0, 0};
    struct fr_tally all = {0, 0, 0, 0};
    for (const struct fr_site *s = profile->sites; s; s = s->next) {
        add(&live, &s->live);
        add(&all, &s->all);
    }
    fr_buffer_print(out, "heap_v2/%zu\n", profile->rate);
    print_sums(out, &live, &all);
}

static void print_site(struct fr_buffer *out, const struct fr_site *s)
{
    fr_buffer_print(out, "@");
    for (size_t i = 0; i < s->depth; i++)
        fr_buffer_print(out, " 0x%" PRIxPTR, (uintptr_t)s->stack[i]);
    fr_buffer_print(out, "\n");
    print_sums(out, &s->live, &s->all);
}

void fr_profile_text(struct fr_buffer *out, const struct fr_profile_copy *profile,
                     const struct fr_mappings *mappings)
{
    print_head(out, profile);
    for (const struct fr_site *s = profile->sites; s; s = s->next)
        print_site(out, s);
    fr_buffer_print(out, "\nMAPPED_LIBRARIES:\n");
    fr_buffer_add(out, mappings->text, mappings->text_length);
}
