/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * A thread hands a data span back beside the metadata pass of a reclaim: a trim, a bounded reclaim, or a thread at the
 * limit that helps either.
 * lib/spans/release.h [L.1], lib/spans/release.c, lib/cache/retain.c; README says what is left out.
 *
 * One empty data span, and one metadata span whose last block is the data span's descriptor. Whoever retires the data
 * span frees the descriptor. Stores of each side may be delayed until its full fence, as with store buffers.
 */
bool retired;             /* the data span, under the slab lock */
bool freed, freed_seen;   /* its descriptor: by the order of who frees it, and for others to see */
byte passes_seen;         /* begun, for others to see */
bool is_back;             /* the metadata span is at the fallback */
byte ended;

inline retire_empty(seen) {
    d_step { if :: seen -> is_back = true :: else fi }
}

inline retire_data(mine) {
    d_step { if :: !retired -> retired = true; mine = true :: else fi }
}

proctype trim() {
    byte before, now;
    bool mine;
#ifndef LOAD_LATE
    before = passes_seen; /* fr_release_passes */
#endif
    retire_data(mine);
#ifdef LOAD_LATE
    before = passes_seen;
#endif
    if
    :: mine ->
        freed = true; /* fr_meta_free_descriptor */
#ifndef NO_FENCE
        freed_seen = true; /* fr_fence_full */
#endif
        now = passes_seen;
#ifdef NO_CHECK
        now = before;
#endif
        if
        :: now != before -> retire_empty(freed)
        :: else
        fi;
        freed_seen = true /* at last */
    :: else
    fi;
    ended++
}

proctype reclaim() {
    bool mine;
    retire_data(mine);
    if :: mine -> freed = true; freed_seen = true :: else fi;
#ifdef NO_FENCE
    retire_empty(freed_seen);
    passes_seen = 1;
#else
    passes_seen = 1; /* fr_fence_full */
    retire_empty(freed_seen);
#endif
    ended++
}

init {
    atomic { run trim(); run reclaim() };
    d_step { ended == 2 -> assert(is_back) } /* nothing is live, and nobody comes again */
}
