/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The life of spans: reserve, take, release, change lists, grow, retire.
 * lib/spans/span.h, lib/spans/span.c, lib/spans/slab.c, lib/spans/slab_list.h, lib/spans/slab_scan.c,
 * lib/spans/grow.c; the letters are span.h's. README says what is left out.
 *
 * A class with two spans at most: one of three slots in two words, one of a single slot.
 */
#ifndef OPS
#define OPS 2 /* calls of each mutator */
#endif

#ifdef TWO
#define RETIRERS 2
#else
#define RETIRERS 1
#endif

#define RETIRED 100
#define SPANS 2
#define CAPACITY(s) (s == 0 -> 3 : 1)

byte count[SPANS];
bool present[SPANS], mapped[SPANS];
bool partial[SPANS]; /* in a bin */
bool vacant[SPANS];   /* on the list of empty spans */
/* Bits by span and word: word 2s + w. Span 0 has bits 0, 1 of word 0 and bit 0 of word 1; span 1 bit 0 of word 2. */
byte taken[4];
byte out[4]; /* those of them that are objects anybody may give back */
byte kept[4]; /* those of them that the owner keeps */
byte owner[SPANS]; /* 1, 2: a mutator; 0: none */
bool slab_lock;
byte ended;

#define LINKED(s) (partial[s] || vacant[s])

#define BITS(x) ((x & 1) + (x >> 1))
#define TAKEN(s) (BITS(taken[2 * s]) + BITS(taken[2 * s + 1]))
#define WIDTH(i) (i == 0 -> 3 : (i == 3 -> 0 : 1)) /* the bits that word i has */

#ifdef TWO
#define OWNED_BY(m) skip /* fewer states */
#else
#define OWNED_BY(m) owner[0] = m
#endif

#define TOUCH(s) assert(present[s])
#define KEEPS(i, s) (kept[i] != 0 && owner[s] == me)
#define HAS_KEPT (KEEPS(0, 0) || KEEPS(1, 0) || KEEPS(2, 1))
#ifdef OWNER_TAKEN
#define MAY_OWN(s) true
#else
#define MAY_OWN(s) (vacant[s] || owner[s] == 0) /* [O.1] */
#endif
#define COUNT_COVERS_BITS(s) assert(count[s] == RETIRED || count[s] >= TAKEN(s)) /* [S.2] */

inline lock() { atomic { !slab_lock -> slab_lock = true } }
byte unlinked_yet; /* 1 + a span that its grower has not linked yet */
#if defined(RESERVE_UNLOCKED) || defined(LATE_UNLINK)
#define CHECK_LISTS(s) skip
#else
#define CHECK_LISTS(s) assert(!present[s] || count[s] == RETIRED || unlinked_yet == s + 1 || ON_ITS_LIST(s))
#endif
#define ON_ITS_LIST(s) (vacant[s] == (count[s] == 0) && partial[s] == (count[s] > 0 && count[s] < CAPACITY(s)))
inline unlock() { d_step { CHECK_LISTS(0); CHECK_LISTS(1); slab_lock = false } }

/* Puts a span on the list that its count asks for. */
inline file(s) {
    partial[s] = (count[s] > 0 && count[s] < CAPACITY(s));
    vacant[s] = (count[s] == 0)
}

/* Raises the count of a span that is on a list, by up to n - got. */
inline reserve(s) {
#ifdef RESERVE_UNLOCKED
    unlock();
#endif
    TOUCH(s); /* [S.1] */
    f = CAPACITY(s) - count[s]; /* the count may fall after this load */
    f = (f < n - got -> f : n - got);
#ifndef RESERVE_UNLOCKED
    assert(f > 0); /* [S.6]: what is on a list has a free slot */
#endif
    d_step {
        TOUCH(s);
        count[s] = count[s] + f; r[s] = r[s] + f; got = got + f;
        assert(count[s] <= CAPACITY(s));
        filled = (filled || count[s] == CAPACITY(s));
        if :: MAY_OWN(s) -> owner[s] = me :: else fi;
#ifndef KEEP_EMPTY
        if :: vacant[s] -> vacant[s] = false; partial[s] = true :: else fi
#endif
    };
#ifdef RESERVE_UNLOCKED
    lock();
#endif
#ifndef LATE_UNLINK
    if :: filled -> d_step { TOUCH(s); partial[s] = false; filled = false } :: else fi; /* [S.6] */
#endif
    f = 0
}

inline slab_reserve() {
    lock();
    do
    :: got < n && LINKED(0) -> reserve(0)
    :: got < n && LINKED(1) -> reserve(1)
    :: got == n || (!LINKED(0) && !LINKED(1)) -> break
    od;
    unlock()
}

