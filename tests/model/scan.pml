/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * What reclaims do to the lists of a slab while mutators move spans about: a claim scan for a purge [K.1],
 * or with RETIRE a retirement of empty spans.
 * lib/spans/slab_list.h, lib/spans/slab_scan.c, lib/spans/slab.c; the letter is slab_scan.h's. README says what is
 * left out.
 *
 * Three spans of four objects; three bins, for counts of 1, 2 and 3. A bin lags behind its span's count: a
 * lowering does not move a span, the next search for the fullest that meets it does. A hold of the slab lock is one
 * step.
 */
#ifndef OPS
#define OPS 2 /* calls of each mutator */
#endif
#ifdef TWO
#define SCANS 2
#else
#define SCANS 1
#endif

#define SPANS 3
#define BINS 3
#define EMPTIES 3 /* the list behind the bins */
#define CAPACITY 4
#define NONE 7
#define MOVES_PER_HOLD 2
#define ROUNDS_PER_SPAN 2
#define BYTES(s) (s == 0 -> 2 : 1)

byte count[SPANS];
byte live[SPANS];    /* objects that anybody may give back */
bool retired[SPANS];
bool met[SPANS];     /* seen == slab->scan */
byte bytes;          /* of the empties */
byte ended;

/* For the assertions, a bit for each scan: */
byte excused[SPANS]; /* not on the list in question since the scan began, or reserved from since */
byte met_by[SPANS];    /* passed by some scan since this one began */
byte begun;          /* the scan has begun */

/* The list b is member[3b .. 3b + length[b] - 1], the first member first. */
byte member[12];
byte length[4];
byte list[SPANS] = NONE; /* span->bin */

/* The list operations; inside d_steps, under the slab lock. i_ is scratch. */
byte i_;
#ifdef EMPTIED_FIRST
#define IN_FRONT(s, b) (b == EMPTIES || !met[s])
#else
#ifdef ADD_AT_END
#define IN_FRONT(s, b) false
#else
#define IN_FRONT(s, b) (b != EMPTIES && !met[s])
#endif
#endif
inline list_add(s, b) {
    if
    :: IN_FRONT(s, b) -> /* in front of those that the scan has met */
        i_ = length[b];
        do :: i_ > 0 -> member[3 * b + i_] = member[3 * b + i_ - 1]; i_-- :: else -> break od;
        member[3 * b] = s
    :: else -> member[3 * b + length[b]] = s
    fi;
    length[b] = length[b] + 1; list[s] = b; i_ = 0;
    bytes = (b == EMPTIES -> bytes + BYTES(s) : bytes)
}

inline list_remove(s) {
    bytes = (list[s] == EMPTIES -> bytes - BYTES(s) : bytes);
    i_ = 0;
    do :: member[3 * list[s] + i_] != s -> i_++ :: else -> break od;
    do
    :: i_ + 1 < length[list[s]] -> member[3 * list[s] + i_] = member[3 * list[s] + i_ + 1]; i_++
    :: else -> break
    od;
    length[list[s]] = length[list[s]] - 1;
    member[3 * list[s] + length[list[s]]] = 0;
    list[s] = NONE; i_ = 0
}

#define LIST_FOR(c) (c == 0 -> EMPTIES : c - 1) /* of c < CAPACITY */
#define FIRST(b) member[3 * (b)]
#define LAST(b) member[3 * (b) + length[b] - 1]
#define EXCUSE(s) excused[s] = 3

/* ---- Mutators ---- */

/* The fullest span, roughly: f; NONE when all are full. Moves those that lag behind on the way. */
inline fullest() {
    b = BINS; f = NONE; moves = 0;
    do
    :: b > 0 && f == NONE ->
        b--;
        do
        :: length[b] > 0 && f == NONE ->
            x = LAST(b);
            moves = (count[x] > b -> moves : moves + 1);
            if
            :: count[x] > b || moves > MOVES_PER_HOLD -> f = x
            :: else -> y = count[x] - 1; list_remove(x); list_add(x, y)
            fi
        :: else -> break
        od
    :: else -> break
    od;
    if :: f == NONE && length[EMPTIES] > 0 -> f = LAST(EMPTIES) :: else fi;
    b = 0; moves = 0; x = 0; y = 0
}

