/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * fork in the middle of everything, and what the child finds.
 * lib/reclaim/fork.c, lib/reclaim/recall.c, lib/cache/registry.c, lib/base/gate.h; README says what is left out.
 *
 * The forking thread has cache 1. Another thread attaches cache 0, uses it in every way that holds something, and
 * ends; a third reclaims; a fourth destroys the instance as soon as no other thread's call may come, while the
 * fork and the other thread's end may still be running. At the fork either the parent goes on, or the
 * model becomes the child: all threads but one vanish where they are. Between the handlers the forking thread
 * uses the instance. Memory is sequentially consistent.
 */
#define RECALLED 2
#define DEAD 4
#define NOBODY 0
#define OTHER 1
#define SELF 2

/* The process. */
bool in_child, listed = true; /* the instance is on the process's list */
bool process_lock;
bool gate[5]; /* by rank; closed */
bool thread_exists[3] = true; /* its thread-local data */
byte table[3];            /* by thread: 1 + its cache */

/* Ranks. REGISTRATION is none, but has a bit of the gate. */
#define REGISTRATION 0
#define PROCESS 1
#define RECALL 2
#define REGISTRY 3
#define SLABS 4
#define FORKER 1 /* its process number here */

/* The instance. */
bool recall_lock, registry_lock, slab_lock, recall_on;
byte dying, leaving;
bool abandoned; /* the fork left DEAD caches behind [R.5] */
bool exists[2], registered[2], closed[2], lost[2];
bool closed_by_fork;
byte busy[2], state[2], owner[2], magazine[2]; /* 1 + the object in it */

/* Objects 0 and 1, each in a span of its own. IN_HAND: reserved, on its way, or in a call that gives it back. */
mtype = { SLAB, MAGAZINE, IN_HAND, LIVE, ABSENT };
mtype at[2] = SLAB;

bool calls_over[3]; /* the thread makes no call any more */
bool destroying, forking;

#define TOUCH(c) assert(exists[c])
/* Takes a lock, then looks at the gate. [F.1], [F.3] */
inline lock(l, rank) {
    do
    ::
#ifdef LOOK_FIRST
       if :: gate[rank] && _pid != FORKER -> !gate[rank] :: else fi;
#endif
       if
       :: atomic { !l -> l = true }
#ifndef NO_TAKE_OVER
       :: in_child && _pid == FORKER && gate[PROCESS] -> l = true /* the holder is not there */
#endif
       fi;
       if
#ifdef NO_PASS
       :: gate[rank] -> l = false; !gate[rank]
#elif defined(WAIT_WITH_LOCK)
       :: gate[rank] && _pid != FORKER -> !gate[rank]; break
#elif !defined(LOOK_FIRST) && !defined(GATE_UNSEEN)
       :: gate[rank] && _pid != FORKER -> l = false; !gate[rank]
#endif
       :: else -> break
       fi
    od;
    skip
}
inline unlock(l) { l = false }

/* Takes it if it is free and the gate open. */
inline try_lock(l, rank, done) {
    atomic { done = !l; l = true };
    if
    :: done && gate[rank] && _pid != FORKER -> l = false; done = false
    :: else
    fi
}

/* ---- One recall, in parts ---- */
inline close_all() {
    lock(registry_lock, REGISTRY);
    recall_on = true;
    for (c : 0 .. 1) {
        d_step {
            if
            :: registered[c] -> TOUCH(c);
                if :: (state[c] & DEAD) == 0 -> state[c] = RECALLED; closed[c] = true :: else fi
            :: else
            fi
        }
    }
    unlock(registry_lock);
    dying == 0 /* [R.3] */
}

inline wait_outside() {
    for (c : 0 .. 1) {
        if :: registered[c] -> TOUCH(c); busy[c] == 0 :: else fi
    }
}

inline drain(c) {
    TOUCH(c);
    if
    :: magazine[c] != 0 ->
        d_step { assert(at[magazine[c] - 1] == MAGAZINE); at[magazine[c] - 1] = IN_HAND };
        d_step { at[magazine[c] - 1] = SLAB; magazine[c] = 0 }
    :: else
    fi
}