/* Takes the reserved bits of a span, from any word on, until all are had [S.2]. */
inline take(s) {
    if
    :: r[s] > 0 ->
        if :: w = 2 * s :: s == 0 -> w = 1 fi;
        f = 0;
        do
        :: r[s] > 0 ->
            d_step {
                TOUCH(s);
                m = WIDTH(w) & ~taken[w];
                if :: m == 3 && r[s] == 1 -> m = 1 :: else fi; /* the lowest ones */
                taken[w] = taken[w] | m; out[w] = out[w] | m;
                r[s] = r[s] - BITS(m);
                COUNT_COVERS_BITS(s); m = 0
            };
            if
            :: r[s] > 0 && s == 0 -> w = 1 - w; f++
            :: else
            fi
#ifdef SCAN_ONCE
            ; assert(r[s] == 0 || f < 2)
#else
            ; f = 0
#endif
        :: r[s] == 0 -> break
        od;
        w = 0; f = 0
    :: else
    fi
}

/* A new span, linked with its batch reserved, as far as it goes; the fallback refuses when both exist. */
inline grow() {
    d_step {
        w = (!present[0] -> 0 : (!present[1] -> 1 : 2));
        if
        :: w < 2 && unlinked_yet == 0 ->
            present[w] = true; mapped[w] = true; taken[2 * w] = 0; taken[2 * w + 1] = 0;
            assert(kept[2 * w] == 0 && kept[2 * w + 1] == 0); owner[w] = 0; /* [O.2] */
            unlinked_yet = w + 1;
#ifdef LINK_FIRST
            count[w] = 0;
#else
            got = (n < CAPACITY(w) -> n : CAPACITY(w));
            count[w] = got; r[w] = got;
#endif
        :: else -> w = 2
        fi
    };
    if
    :: w < 2 ->
        lock(); d_step { TOUCH(w); unlinked_yet = 0; file(w) }; unlock();
#ifndef LINK_FIRST
        lock(); d_step { TOUCH(w); if :: owner[w] == 0 -> owner[w] = me :: else fi }; unlock();
#endif
#ifdef LINK_FIRST
        slab_reserve();
#endif
        assert(got > 0) /* else reclaim can take new spans away for ever */
    :: else
    fi;
    w = 0
}

inline alloc() {
    if :: n = 1 :: n = 2 fi;
    slab_reserve();
    if :: got == 0 -> grow() :: else fi;
    take(0); take(1);
#ifdef LATE_UNLINK
    if
    :: filled ->
        lock();
        if :: partial[0] && count[0] == CAPACITY(0) -> partial[0] = false :: else fi;
        if :: partial[1] && count[1] == CAPACITY(1) -> partial[1] = false :: else fi;
        unlock()
    :: else
    fi;
#endif
    n = 0; got = 0; filled = false
}

inline clear_bits(i, s) {
    if
    :: d[i] != 0 -> d_step { TOUCH(s); assert(mapped[s]); assert((taken[i] & d[i]) == d[i]);
                             taken[i] = taken[i] & ~d[i]; d[i] = 0 }
    :: else
    fi
}

#ifdef ZERO_UNLOCKED
#define AT_THE_EDGE(s) (f == CAPACITY(s))
#else
#define AT_THE_EDGE(s) (f == CAPACITY(s) || f == n)
#endif

inline lower(s) {
    do
    :: d_step { TOUCH(s); f = count[s]; assert(f != RETIRED) };
        if
        :: AT_THE_EDGE(s) -> /* [S.4] */
            lock();
            d_step {
                TOUCH(s);
                count[s] = count[s] - n; COUNT_COVERS_BITS(s);
                f = (f == n -> 0 : 1); /* what a stale look says about the list */
#ifdef EDGE_STALE
                partial[s] = (f != 0); vacant[s] = (f == 0)
#else
                if :: count[s] == 0 -> partial[s] = false :: else fi;
                if :: !LINKED(s) -> file(s) :: else fi
#endif
            };
            unlock(); break
        :: else ->
#ifdef PLAIN_SUB
            d_step { TOUCH(s); count[s] = count[s] - n }; break
#else
            if
            :: d_step { count[s] == f -> TOUCH(s); count[s] = count[s] - n; COUNT_COVERS_BITS(s) }; break
            :: count[s] != f
            fi
#endif
        fi
    od;
#ifdef TOUCH_AFTER
    TOUCH(s);
#endif
    n = 0; f = 0
}

