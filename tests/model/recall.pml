/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Recall: one cache with one magazine, its owner behind a store buffer, one or two reclaimers.
 * lib/cache/cache.h, lib/cache/cache.c, lib/reclaim/recall.c; the letters are theirs. README says what is left out.
 *
 * Two spans: one of the objects 1 and 2, which growth can make anew, and one of object 3. Two arrays can be the
 * magazine's: of one slot, at address 1, and of two, at 3 and 4.
 */
#ifndef OPS
#define OPS 3 /* calls of the owner */
#endif
#ifndef ROUNDS
#define ROUNDS 1 /* reclaims of each reclaimer */
#endif
#ifndef BUFFER
#define BUFFER 5 /* stores that the owner's store buffer holds */
#endif

/* Words in memory; slots of arrays follow. */
#define BUSY 0
#define TOP 1
#define BASE 2 /* lo and hi, which are always stored together */
#define KEPT 3 /* the kept bits of the first span, which the cache owns: 1, 2 for objects 1, 2 */
#define STATE 4
#define LIMIT 5
#define SLOT(address) (5 + (address))
byte mem[10];

#define RESIZING 1
#define RECALLED 2

#define ARRAY_1 1
#define ARRAY_2 3
byte base; /* info->base, and the array that exists; covered by the state */
#define END(array) ((array) == ARRAY_1 -> ARRAY_1 + 1 : ((array) == ARRAY_2 -> ARRAY_2 + 2 : 0))
#define CAPACITY (END(base) - base)
#define OWNS(address) (base != 0 && (address) >= base && (address) < END(base))

/* Where an object is. BATCH: reserved by the owner, between slab and magazine. */
mtype = { ABSENT, SLAB, MAGAZINE, OWNED, BATCH, LIVE };
mtype at[4] = ABSENT;
byte was_live; /* bit i, 2 + i: the first, second span has held a live object since reclaimer i began */
bool draining; /* a reclaimer takes the magazine for its own */
bool recall_lock;

#define GOES_LIVE(p) at[p] = LIVE; was_live = was_live | (p == 3 -> 12 : 3)

/* ---- The owner's memory: stores go through a FIFO buffer; with EARLY its loads may be satisfied long before
 * their turn, as far as acquire allows: what is loaded early here is what a later load will find. ---- */
byte bv[BUFFER], bx[BUFFER], bn;
byte i_; /* scratch, 0 between steps */

#ifdef EARLY
bool early[6];
byte ex[6];
#define FORGET(v) early[v] = false; ex[v] = 0
#define FORGET_ALL FORGET(TOP); FORGET(BASE); FORGET(KEPT); FORGET(STATE); FORGET(LIMIT)
#else
#define FORGET_ALL skip
#endif

inline apply() {
    assert(!draining || bv[0] == BUSY); /* exclusion: nothing of the owner's arrives meanwhile [C.3] */
    mem[bv[0]] = bx[0];
    i_ = 1;
    do
    :: i_ < bn -> bv[i_ - 1] = bv[i_]; bx[i_ - 1] = bx[i_]; i_++
    :: else -> break
    od;
    bn--; bv[bn] = 0; bx[bn] = 0; i_ = 0
}

active proctype store_buffer() {
end: do
    :: d_step { bn > 0 -> apply() }
    od
}

inline store(v, x) {
    atomic {
        bn < BUFFER;
        d_step {
            bv[bn] = v; bx[bn] = x; bn++;
#ifdef EARLY
            if :: v <= LIMIT -> FORGET(v) :: else fi
#endif
        }
    }
}

inline peek(v, r) {
    r = mem[v]; i_ = 0;
    do
    :: i_ < bn -> if :: bv[i_] == v -> r = bx[i_] :: else fi; i_++
    :: else -> break
    od;
    i_ = 0
}

#ifdef EARLY
inline load(v, r) { d_step { if :: early[v] -> r = ex[v]; FORGET(v) :: else -> peek(v, r) fi } }
inline load_acquire(v, r) {
    d_step { if :: early[v] -> r = ex[v]; FORGET(v) :: else -> peek(v, r); FORGET_ALL fi }
}
#else
inline load(v, r) { d_step { peek(v, r) } }
inline load_acquire(v, r) { d_step { peek(v, r) } }
#endif

