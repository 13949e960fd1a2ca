/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Sums over frusa_walk, compared with the statistics. */
#include "walk.h"
#include "require.h"

#include <string.h>

static void require_sane_row(const struct frusa_span_info *row)
{
    REQUIRE(row->address != NULL && row->bytes > 0 && row->object_size > 0);
    REQUIRE(row->live <= row->slots && row->slots > 0);
    REQUIRE_MSG(row->slots * row->object_size <= row->bytes, "%zu slots of %zu in %zu", row->slots,
                row->object_size, row->bytes);
    REQUIRE(row->purged <= row->bytes);
    for (size_t i = 0; i < sizeof(row->reserved) / sizeof(row->reserved[0]); i++)
        REQUIRE(row->reserved[i] == 0);
    if (row->large)
        REQUIRE(row->large == 1 && row->slots == 1 && row->live == 1);
}

static int add_row(const struct frusa_span_info *row, void *arg)
{
    struct walk_totals *totals = arg;
    require_sane_row(row);
    if (row->large) {
        totals->large++;
        totals->large_bytes += row->bytes;
        totals->large_headroom += row->bytes - row->object_size;
        return 0;
    }
    totals->spans++;
    totals->span_bytes += row->bytes;
    totals->slots += row->slots;
    totals->live += row->live;
    totals->live_bytes += row->live * row->object_size;
    totals->purged += row->purged;
    totals->empty_spans += row->live == 0;
    totals->empty_bytes += row->live == 0 ? row->bytes : 0;
    return 0;
}

struct walk_totals walk_sum(frusa_t *f)
{
    struct walk_totals totals;
    memset(&totals, 0, sizeof(totals));
    REQUIRE(frusa_walk(f, add_row, &totals) == 0);
    return totals;
}

struct size_count {
    size_t object_size, rows;
};

static int count_row(const struct frusa_span_info *row, void *arg)
{
    struct size_count *count = arg;
    count->rows += row->object_size == count->object_size;
    return 0;
}

size_t walk_count_size(frusa_t *f, size_t object_size)
{
    struct size_count count = {object_size, 0};
    REQUIRE(frusa_walk(f, count_row, &count) == 0);
    return count.rows;
}

void walk_require_consistent(frusa_t *f, size_t held)
{
    struct frusa_stats s;
    struct walk_totals totals = walk_sum(f);
    REQUIRE(frusa_get_stats(f, &s) == 0);
    REQUIRE_MSG(s.allocated_from_fallback + s.large == held,
                "%zu and %zu large, the fallback says %zu", s.allocated_from_fallback, s.large,
                held);
    size_t blocks = s.kept - totals.empty_bytes; /* kept blocks, which are no spans */
    REQUIRE_MSG(totals.span_bytes + blocks == s.allocated_from_fallback - s.allocated_metadata,
                "%zu and %zu, not %zu", totals.span_bytes, blocks,
                s.allocated_from_fallback - s.allocated_metadata);
    REQUIRE_MSG(totals.large_bytes == s.large, "%zu, not %zu", totals.large_bytes, s.large);
    REQUIRE_MSG(totals.live_bytes == s.in_use - s.in_use_metadata, "%zu, not %zu",
                totals.live_bytes, s.in_use - s.in_use_metadata);
    REQUIRE_MSG(totals.purged == s.purged, "%zu, not %zu", totals.purged, s.purged);
    REQUIRE(s.in_use_metadata <= s.allocated_metadata);
    REQUIRE(s.allocated_metadata <= s.allocated_from_fallback);
    REQUIRE(s.purged <= s.allocated_from_fallback);
    REQUIRE(s.peak_allocated >= s.allocated_from_fallback + s.large);
}

size_t stats_live_bytes(frusa_t *f)
{
    struct frusa_stats s;
    REQUIRE(frusa_get_stats(f, &s) == 0);
    return s.in_use - s.in_use_metadata + s.large - walk_sum(f).large_headroom;
}
