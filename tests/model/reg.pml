/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Registration and the end of caches, beside recalls.
 * lib/cache/registry.h, lib/cache/registry.c, lib/reclaim/recall.h, lib/reclaim/recall.c; the letters are registry.h's. README says what
 * is left out.
 *
 * A thread, whose cache attaches with a try-lock and which ends and comes again; the owner of an explicit cache,
 * who waits for a recall to end; a full reclaim, and (SOME, then without the explicit cache) one that has enough
 * before the class of the object. Each owner has one object, in a span of its own. Memory is sequentially consistent here: recall.pml is about the owner's stores.
 */
#ifndef LIVES
#define LIVES 1 /* how often the thread comes */
#endif
#ifndef OPS
#define OPS 2 /* calls in a life */
#endif

#define HEADERS 2
#define RESIZING 1
#define RECALLED 2
#define DEAD 4

/* Cache headers. */
bool exists[HEADERS], registered[HEADERS], closed[HEADERS];
byte state[HEADERS];
bool busy[HEADERS];
byte magazine[HEADERS]; /* 1 + the object in it; 0: empty */

/* Objects, by owner. */
mtype = { SLAB, MAGAZINE, LIVE, ABSENT };
mtype at[2] = LIVE;
bool was_live[2]; /* since the full reclaim began */

bool recall_lock, registry_lock, recall_on;
byte dying;

#define TOUCH(c) assert(exists[c])

inline lock(l) { atomic { !l -> l = true } }
inline unlock(l) { l = false }

/* A header that nobody knows; c = HEADERS: the fallback refuses. */
inline new_header() {
    d_step {
        c = (!exists[0] -> 0 : (!exists[1] -> 1 : HEADERS));
        if
        :: c < HEADERS ->
            exists[c] = true; assert(!registered[c] && magazine[c] == 0);
            state[c] = 0; closed[c] = false; busy[c] = false
        :: else
        fi
    }
}

#ifdef REGISTER_ANYWAY
#define MAY_REGISTER true
#else
#define MAY_REGISTER (!recall_on) /* [R.1] */
#endif

/* ok: registered. Under the registry lock. */
inline register_cache() {
    if
    :: MAY_REGISTER -> registered[c] = true; ok = true
    :: else -> ok = false
    fi
}

inline attach() {
    atomic { ok = !registry_lock; registry_lock = true }; /* fr_lock_try: gives up when it is taken */
    if
    :: ok -> register_cache(); unlock(registry_lock)
    :: else
    fi
}

inline create_explicit() {
    do
    :: lock(registry_lock); register_cache(); unlock(registry_lock);
        if :: ok -> break :: !ok -> (!recall_on) fi
    od
}

/* The owner's critical section; uncached with c = HEADERS. */
inline alloc() {
    ok = false;
    if
    :: c < HEADERS ->
        d_step { TOUCH(c); busy[c] = true };
        if
        :: !closed[c] && magazine[c] != 0 ->
            d_step { assert(magazine[c] == 1 + me && at[me] == MAGAZINE); at[me] = LIVE; was_live[me] = true };
            magazine[c] = 0; ok = true
        :: else
        fi;
        d_step { TOUCH(c); busy[c] = false }
    :: else
    fi;
    d_step {
        if
        :: !ok && at[me] != MAGAZINE -> at[me] = LIVE; was_live[me] = true
        :: else /* or the span's only object is out of reach: no memory */
        fi
    }
}

inline dealloc() {
    ok = false;
    if
    :: c < HEADERS ->
        d_step { TOUCH(c); busy[c] = true };
        if
        :: !closed[c] && magazine[c] == 0 -> d_step { at[me] = MAGAZINE; magazine[c] = 1 + me; ok = true }
        :: else
        fi;
        d_step { TOUCH(c); busy[c] = false }
    :: else
    fi;
    if :: !ok -> at[me] = SLAB :: else fi
}

/* Empties a magazine; the caller has the cache to itself. */
inline drain(c, x) {
    TOUCH(c);
    x = magazine[c];
    if
    :: x != 0 -> d_step { assert(at[x - 1] == MAGAZINE); at[x - 1] = SLAB }; d_step { TOUCH(c); magazine[c] = 0 }
    :: else
    fi;
    x = 0
}

/* fr_registry_end: the owner ends its cache. [R.2] */
inline end_cache() {
#ifdef DEAD_UNLOCKED
    TOUCH(c); s = state[c]; TOUCH(c); state[c] = s | DEAD;
    lock(registry_lock);
#else
    lock(registry_lock);
    TOUCH(c); s = state[c]; state[c] = s | DEAD;
#endif
#ifdef EXIT_BLIND
    s = 0; /* as if nobody had recalled it */
#endif
    if :: (s & RECALLED) == 0 -> dying++ :: else fi;
    unlock(registry_lock);
    if
    :: (s & RECALLED) == 0 ->
        drain(c, x);
#ifdef DYING_EARLY
        dying--;
#endif
        lock(registry_lock); TOUCH(c); registered[c] = false; unlock(registry_lock);
#ifndef DYING_EARLY
        dying--; /* [R.3] */
#endif
        d_step { TOUCH(c); exists[c] = false }
    :: else /* the reclaimer's from here on */
    fi;
    s = 0
}

