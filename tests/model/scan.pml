/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The retiring scan over a slab's lists, while mutators move spans about.
 * lib/spans/slab_list.h, lib/spans/slab_scan.c, lib/spans/slab.c; README says what is left out.
 *
 * Three spans of three objects; three bins, for counts of 0, 1 and 2. A bin lags behind its span's count: a
 * lowering does not move a span, the next reservation that meets it does. A hold of the slab lock is one step.
 */
#ifndef OPS
#define OPS 2 /* calls of each mutator */
#endif

#define SPANS 3
#define BINS 3
#define CAPACITY 3
#define NONE 7
#define MOVES_PER_HOLD 2

mtype = { ABSENT, HELD, RETIRED };
mtype is[SPANS] = ABSENT;
byte count[SPANS];
byte live[SPANS];       /* objects that anybody may give back */
bool met[SPANS];        /* seen == slab->scan */
bool was_in_use[SPANS]; /* had a reserved object since the reclaim began */
byte ended;

/* The list of bin b is member[3b .. 3b + length[b] - 1]. */
byte member[9];
byte length[BINS];
byte bin[SPANS] = NONE;

/* The list operations; inside d_steps, under the slab lock. i_ is scratch. */
byte i_;
inline bin_add(s, b) {
#ifdef ADD_AT_END
    if
    :: false
#else
    if
    :: !met[s] -> /* in front of those that the scan has met */
        i_ = length[b];
        do :: i_ > 0 -> member[3 * b + i_] = member[3 * b + i_ - 1]; i_-- :: else -> break od;
        member[3 * b] = s
#endif
    :: else -> member[3 * b + length[b]] = s
    fi;
    length[b] = length[b] + 1; bin[s] = b; i_ = 0
}

inline bin_remove(s) {
    i_ = 0;
    do :: member[3 * bin[s] + i_] != s -> i_++ :: else -> break od;
    do
    :: i_ + 1 < length[bin[s]] -> member[3 * bin[s] + i_] = member[3 * bin[s] + i_ + 1]; i_++
    :: else -> break
    od;
    length[bin[s]] = length[bin[s]] - 1;
    member[3 * bin[s] + length[bin[s]]] = 0;
    bin[s] = NONE; i_ = 0
}

#define HEAD(b) member[3 * (b)]
#define USE(s) was_in_use[s] = true

/* The fullest span, roughly: f; NONE when all are full. Moves those that lag behind on the way. */
inline fullest() {
    b = BINS; f = NONE; moves = 0;
    do
    :: b > 0 && f == NONE ->
        b--;
        do
        :: length[b] > 0 && f == NONE ->
            x = HEAD(b);
            moves = (count[x] >= b -> moves : moves + 1);
            if
            :: count[x] >= b || moves > MOVES_PER_HOLD -> f = x
            :: else -> y = count[x]; bin_remove(x); bin_add(x, y)
            fi
        :: else -> break
        od
    :: else -> break
    od;
    b = 0; moves = 0; x = 0; y = 0
}

inline alloc() {
    d_step {
        fullest();
        if
        :: f != NONE ->
            count[f] = count[f] + 1; live[f] = live[f] + 1; USE(f);
            if
            :: count[f] == CAPACITY -> bin_remove(f)
            :: count[f] < CAPACITY && count[f] > bin[f] -> bin_remove(f); x = count[f]; bin_add(f, x); x = 0
            :: else
            fi
        :: else
        fi
    };
    if
    :: f == NONE ->
        /* A new span, if there can be one; linked as if the scan had met it. */
        d_step {
            f = (is[0] == ABSENT -> 0 : (is[1] == ABSENT -> 1 : (is[2] == ABSENT -> 2 : NONE)));
            if
            :: f != NONE ->
                is[f] = HELD; met[f] = true; count[f] = 1; live[f] = 1; USE(f); bin_add(f, 1)
            :: else
            fi
        }
    :: else
    fi;
    f = 0
}

/* Lowers the count of a span by one object. */
inline give(s) {
    do
    :: count[s] == CAPACITY ->
        d_step {
            if :: count[s] == CAPACITY -> bin_add(s, 2) :: else fi;
            count[s] = count[s] - 1
        };
        break
    :: atomic { count[s] < CAPACITY -> count[s] = count[s] - 1 }; break
    od
}

proctype mutator() {
    byte ops, b, f, x, y, moves;
    do
    :: ops < OPS ->
        ops++;
        if
        :: alloc()
        :: atomic { live[0] > 0 -> live[0]-- }; give(0)
        :: atomic { live[1] > 0 -> live[1]-- }; give(1)
        :: atomic { live[2] > 0 -> live[2]-- }; give(2)
        fi
    :: else -> break
    od;
    ended++
}

proctype reclaimer() {
    byte b, s;
    d_step { /* a new scan number */
        s = 0;
        do
        :: s < SPANS -> met[s] = false; was_in_use[s] = (count[s] > 0 || is[s] != HELD); s++
        :: else -> break
        od;
        s = 0
    };
#ifdef UPWARDS
#define BIN b
#else
#define BIN (BINS - 1 - b) /* from the fullest down: what mutators move goes to a bin still to come */
#endif
    do
    :: b < BINS ->
        /* One hold, which visits one span. */
        d_step {
            s = HEAD(BIN);
            if
            :: length[BIN] == 0 || met[s] -> b++
            :: else ->
                bin_remove(s); met[s] = true;
                if
                :: count[s] == 0 -> is[s] = RETIRED
                :: else -> bin_add(s, BIN) /* rotated to the end: passed */
                fi
            fi;
            s = 0
        }
    :: else -> break
    od;
    skip;
    /* The guarantee: a span that no object of was in use since the start is gone. */
    d_step {
        assert(was_in_use[0] || is[0] == RETIRED);
        assert(was_in_use[1] || is[1] == RETIRED);
        assert(was_in_use[2] || is[2] == RETIRED)
    };
    ended++
}

init {
    byte s, c, b;
    atomic {
        /* Each span: absent, or with 0 to 2 objects in any bin that this count can lag behind, in any order. */
        do
        :: s < SPANS ->
            if
            :: true
            :: is[s] = HELD; select(c : 0 .. 2); select(b : 0 .. 2);
                if
                :: b < c -> b = c
                :: else
                fi;
                d_step { count[s] = c; live[s] = c; met[s] = true; bin_add(s, b) }
            fi;
            s++
        :: else -> break
        od;
        s = 0; c = 0; b = 0;
        run mutator(); run mutator(); run reclaimer()
    }
}