inline reclaim() {
    lock(recall_lock, RECALL);
    close_all();
    wait_outside();
    for (c : 0 .. 1) {
        if :: registered[c] -> drain(c) :: else fi
    }
    lock(slab_lock, SLABS);
    d_step {
        if :: at[0] == SLAB -> at[0] = ABSENT :: else fi;
        if :: at[1] == SLAB -> at[1] = ABSENT :: else fi
    };
    unlock(slab_lock);
    lock(registry_lock, REGISTRY);
    recall_on = false;
    for (c : 0 .. 1) {
        d_step {
            if
            :: registered[c] -> TOUCH(c);
                if
                :: state[c] & DEAD -> registered[c] = false; dead[c] = true
                :: else -> closed[c] = false; state[c] = 0
                fi
            :: else
            fi
        }
    }
    unlock(registry_lock);
    for (c : 0 .. 1) {
        if :: dead[c] -> drain(c) :: else fi
    }
    unlock(recall_lock);
    for (c : 0 .. 1) {
        if :: dead[c] -> d_step { TOUCH(c); exists[c] = false; dead[c] = false } :: else fi
    }
    c = 0
}

/* ---- An owner ---- */
inline uncached_alloc(o) {
    lock(slab_lock, SLABS);
    if :: at[o] == SLAB -> at[o] = IN_HAND; got = true :: else fi;
    unlock(slab_lock);
    if :: got -> at[o] = LIVE :: else fi
}

inline pop(c, o) {
    busy[c] = 1;
    if
    :: !closed[c] && magazine[c] == 1 + o ->
        at[o] = LIVE; magazine[c] = 0; got = true
    :: else
    fi;
    busy[c] = 0
}

inline push(c, o) {
    busy[c] = 1;
    if
    :: !closed[c] && magazine[c] == 0 -> d_step { at[o] = MAGAZINE; magazine[c] = 1 + o }
    :: else -> got = true
    fi;
    busy[c] = 0
}

/* A batch from the slab, under busy 2. */
inline refill(c, o) {
    busy[c] = 2;
    if
    :: state[c] != RECALLED && magazine[c] == 0 ->
        lock(slab_lock, SLABS);
        if :: at[o] == SLAB -> at[o] = IN_HAND; got = true :: else fi;
        unlock(slab_lock);
        if :: got -> d_step { at[o] = MAGAZINE; magazine[c] = 1 + o } :: else fi
    :: else
    fi;
    busy[c] = 0
}

/* A new span out of the fallback: what was in flight when the caches were closed meets the slab lock inside. */
inline grow(c, o) {
    atomic { at[o] == ABSENT -> at[o] = IN_HAND };
    busy[c] = 2;
    lock(slab_lock, SLABS); unlock(slab_lock);
    at[o] = LIVE;
    busy[c] = 0
}

/* flush_half: gives back first, then lowers top. */
inline flush(c, o) {
    busy[c] = 2;
    if
    :: state[c] != RECALLED && magazine[c] == 1 + o ->
        at[o] = SLAB;
        magazine[c] = 0
    :: else
    fi;
    busy[c] = 0
}

inline attach() {
#ifndef UNLISTED
    lock(process_lock, PROCESS);
#endif
    try_lock(registry_lock, REGISTRY, got);
    if
    :: got ->
        if
#ifdef REGISTER_IN_FORK
        :: !recall_on ->
#else
        :: !recall_on && !gate[REGISTRATION] ->
#endif
            d_step { exists[0] = true; owner[0] = OTHER; state[0] = 0; closed[0] = false; busy[0] = 0;
                                  registered[0] = true }
        :: else -> got = false
        fi;
        unlock(registry_lock);
        if :: got -> table[OTHER] = 1 :: else fi
    :: else
    fi;
#ifndef UNLISTED
    unlock(process_lock);
#endif
    got = false
}

/* What the fork left: the caches, DEAD, of threads that ended while it had them closed. [R.5] */
inline bury_abandoned(me, cache) {
    if :: abandoned -> try_lock(recall_lock, RECALL, got) :: else -> got = false fi;
    if
    :: got ->
        lock(registry_lock, REGISTRY);
        abandoned = false;
        d_step {
            got = (registered[1 - cache] && state[1 - cache] == (RECALLED | DEAD));
            if :: got -> TOUCH(1 - cache); registered[1 - cache] = false :: else fi
        };
        unlock(registry_lock);
        if :: got -> drain(1 - cache) :: else fi;
        unlock(recall_lock);
        if :: got -> d_step { TOUCH(1 - cache); exists[1 - cache] = false } :: else fi
    :: else
    fi
}