/* The owner empties its cache, as ageing does; nothing happens while a reclaimer has it. */
inline flush() {
    d_step {
        TOUCH(c);
        if :: state[c] == 0 -> state[c] = RESIZING; ok = true :: else -> ok = false fi
    };
    if
    :: ok -> drain(c, x); d_step { TOUCH(c); assert(state[c] == RESIZING); state[c] = 0 }
    :: else
    fi
}

inline live_and_end() {
    do
    :: ops < OPS ->
        ops++;
        if
        :: at[me] == LIVE -> dealloc()
        :: at[me] != LIVE -> alloc()
        :: c < HEADERS -> flush()
        fi
    :: true -> break
    od;
    /* What is live at the end is freed by somebody else. */
    if :: at[me] == LIVE -> at[me] = SLAB :: at[me] != LIVE fi;
    if :: c < HEADERS -> end_cache() :: else fi;
    ops = 0; c = HEADERS; ok = false
}

proctype thread(byte me) {
    byte c = HEADERS, lives, ops, s, x;
    bool ok;
    do
    :: lives < LIVES ->
        lives++;
        if
        :: !recall_on ->
            new_header();
            if
            :: c < HEADERS ->
                attach();
                if :: !ok -> d_step { exists[c] = false; c = HEADERS } :: else fi
            :: else
            fi
        :: true /* uncached until later */
        fi;
        live_and_end()
    :: else -> break
    od
}

proctype explicit_owner(byte me) {
    byte c = HEADERS, ops, s, x;
    bool ok;
    new_header();
    if
    :: c < HEADERS -> create_explicit(); live_and_end()
    :: else
    fi
}

/* ---- The reclaimers ---- */
inline close_free() {
    left = false;
    for (c : 0 .. HEADERS - 1) {
        d_step {
            if
            :: registered[c] -> TOUCH(c);
                if
                :: state[c] == 0 -> state[c] = RECALLED; closed[c] = true
#ifndef PASS_RESIZING
                :: state[c] == RESIZING -> left = true
#endif
                :: else
                fi
            :: else
            fi
        }
    }
}

inline close_all() {
    lock(registry_lock);
    recall_on = true;
    do
    :: close_free();
        if
        :: left -> unlock(registry_lock); /* [R.6] */
            (state[0] != RESIZING && state[1] != RESIZING);
            lock(registry_lock)
        :: else -> break
        fi
    od;
    unlock(registry_lock);
#ifndef NO_DYING_WAIT
    dying == 0; /* [R.3] */
#endif
    /* The list stands still from here on. */
    for (c : 0 .. HEADERS - 1) {
        if :: registered[c] -> TOUCH(c); !busy[c] :: else fi
    }
}

inline open_all() {
    lock(registry_lock);
    recall_on = false;
    for (c : 0 .. HEADERS - 1) {
        d_step {
            if
            :: registered[c] -> TOUCH(c);
                if
                :: state[c] & DEAD -> registered[c] = false; dead[c] = true
                :: state[c] == RECALLED -> closed[c] = false; state[c] = 0
                :: else
                fi
            :: else
            fi
        }
    }
    unlock(registry_lock);
#ifdef DRAIN_LATE
    unlock(recall_lock);
#endif
    for (c : 0 .. HEADERS - 1) {
        if :: dead[c] -> drain(c, x) :: else fi
    }
#ifndef DRAIN_LATE
    unlock(recall_lock);
#endif
    for (c : 0 .. HEADERS - 1) {
        if :: dead[c] -> d_step { TOUCH(c); exists[c] = false; dead[c] = false } :: else fi
    }
    c = 0
}

inline retire() {
    d_step {
        if :: at[0] == SLAB -> at[0] = ABSENT :: else fi;
        if :: at[1] == SLAB -> at[1] = ABSENT :: else fi
    }
}

proctype reclaim() {
    byte c, x;
    bool left, dead[HEADERS];
    d_step { was_live[0] = (at[0] == LIVE); was_live[1] = (at[1] == LIVE) };
    lock(recall_lock);
    close_all();
    for (c : 0 .. HEADERS - 1) {
        if :: registered[c] -> drain(c, x) :: else fi
    }
    retire();
    /* The guarantee. */
    assert((was_live[0] || at[0] == ABSENT) && (was_live[1] || at[1] == ABSENT));
    open_all()
}

/* Has enough before the class of these objects. */
proctype reclaim_some() {
    byte c, x;
    bool left, dead[HEADERS];
    lock(recall_lock);
    close_all();
    open_all()
}

init {
    atomic {
        run thread(0); run reclaim();
#ifdef SOME
        run reclaim_some()
#else
        run explicit_owner(1)
#endif
    }
}