inline alloc() {
    d_step {
        fullest();
        if
        :: f != NONE ->
            assert((list[f] == EMPTIES) == (count[f] == 0) && count[f] < CAPACITY && !retired[f]);
            count[f] = count[f] + 1; live[f] = live[f] + 1; EXCUSE(f);
            x = (count[f] == CAPACITY -> NONE : LIST_FOR(count[f]));
            if
            :: x == NONE -> list_remove(f)
            :: x != NONE && (list[f] == EMPTIES || x > list[f]) -> list_remove(f); list_add(f, x)
            :: else
            fi;
            x = 0
        :: else
        fi;
        f = 0
    }
}

#ifdef RETIRE
#define IF_EMPTIED excused[s]
#else
#define IF_EMPTIED 3 /* in no bin any more */
#endif

/* Lowers the count of a span by n: at the edge under the lock, else not. */
inline lower(s, n) {
    do
    :: atomic { count[s] != CAPACITY && count[s] != n -> f = count[s] };
        if
        :: atomic { count[s] == f -> count[s] = count[s] - n; f = 0 }; break
        :: count[s] != f -> f = 0
        fi
    :: count[s] == CAPACITY || count[s] == n ->
        d_step {
            count[s] = count[s] - n;
            if :: count[s] == 0 && list[s] != NONE -> list_remove(s) :: else fi;
            if :: list[s] == NONE -> x = LIST_FOR(count[s]); list_add(s, x); x = 0 :: else fi;
            excused[s] = (count[s] == 0 -> IF_EMPTIED : excused[s])
        };
        break
    od
}

proctype mutator() {
    byte ops, b, f, x, y, moves;
    do
    :: ops < OPS ->
        ops++;
        if
        :: alloc()
        :: atomic { live[0] > 0 -> live[0]-- }; lower(0, 1)
        :: atomic { live[1] > 0 -> live[1]-- }; lower(1, 1)
        :: atomic { live[2] > 0 -> live[2]-- }; lower(2, 1)
        fi
    :: else -> break
    od;
    ended++
}

#define ME (1 << me)
#define IS_EXCUSED(s) ((excused[s] & ME) != 0)

#ifndef RETIRE
/* ---- A claim scan ---- */
#ifdef UPWARDS
#define BIN b
#else
#define BIN (BINS - 1 - b) /* from the fullest down: what mutators move goes to a bin still to come */
#endif

/* Claims one object of a span, a part of it or all that is free. */
inline claim() {
    again = (s == last -> again + 1 : 0); last = s;
    whole = (count[s] + 1 == CAPACITY || again == ROUNDS_PER_SPAN);
    count[s] = count[s] + 1;
    if
    :: count[s] == CAPACITY -> list_remove(s)
#ifdef CLAIM_MOVES
    :: count[s] < CAPACITY && count[s] - 1 > list[s] -> list_remove(s); x = count[s] - 1; list_add(s, x); x = 0
#endif
    :: else
    fi
}

/* The first of its bin, unless it is full by now, is met. */
inline pass() {
    met[s] = true; met_by[s] = met_by[s] | begun;
    if
    :: list[s] == NONE
    :: else -> x = list[s]; list_remove(s); list_add(s, x); x = 0
    fi
}