#ifdef EARLY
/* Of the loads that are to come, those behind an acquire are not earlier than it: a limit or a state that
 * is loaded anew drops what was loaded before. */
active proctype early_loads() {
    byte x;
end: do
    :: d_step { !early[LIMIT] -> peek(LIMIT, x); FORGET_ALL; early[LIMIT] = true; ex[LIMIT] = x; x = 0 }
    :: d_step { !early[STATE] -> peek(STATE, x); FORGET_ALL; early[STATE] = true; ex[STATE] = x; x = 0 }
    :: d_step { !early[TOP] -> peek(TOP, x); early[TOP] = true; ex[TOP] = x; x = 0 }
    :: d_step { !early[KEPT] -> peek(KEPT, x); early[KEPT] = true; ex[KEPT] = x; x = 0 }
    :: d_step { !early[BASE] -> peek(BASE, x); early[BASE] = true; ex[BASE] = x; x = 0 }
    od
}
#endif

/* The buffer is empty and nothing was loaded early: a full fence. */
inline fence() { d_step { do :: bn > 0 -> apply() :: else -> break od; FORGET_ALL } }

/* ---- The owner; p, t, l, h, n, k, s are its registers ---- */

#ifdef FENCED
inline enter(b) { store(BUSY, b); fence() } /* [B.1], the fenced path */
#else
inline enter(b) { store(BUSY, b) } /* the light barrier: the order of issue */
#endif
#ifdef BUSY_EARLY
inline leave() { skip } /* stored where the model says so, before top */
#define LEAVES_EARLY store(BUSY, 0);
#else
inline leave() { store(BUSY, 0) } /* [C.3] */
#define LEAVES_EARLY
#endif

inline forget() { t = 0; l = 0; h = 0; n = 0; k = 0; s = 0 }

/* The limit: l = 0 when it is closed. The fenced path tests the state. */
#ifdef FENCED
inline load_limit() { load_acquire(STATE, l); l = (l != RECALLED) }
#else
inline load_limit() { load_acquire(LIMIT, l) }
#endif

#ifdef BUSY_LATE
inline look() { load_limit(); load(TOP, t); load(BASE, n); enter(1) }
#else
#ifdef TOP_FIRST
inline look() { enter(1); load(TOP, t); load(BASE, n); load_limit() }
#else
inline look() { enter(1); load_limit(); load(TOP, t); load(BASE, n) } /* [C.1], [C.2] */
#endif
#endif

inline pop() {
    look();
    p = 0;
    if
    :: l && t > n ->
        t--;
        LEAVES_EARLY
        d_step { assert(OWNS(t)); peek(SLOT(t), p); assert(p > 0 && at[p] == MAGAZINE); GOES_LIVE(p) };
        store(TOP, t)
    :: else -> LEAVES_EARLY skip
    fi;
    d_step { forget() };
    leave()
}

/* p into the magazine; p = 0 when done. */
inline push() {
    look();
    if
    :: l && t < END(n) ->
        LEAVES_EARLY
        d_step { assert(OWNS(t)); at[p] = MAGAZINE };
        store(SLOT(t), p); p = 0; store(TOP, t + 1)
    :: else -> LEAVES_EARLY skip
    fi;
    d_step { forget() };
    leave()
}

#ifdef RESIZE_UNHELD
inline cas_state(ok) { ok = 1 } /* the owner changes the array without holding the state */
inline free_state() { skip }
#else
/* Acquires; does not wait for the store buffer. A store to the state that is on its way comes first. */
inline cas_state(ok) {
    d_step {
        peek(STATE, s);
        if
        :: s == 0 && mem[STATE] == 0 -> mem[STATE] = RESIZING; ok = 1; FORGET_ALL
        :: else -> ok = 0
        fi;
        s = 0
    }
}
inline free_state() { store(STATE, 0) }
#endif

/* A longer array, of 1 or 2 slots. */
inline set_capacity(slots) {
    cas_state(k);
    if
    :: k && CAPACITY < slots ->
        n = 0;
        load(TOP, t);
        if
        :: base != 0 && t > base -> d_step { peek(SLOT(base), n) }; store(SLOT(ARRAY_2), n); n = 1
        :: else
        fi;
        base = (slots == 1 -> ARRAY_1 : ARRAY_2);
        store(TOP, base + n); store(BASE, base);
        free_state()
    :: k && CAPACITY >= slots -> free_state()
    :: else
    fi;
    k = 0; n = 0; t = 0; h = 0
}

