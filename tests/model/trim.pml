/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * A trim, or a thread that helps at the limit, hands data spans back beside the metadata pass of a reclaim.
 * lib/spans/release.h [L.1], lib/spans/release.c; README says what is left out.
 *
 * One metadata span, whose last block is the descriptor that the trim frees. Stores of each side may be delayed until
 * its full fence, as on a machine with store buffers.
 */
bool freed, freed_seen;     /* the block is free: by the trim's own order, and for others to see */
byte passes, passes_seen;   /* begun: the same */
bool is_back;               /* the metadata span is at the fallback */
byte ended;

inline retire_empty(seen) {
    d_step { if :: seen && !is_back -> is_back = true :: else fi }
}

proctype trim() {
    byte before, now;
#ifndef LOAD_LATE
    before = passes_seen;
#endif
    freed = true; /* fr_meta_free_descriptor */
#ifndef NO_FENCE
    freed_seen = true; /* fr_fence_full */
#endif
#ifdef LOAD_LATE
    before = passes_seen;
#endif
    now = passes_seen;
#ifdef NO_CHECK
    now = before;
#endif
    if
    :: now != before -> retire_empty(freed)
    :: else
    fi;
    freed_seen = true; /* at last */
    ended++
}

proctype reclaim() {
    passes = 1; /* fr_release_empty_metadata */
#ifndef NO_FENCE
    passes_seen = 1; /* fr_fence_full */
#endif
    retire_empty(freed_seen);
    passes_seen = 1;
    ended++
}

init {
    atomic { run trim(); run reclaim() };
    d_step { ended == 2 -> assert(is_back) } /* nothing is live, and nobody comes again */
}