/* Gives back a run of objects that lie in one span. */
inline give() {
    atomic {
        if
        :: out[0] != 0 -> s = 0; if :: d[0] = out[0] :: out[0] == 3 -> d[0] = 1 fi
        :: out[0] != 0 && out[1] != 0 -> s = 0; d[1] = 1; if :: d[0] = out[0] :: out[0] == 3 -> d[0] = 2 fi
        :: out[1] != 0 -> s = 0; d[1] = 1
        :: out[2] != 0 -> s = 1; d[2] = 1
        :: else /* another thread was faster */
        fi;
        out[0] = out[0] & ~d[0]; out[1] = out[1] & ~d[1]; out[2] = out[2] & ~d[2];
        n = BITS(d[0]) + d[1] + d[2]
    };
    f = (n > 0 && owner[s] == me -> 1 : 0);
    if
    :: f -> /* keeps them: two steps, with others' between [O.1] */
        d_step {
            TOUCH(s); f = 0; n = 0;
            assert(owner[s] == me);
            assert((kept[0] & d[0]) == 0 && (kept[1] & d[1]) == 0 && (kept[2] & d[2]) == 0);
            kept[0] = kept[0] | d[0]; kept[1] = kept[1] | d[1]; kept[2] = kept[2] | d[2];
            d[0] = 0; d[1] = 0; d[2] = 0
        }
    :: n > 0 -> /* or has kept too much */
        f = 0;
#ifdef LOWER_FIRST
        lower(s);
        clear_bits(0, 0); clear_bits(1, 0); clear_bits(2, 1)
#else
        clear_bits(0, 0); clear_bits(1, 0); clear_bits(2, 1); /* [S.3] */
        lower(s) /* [S.5]: nothing of the span after that */
#endif
    :: else
    fi;
    s = 0
}

/* What the owner keeps of a span goes to its slab: a flush, a recall of its cache, or too much. */
inline give_kept() {
    d_step {
        s = (KEEPS(2, 1) -> 1 : 0);
        TOUCH(s); /* [O.2] */
        d[0] = (s == 0 -> kept[0] : 0); d[1] = (s == 0 -> kept[1] : 0); d[2] = (s == 1 -> kept[2] : 0);
        kept[0] = kept[0] & ~d[0]; kept[1] = kept[1] & ~d[1]; kept[2] = kept[2] & ~d[2];
        n = BITS(d[0]) + BITS(d[1]) + d[2]
    };
#ifdef GIVE_EARLY
    lower(s); /* with the bits still taken */
    clear_bits(0, 0); clear_bits(1, 0); clear_bits(2, 1);
#else
    clear_bits(0, 0); clear_bits(1, 0); clear_bits(2, 1);
    lower(s);
#endif
    s = 0
}

inline take_kept() {
    d_step {
        w = (KEEPS(0, 0) -> 0 : (KEEPS(1, 0) -> 1 : 2));
        TOUCH(w / 2); assert((taken[w] & kept[w]) == kept[w]);
        out[w] = out[w] | kept[w]; kept[w] = 0; w = 0
    }
}

proctype mutator(byte me) {
    byte ops, n, got, f, w, m, s;
    byte r[SPANS]; /* reserved and not yet taken */
    byte d[3];     /* bits to clear */
    bool filled;
    do
    :: ops < OPS ->
        ops++;
        if
        :: alloc()
        :: (out[0] | out[1] | out[2]) != 0 -> give()
        :: HAS_KEPT -> if :: give_kept() :: take_kept() fi
        fi
    :: else -> break
    od;
    ended++
}

/* Takes a span off the empties. Nobody scans, and nobody tests the count: what is on the list is empty. */
inline retire(s) {
#ifndef RETIRE_UNLOCKED
    lock();
#endif
    if
    :: vacant[s] ->
        d_step {
            TOUCH(s);
            assert(count[s] == 0 && TAKEN(s) == 0);
            count[s] = RETIRED; got = true
        };
#ifndef RETIRE_LINKED
        vacant[s] = false /* [S.7] */
#endif
    :: else
    fi;
#ifndef RETIRE_UNLOCKED
    unlock();
#endif
#ifdef RETIRE_LINKED
    if :: got -> lock(); vacant[s] = false; unlock() :: else fi;
#endif
    if
    :: got -> mapped[s] = false; d_step { present[s] = false; assert(TAKEN(s) == 0 && !LINKED(s)) }
    :: else
    fi;
    got = false
}

/* A reclaim, a trim of what is retained, or growth of another class. They do not exclude each other. */
proctype retirer() {
    bool got;
    retire(0); retire(1);
    retire(0);
    ended++
}

init {
    atomic {
        /* Span 0 is there, with no object, with two, or with all of them. */
        if
        :: skip
        :: present[0] = true; mapped[0] = true; vacant[0] = true
        :: present[0] = true; mapped[0] = true; partial[0] = true; count[0] = 2; taken[0] = 2; out[0] = 2; taken[1] = 1; out[1] = 1; OWNED_BY(1)
        :: present[0] = true; mapped[0] = true; count[0] = 3; taken[0] = 3; out[0] = 3; taken[1] = 1; out[1] = 1; OWNED_BY(2)
        fi;
        run mutator(1); run mutator(2); run retirer()
#ifdef TWO
        ; run retirer()
#endif
    };
    d_step {
        ended == 2 + RETIRERS ->
        /* The invariants, with nobody inside. */
        assert(!present[0] || (count[0] == TAKEN(0) && ON_ITS_LIST(0)));
        assert(!present[1] || (count[1] == TAKEN(1) && ON_ITS_LIST(1)))
    }
}