proctype scan(byte me) {
    byte b, s, f, x, again;
    byte last = NONE;
    bool whole;
    d_step { /* a new scan number: no span is met */
        begun = begun | ME;
        do
        :: s < SPANS ->
            met[s] = false; met_by[s] = met_by[s] & ~ME;
            excused[s] = ((list[s] == NONE || list[s] == EMPTIES) -> excused[s] | ME : excused[s] & ~ME);
            s++
        :: else -> break
        od;
        s = 0
    };
    do
    :: b < BINS ->
        /* One hold, which visits one span. */
        d_step {
            s = FIRST(BIN);
            if
            :: length[BIN] == 0 || met[s] -> b++; s = NONE
            :: else -> claim(); if :: whole -> pass() :: else fi
            fi
        };
        if
        :: s != NONE -> lower(s, 1) /* what was claimed is released before the scan goes on */
        :: else
        fi;
        skip;
        d_step { s = 0; whole = false }
    :: else -> break
    od;
    skip;
    d_step { /* [K.1] */
        assert(IS_EXCUSED(0) || (met_by[0] & ME));
        assert(IS_EXCUSED(1) || (met_by[1] & ME));
        assert(IS_EXCUSED(2) || (met_by[2] & ME));
        begun = begun & ~ME
    };
    ended++
}

#else
/* ---- A retirement ---- */
proctype scan(byte me) {
    byte s, left, surplus, allowed;
    d_step { /* the reclaim begins: what is empty now must go */
        do
        :: s < SPANS -> excused[s] = (list[s] == EMPTIES -> excused[s] & ~ME : excused[s] | ME); s++
        :: else -> break
        od;
        s = 0; surplus = length[EMPTIES]
    };
    atomic {
        left = bytes; surplus = (length[EMPTIES] > surplus -> length[EMPTIES] : surplus);
        allowed = (list[0] == EMPTIES -> BYTES(0) : 0) + (list[1] == EMPTIES -> BYTES(1) : 0) +
                  (list[2] == EMPTIES -> BYTES(2) : 0)
    };
    do
    :: true ->
        /* One hold, which retires one span off the front. */
        d_step {
            s = NONE;
            if
#ifdef UNBOUNDED
            :: length[EMPTIES] > 0 ->
#else
            :: length[EMPTIES] > 0 && left > 0 ->
#endif
#ifdef FROM_THE_END
                s = LAST(EMPTIES);
#else
                s = FIRST(EMPTIES);
#endif
                assert(count[s] == 0 && !retired[s]);
                /* It ends beside threads that go on emptying: it takes no more bytes than there were, and alone no more
                 * spans. (Another retirement may have taken a long one, in whose place two short ones go.) */
                assert(allowed > 0);
                allowed = (BYTES(s) < allowed -> allowed - BYTES(s) : 0);
#ifndef TWO
                assert(surplus > 0);
                surplus--;
#endif
                list_remove(s); retired[s] = true;
                left = (BYTES(s) < left -> left - BYTES(s) : 0)
            :: else
            fi
        };
        if :: s == NONE -> break :: else fi
    od;
    skip;
    /* The guarantee: what was empty at the beginning, and was not reserved from, is gone. */
    d_step {
        assert(IS_EXCUSED(0) || retired[0]);
        assert(IS_EXCUSED(1) || retired[1]);
        assert(IS_EXCUSED(2) || retired[2]);
        s = 0
    };
    ended++
}
#endif

init {
    byte s, c, b;
    atomic {
        /* Each span: absent, full, or with 0 to 3 objects in any list that this count can lag behind, in any order. */
        do
        :: s < SPANS ->
            if
            :: retired[s] = true; EXCUSE(s)
            :: count[s] = CAPACITY; live[s] = CAPACITY
            :: d_step { met[s] = true; list_add(s, EMPTIES) }
            :: select(c : 1 .. 3); select(b : 0 .. 2);
                if
                :: b < c - 1 -> b = c - 1
                :: else
                fi;
                d_step { count[s] = c; live[s] = c; met[s] = true; list_add(s, b) }
            fi;
            s++
        :: else -> break
        od;
        s = 0; c = 0; b = 0;
        run mutator(); run mutator(); run scan(0)
#ifdef TWO
        ; run scan(1)
#endif
    }
}