/* Whoever has the cache to itself as its owner gives the kept objects to their slab [O.3]. */
inline give_kept() {
    load(KEPT, s);
    if
    :: s != 0 ->
        d_step {
            if :: s & 1 -> assert(at[1] == OWNED); at[1] = SLAB :: else fi;
            if :: s & 2 -> assert(at[2] == OWNED); at[2] = SLAB :: else fi
        };
        store(KEPT, 0)
    :: else
    fi;
    s = 0
}

/* Object o comes out of the magazine: kept, where the span has the owner, or back to its slab. In l and h are
 * other things. */
inline give_or_keep(o) {
    if
    :: o < 3 -> d_step { at[o] = OWNED }; load(KEPT, k); store(KEPT, k | o); k = 0
    :: at[o] = SLAB
    fi
}

/* Makes sure that there is a magazine; l = 0: there cannot be one now. */
inline open_magazine() {
    load(BASE, l);
    if
    :: l == 0 -> set_capacity(1); load(BASE, l)
    :: else
    fi
}

/* adapt: may double the magazine. */
inline may_grow() {
    if
    :: true
    :: CAPACITY == 1 -> set_capacity(2)
    fi
}

/* Ageing: half of what an idle magazine holds. (Which is idle does not matter.) */
inline age() {
    cas_state(k);
    if
    :: k && base != 0 ->
        load(TOP, t); n = (t - base + 1) / 2;
        do
        :: n > 0 -> t--; n--;
            d_step { assert(OWNS(t)); peek(SLOT(t), p); assert(p > 0 && at[p] == MAGAZINE); at[p] = SLAB; p = 0 }
        :: else -> break
        od;
        store(TOP, t);
        if :: true :: give_kept() fi;
        free_state()
    :: k && base == 0 -> give_kept(); free_state()
    :: else
    fi;
    k = 0; n = 0; t = 0; h = 0
}

/* frusa_thread_flush. Waits for a recall to end. */
inline flush() {
    cas_state(k);
#ifndef FLUSH_SKIPS
    do
    :: !k -> mem[STATE] == 0; cas_state(k)
    :: else -> break
    od;
#endif
    if
    :: k ->
        load(TOP, t); n = base;
        do
        :: n != 0 && n < t ->
            d_step { peek(SLOT(n), p); assert(p > 0 && at[p] == MAGAZINE); at[p] = SLAB; p = 0 }; n++
        :: else -> break
        od;
        give_kept();
        base = 0;
        store(TOP, 0); store(BASE, 0);
        free_state()
    :: else
    fi;
    assert(at[1] != MAGAZINE && at[2] != MAGAZINE && at[3] != MAGAZINE);
    assert(at[1] != OWNED && at[2] != OWNED);
    k = 0; n = 0; t = 0; h = 0
}

/* One object, around the cache; p = 0: the fallback refuses. */
inline uncached_alloc() {
    d_step {
        if
        :: at[1] == SLAB -> p = 1
        :: at[1] != SLAB && at[2] == SLAB -> p = 2
        :: at[1] != SLAB && at[2] != SLAB && at[3] == SLAB -> p = 3
        :: at[1] == ABSENT && at[3] != SLAB -> p = 1; at[2] = SLAB /* growth, linked with its object reserved */
        :: else -> p = 0
        fi;
        if :: p > 0 -> GOES_LIVE(p) :: else fi
    }
}

/* The slab reserves an object, and it is taken; o = 0: there is none. */
inline slab_take(o) {
    d_step {
        o = (at[1] == SLAB -> 1 : (at[2] == SLAB -> 2 : (at[3] == SLAB -> 3 : 0)));
        if :: o > 0 -> at[o] = BATCH :: else fi
    }
}

#ifdef STALE_TOP
#define LOAD_STATE(r) load(STATE, r)
#else
#define LOAD_STATE(r) load_acquire(STATE, r)
#endif
#define NOT_RECALLED (s != RECALLED) /* [C.5] */
#ifdef REFILL_BLIND
#define MAY_REFILL true
#else
#define MAY_REFILL NOT_RECALLED
#endif
#ifdef FLUSH_BLIND
#define MAY_FLUSH true
#else
#define MAY_FLUSH NOT_RECALLED
#endif
#ifdef DEPOSIT_BLIND
#define MAY_DEPOSIT true
#else
#define MAY_DEPOSIT NOT_RECALLED
#endif