/* The end of a thread with that cache. */
inline thread_ends(me, cache) {
    lock(process_lock, PROCESS);
    d_step { got = (table[me] != 0); table[me] = 0; leaving = leaving + got };
    unlock(process_lock);
    if
    :: got ->
        lock(registry_lock, REGISTRY);
        d_step {
            TOUCH(cache); got = (state[cache] & RECALLED) == 0; state[cache] = state[cache] | DEAD;
#ifndef KEEP_THREAD
            owner[cache] = NOBODY; /* the thread may be gone before the reclaimer is */
#endif
            dying = dying + got
        };
        unlock(registry_lock);
        if
        :: got ->
            drain(cache);
            lock(registry_lock, REGISTRY); registered[cache] = false; unlock(registry_lock);
            dying--;
            d_step { TOUCH(cache); exists[cache] = false };
#ifndef NO_BURIAL
            bury_abandoned(me, cache)
#endif
        :: else
        fi;
        leaving--
    :: else
    fi;
    got = false;
    thread_exists[me] = false
}

proctype other_thread() {
    bool got;
    byte ops;
    {
        attach();
        if
        :: table[OTHER] != 0 ->
            do
            :: ops < 2 ->
                ops++;
                if
                :: at[0] == MAGAZINE -> pop(0, 0)
                :: at[0] == MAGAZINE -> flush(0, 0)
                :: at[0] == SLAB -> refill(0, 0)
                :: at[0] == ABSENT -> grow(0, 0)
                :: at[0] == LIVE -> push(0, 0); if :: got -> at[0] = SLAB :: else fi
                :: else
                fi;
                got = false
            :: else -> break
            od
        :: else -> uncached_alloc(0); got = false
        fi;
        calls_over[OTHER] = true;
        thread_ends(OTHER, 0)
    } unless { in_child }
}

proctype reclaimer() {
    byte c;
    bool dead[2];
    {
        if :: reclaim() :: true fi;
        calls_over[NOBODY] = true
    } unless { in_child }
}

/* ---- frusa_destroy [R.4]: threads that used the instance may end meanwhile, and others fork ---- */
inline destroy() {
    lock(process_lock, PROCESS);
    lock(registry_lock, REGISTRY);
    for (c : 0 .. 1) {
        if
        :: registered[c] && owner[c] != NOBODY ->
            d_step { TOUCH(c); assert(thread_exists[owner[c]]); table[owner[c]] = 0 }
        :: else
        fi
    }
    unlock(registry_lock);
    unlock(process_lock);
    leaving == 0;
#ifndef FREE_LISTED
    lock(process_lock, PROCESS); listed = false; unlock(process_lock);
#endif
    for (c : 0 .. 1) {
        if :: registered[c] -> registered[c] = false; d_step { TOUCH(c); exists[c] = false } :: else fi
    }
#ifdef FREE_LISTED
    lock(process_lock, PROCESS); listed = false; unlock(process_lock);
#endif
    skip
}

proctype destroyer() {
    byte c;
    {
        d_step { calls_over[NOBODY] && calls_over[OTHER] && calls_over[SELF] -> destroying = true };
        destroy();
        assert(!exists[0] && !exists[1]) /* no header was forgotten */
    } unless { in_child }
}

/* ---- The fork ---- */
/* Step 1 and 2. */
inline settle_recalls() {
    gate[RECALL] = true;
    do
    :: lock(process_lock, PROCESS);
       mine = listed;
       if
       :: !mine || !recall_lock -> break
       :: else -> unlock(process_lock); !recall_lock
       fi
    od;
    skip;
    d_step { gate[PROCESS] = true; gate[REGISTRATION] = true };
#ifdef GATE_AT_ONCE
    gate[SLABS] = true;
#endif
    unlock(process_lock)
}

/* Step 3. The forking thread's own cache stays open. */
inline close_others() {
    if
    :: !registry_lock -> only_mine = !registered[0]
    :: true -> only_mine = false
    fi;
    if
    :: only_mine
    :: else ->
        lock(registry_lock, REGISTRY);
        d_step {
            recall_on = true; closed_by_fork = true;
            if
            :: registered[0] && (state[0] & DEAD) == 0 -> TOUCH(0); state[0] = RECALLED; closed[0] = true
            :: else
            fi
        };
        unlock(registry_lock);
        dying == 0 /* [R.3] */
    fi
}

/* Step 4: outside, or lost when patience ends. */
inline settle_owner() {
    gate[REGISTRY] = true;
    !registry_lock;
    if
    :: closed_by_fork && registered[0] && state[0] == RECALLED ->
        TOUCH(0);
        if
        :: busy[0] == 0
#ifdef IMPATIENT
        :: busy[0] != 0 -> lost[0] = true
#endif
        fi
    :: else
    fi
}

inline prepare() {
    settle_recalls();
    if
    :: mine ->
#ifdef LOCKS_FIRST
        gate[SLABS] = true; !slab_lock;
#endif
#ifndef NO_QUIESCE
        close_others();
        settle_owner();
#endif
        d_step { gate[REGISTRY] = true; gate[SLABS] = true };
        if
        :: !slab_lock
#ifdef IMPATIENT
        :: lost[0] /* its owner may hold it: the child leaves the slab alone */
#endif
        fi
    :: else
    fi
}