/* A batch out of the slab into the array; its last object, p, goes to the caller and is as good as live. */
inline refill() {
#ifdef BATCH_OUTSIDE
    slab_take(p); slab_take(k); /* before the critical section */
    if :: p > 0 -> d_step { GOES_LIVE(p) } :: else fi;
#endif
    enter(2);
    LOAD_STATE(s);
    if
    :: MAY_REFILL -> load(TOP, t); load(BASE, n); n = (END(n) - t) & 255 /* room */
    :: else -> n = 0
    fi;
#ifndef BATCH_OUTSIDE
    if
    :: n > 0 ->
        load(KEPT, h);
        if
        :: h != 0 -> /* one of them; p is its bit, too */
            d_step { p = (h & 1 -> 1 : 2); assert(at[p] == OWNED); GOES_LIVE(p) };
            store(KEPT, h & ~p)
        :: else -> slab_take(p); if :: p > 0 -> d_step { GOES_LIVE(p) } :: else fi
        fi
    :: else
    fi;
    if :: p > 0 && n > 1 -> slab_take(k) :: else fi;
#endif
    if
    :: k > 0 && n > 0 -> d_step { assert(OWNS(t)); at[k] = MAGAZINE }; store(SLOT(t), k);
        LEAVES_EARLY store(TOP, t + 1)
    :: k > 0 && n == 0 -> at[k] = SLAB; LEAVES_EARLY skip
    :: else -> LEAVES_EARLY skip
    fi;
    d_step { forget() };
    leave()
}

/* A new span: object 1 is reserved for the caller, object 2 for the magazine. */
inline grow_and_refill() {
    d_step {
        p = 0; k = 0;
        if :: at[1] == ABSENT -> at[2] = BATCH; p = 1; k = 2; GOES_LIVE(p) :: else fi
    };
    if
    :: p > 0 ->
        enter(2);
        LOAD_STATE(s);
        load(TOP, t); load(BASE, n);
        if
        :: MAY_DEPOSIT && t < END(n) -> /* [C.5] */
            d_step { assert(OWNS(t)); at[k] = MAGAZINE }; store(SLOT(t), k);
            LEAVES_EARLY store(TOP, t + 1)
        :: else -> LEAVES_EARLY at[k] = SLAB
        fi;
        d_step { forget() };
        leave()
    :: else
    fi
}

inline alloc() {
    pop();
    if
    :: p > 0
    :: else ->
        LOAD_STATE(s);
        l = 0;
        if :: s != RECALLED -> open_magazine() :: else fi;
        if
        :: l == 0 -> uncached_alloc()
        :: else ->
            may_grow();
            refill();
            if
            :: p > 0
            :: else ->
                load(BASE, l); /* capacity_of: 0 when a recall came between */
                if :: l > 0 -> grow_and_refill() :: else fi;
                if :: p == 0 -> uncached_alloc() :: else fi
            fi
        fi
    fi
}

/* Makes room by giving the upper half back, then keeps p; p = 0 when done. */
inline flush_half() {
    enter(2);
    LOAD_STATE(s);
    if
    :: MAY_FLUSH ->
        load(BASE, l); h = END(l);
        load(TOP, t);
        if
        :: t == h && t > l -> n = (t - l + 1) / 2;
            do
            :: n > 0 -> t--; n--;
                d_step { assert(OWNS(t)); peek(SLOT(t), s); assert(s > 0 && at[s] == MAGAZINE) };
                give_or_keep(s); s = 0
            :: else -> break
            od;
            if :: true :: give_kept() fi /* over the bound, or nothing of the span is live */
        :: else
        fi;
        LEAVES_EARLY
        if
        :: t < h -> d_step { assert(OWNS(t)); at[p] = MAGAZINE }; store(SLOT(t), p); p = 0; store(TOP, t + 1)
#ifdef STALE_TOP
        :: else -> store(TOP, t)
#else
        :: else
#endif
        fi
    :: else -> LEAVES_EARLY skip
    fi;
    d_step { forget() };
    leave()
}