/* The caches as they were. */
inline open_after_fork() {
    if
    :: closed_by_fork ->
        d_step { closed_by_fork = false; recall_on = false };
        d_step {
            lost[0] = false;
            if
            :: registered[0] && (state[0] & DEAD) == 0 -> TOUCH(0); closed[0] = false; state[0] = 0
            :: registered[0] && (state[0] & DEAD) != 0 -> abandoned = true
            :: else
            fi
        }
    :: else
    fi
}

inline open_gate() {
    d_step { gate[REGISTRATION] = false; gate[PROCESS] = false; gate[RECALL] = false; gate[REGISTRY] = false;
             gate[SLABS] = false }
}

inline orphan_after_fork() {
#ifndef KEEP_LEAVING
    leaving = 0;
#endif
#ifndef KEEP_DYING
    dying = 0;
#endif
    if
    :: closed_by_fork && registered[0] ->
        d_step {
            TOUCH(0);
#ifndef KEEP_BUSY
            busy[0] = 0;
#endif
#ifndef KEEP_CONTENTS
            if
            :: lost[0] && magazine[0] != 0 ->
                if :: at[magazine[0] - 1] == MAGAZINE -> at[magazine[0] - 1] = IN_HAND :: else fi;
                magazine[0] = 0
            :: else
            fi;
#endif
#ifndef NO_ORPHANS
            if :: owner[0] == OTHER -> owner[0] = NOBODY; state[0] = RECALLED | DEAD :: else fi
#endif
        }
    :: else
    fi
}

/* What a handler of another library does between the library's own: allocates and gives back, or reclaims. The
 * caches are closed already, and are opened by the library's handler. [F.3] */
inline another_handler() {
    if
    :: true
    :: mine && at[1] == SLAB -> uncached_alloc(1); if :: got -> at[1] = SLAB :: else fi; got = false
    :: mine && at[1] == SLAB -> refill(1, 1); got = false
    :: mine && !destroying ->
        lock(recall_lock, RECALL);
        drain(1);
        if :: registered[0] && closed_by_fork && !lost[0] -> drain(0) :: else fi;
        lock(slab_lock, SLABS);
        d_step {
            if :: at[0] == SLAB -> at[0] = ABSENT :: else fi;
            if :: at[1] == SLAB -> at[1] = ABSENT :: else fi
        };
        unlock(slab_lock);
        unlock(recall_lock)
    fi
}

proctype forker() {
    byte c;
    bool got, mine, only_mine, dead[2], was_free[2];
    if :: at[1] == SLAB -> refill(1, 1) :: true fi;
    got = false;
    calls_over[SELF] = true; /* fork is no call on the instance */
    prepare();
    another_handler();
    if
    :: true -> /* the parent */
        another_handler();
        if :: mine -> open_after_fork() :: else fi;
        open_gate();
        if
        :: true
        :: /* It ends. If the other did so before, and no reclaim comes between, nothing is left of that. */
            got = !thread_exists[OTHER] && calls_over[NOBODY];
            was_free[0] = got;
            thread_ends(SELF, 1);
            assert(!was_free[0] || !registered[0] || destroying)
        fi
    :: true ->
        d_step {
            in_child = true; /* the others are gone, wherever they were */
            was_free[0] = (at[0] == SLAB || (at[0] == MAGAZINE && !lost[0]));
            was_free[1] = (at[1] == SLAB || at[1] == MAGAZINE)
        };
        another_handler();
        if :: mine -> orphan_after_fork(); open_after_fork() :: else fi;
#ifndef KEEP_LOCKS
        d_step { slab_lock = false; registry_lock = false; recall_lock = false; process_lock = false };
#endif
        open_gate();
        if
        :: mine && !destroying ->
            if :: at[1] == MAGAZINE -> pop(1, 1); assert(got); d_step { at[1] = SLAB; got = false } :: else fi;
            reclaim();
            assert(!was_free[0] || at[0] == ABSENT); /* whatever another thread's cache held is back */
            assert(!was_free[1] || at[1] == ABSENT);
            assert(!registered[0]); /* and so is the cache */
            destroy()
        :: else /* the child cannot use what another thread was destroying */
        fi
    fi
}

init {
    atomic {
        exists[1] = true; registered[1] = true; owner[1] = SELF; table[SELF] = 2;
        run forker(); run other_thread(); run reclaimer(); run destroyer()
    }
}