/* p is live. */
inline dealloc() {
    push();
    if
    :: p == 0
    :: else ->
        LOAD_STATE(s);
        l = 0;
        if :: s != RECALLED -> open_magazine() :: else fi;
        if :: l != 0 -> may_grow(); flush_half() :: else fi;
        if :: p > 0 -> at[p] = SLAB :: else fi
    fi
}

proctype owner() {
    byte ops, p, t, l, h, n, k, s;
    do
    :: ops < OPS ->
        ops++;
        if
        :: at[1] != LIVE || at[2] != LIVE || at[3] != LIVE -> alloc()
        :: at[1] == LIVE || at[2] == LIVE || at[3] == LIVE ->
            if
            :: at[1] == LIVE -> p = 1
            :: at[2] == LIVE -> p = 2
            :: at[3] == LIVE -> p = 3
            fi;
            dealloc()
        :: base != 0 -> flush()
        :: base != 0 -> age()
        fi;
        d_step { p = 0; forget() }
    :: else -> break
    od
}

/* ---- The reclaimer. Its stores are in order and release; EARLY covers the owner's side of that. ---- */
inline reopen() { mem[LIMIT] = 1 }

inline drain() {
    draining = true;
    T = mem[TOP]; a = base;
    do
    :: a != 0 && a < T ->
        d_step { x = mem[SLOT(a)]; assert(x > 0 && at[x] == MAGAZINE); at[x] = SLAB; x = 0 }; a++
    :: else -> break
    od;
#ifndef KEPT_UNDRAINED
    if :: mem[KEPT] & 1 -> d_step { assert(at[1] == OWNED); at[1] = SLAB } :: else fi;
    if :: mem[KEPT] & 2 -> d_step { assert(at[2] == OWNED); at[2] = SLAB } :: else fi;
#endif
    base = 0;
#ifdef LIMITS_FIRST
    mem[LIMIT] = 1; draining = false;
#endif
    mem[BASE] = 0; mem[TOP] = 0;
#ifndef KEPT_UNDRAINED
    mem[KEPT] = 0;
#endif
    draining = false; /* [C.4] */
    a = 0; T = 0
}

proctype reclaimer(byte me) {
    byte rounds, a, T, x;
    bool drained;
    do
    :: rounds < ROUNDS ->
        rounds++;
        d_step {
            was_live = was_live & ~(5 << me);
            if :: at[1] == LIVE || at[2] == LIVE -> was_live = was_live | (1 << me) :: else fi;
            if :: at[3] == LIVE -> was_live = was_live | (4 << me) :: else fi
        };
#ifdef UNSERIALISED
        atomic { mem[STATE] != RESIZING -> mem[STATE] = RECALLED };
#else
        atomic { !recall_lock -> recall_lock = true };
        atomic { mem[STATE] == 0 -> mem[STATE] = RECALLED };
#endif
        mem[LIMIT] = 0;
#ifdef REFUSED
        reopen(); /* another thread's cache, when the heavy barrier is refused */
#else
#if !defined(FENCED) && !defined(NO_BARRIER)
        fence(); /* [B.1]: the heavy side runs a fence somewhere in the owner's program */
#endif
        mem[BUSY] == 0; /* [C.2], [C.3], [C.5] */
        if
        :: drain(); drained = true
        :: drained = false /* reclaim_some has had enough before this class */
        fi;
        d_step {
            if
            :: drained && at[1] == SLAB && at[2] == SLAB -> at[1] = ABSENT; at[2] = ABSENT
            :: else
            fi;
            if
            :: drained && at[3] == SLAB -> at[3] = ABSENT
            :: else
            fi
        };
        /* The guarantee: a span that held no live object since the start is gone. */
        assert(!drained || (was_live & (1 << me)) || at[1] == ABSENT);
        assert(!drained || (was_live & (4 << me)) || at[3] == ABSENT);
        reopen();
#endif
        mem[STATE] = 0;
        recall_lock = false
    :: else -> break
    od
}

init {
    atomic {
        mem[LIMIT] = 1;
        if
        :: skip
        :: at[1] = SLAB; at[2] = SLAB; at[3] = SLAB
        :: at[1] = LIVE; at[2] = LIVE; at[3] = SLAB
        :: at[1] = LIVE; at[2] = SLAB; at[3] = SLAB
        fi;
        run owner();
        run reclaimer(0);
#if defined(TWO) || defined(UNSERIALISED)
        run reclaimer(1)
#endif
    }
}
