/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * fork in the middle of everything, and what the child finds.
 * lib/reclaim/fork.c, lib/reclaim/recall.c, lib/cache/registry.c; README says what is left out.
 *
 * The forking thread has cache 1. Another thread attaches cache 0, uses it in every way that holds something, and
 * ends; a third reclaims; a fourth destroys the instance as soon as no other thread's call may come, while the
 * fork and the other thread's end may still be running. At the fork either the parent goes on, or the
 * model becomes the child: all threads but one vanish where they are. Memory is sequentially consistent.
 */
#define RECALLED 2
#define DEAD 4
#define NOBODY 0
#define OTHER 1
#define SELF 2

/* The process. */
bool in_child, listed = true; /* the instance is on the process's list */
bool process_lock;
bool thread_exists[3] = true; /* its thread-local data */
byte table[3];            /* by thread: 1 + its cache */

/* The instance. */
bool recall_lock, registry_lock, slab_lock, recall_on;
byte dying, leaving;
bool abandoned; /* the fork left DEAD caches behind [R.5] */
bool exists[2], registered[2], closed[2];
byte busy[2], state[2], owner[2], magazine[2]; /* 1 + the object in it */

/* Objects 0 and 1, each in a span of its own. IN_HAND: reserved, on its way, or in a call that gives it back. */
mtype = { SLAB, MAGAZINE, IN_HAND, LIVE, ABSENT };
mtype at[2] = SLAB;

bool calls_over[3]; /* the thread makes no call any more */
bool destroying, forking;

#define TOUCH(c) assert(exists[c])
inline lock(l) { atomic { !l -> l = true } }
inline unlock(l) { l = false }

/* ---- One recall, in parts ---- */
inline close_all() {
    lock(registry_lock);
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
    lock(recall_lock);
    close_all();
    wait_outside();
    for (c : 0 .. 1) {
        if :: registered[c] -> drain(c) :: else fi
    }
    lock(slab_lock);
    d_step {
        if :: at[0] == SLAB -> at[0] = ABSENT :: else fi;
        if :: at[1] == SLAB -> at[1] = ABSENT :: else fi
    };
    unlock(slab_lock);
    lock(registry_lock);
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
    lock(slab_lock);
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
        lock(slab_lock);
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
    lock(slab_lock); unlock(slab_lock);
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
    lock(process_lock);
    atomic { got = !registry_lock; registry_lock = true };
    if
    :: got ->
        if
        :: !recall_on -> d_step { exists[0] = true; owner[0] = OTHER; state[0] = 0; closed[0] = false; busy[0] = 0;
                                  registered[0] = true }
        :: else -> got = false
        fi;
        unlock(registry_lock);
        if :: got -> table[OTHER] = 1 :: else fi
    :: else
    fi;
    unlock(process_lock);
    got = false
}

/* What the fork left: the caches, DEAD, of threads that ended while it had them closed. [R.5] */
inline bury_abandoned(me, cache) {
    atomic { got = abandoned && !recall_lock; recall_lock = recall_lock || got };
    if
    :: got ->
        lock(registry_lock);
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
    lock(process_lock);
    d_step { got = (table[me] != 0); table[me] = 0; leaving = leaving + got };
    unlock(process_lock);
    if
    :: got ->
        lock(registry_lock);
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
            lock(registry_lock); registered[cache] = false; unlock(registry_lock);
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
    lock(process_lock);
    lock(registry_lock);
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
    lock(process_lock); listed = false; unlock(process_lock);
#endif
    for (c : 0 .. 1) {
        if :: registered[c] -> registered[c] = false; d_step { TOUCH(c); exists[c] = false } :: else fi
    }
#ifdef FREE_LISTED
    lock(process_lock); listed = false; unlock(process_lock);
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
inline prepare() {
    lock(process_lock);
    mine = listed;
    if
    :: mine ->
        lock(recall_lock);
#ifdef LOCKS_FIRST
        lock(registry_lock); lock(slab_lock); unlock(registry_lock);
#endif
#ifndef NO_QUIESCE
        close_all();
        wait_outside();
#endif
        lock(registry_lock);
#ifndef LOCKS_FIRST
        lock(slab_lock)
#endif
    :: else
    fi
}

/* Back as it was; under the registry lock. */
inline open_after_fork() {
    recall_on = false;
    for (c : 0 .. 1) {
        d_step {
            if
            :: registered[c] && (state[c] & DEAD) == 0 -> TOUCH(c); closed[c] = false; state[c] = 0
            :: registered[c] && (state[c] & DEAD) != 0 -> abandoned = true
            :: else
            fi
        }
    }
}

inline orphan_after_fork() {
#ifndef KEEP_LEAVING
    leaving = 0;
#endif
    for (c : 0 .. 1) {
        d_step {
            if
            :: registered[c] ->
                TOUCH(c);
#ifndef KEEP_BUSY
                busy[c] = 0;
#endif
#ifndef NO_ORPHANS
                if :: owner[c] == OTHER -> owner[c] = NOBODY; state[c] = RECALLED | DEAD :: else fi
#endif
            :: else
            fi
        }
    }
}

proctype forker() {
    byte c;
    bool got, mine, dead[2], was_free[2];
    if :: at[1] == SLAB -> refill(1, 1) :: true fi;
    got = false;
    calls_over[SELF] = true; /* fork is no call on the instance */
    prepare();
    if
    :: true -> /* the parent */
        if
        :: mine -> open_after_fork(); unlock(slab_lock); unlock(registry_lock); unlock(recall_lock)
        :: else
        fi;
        unlock(process_lock);
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
            was_free[0] = (at[0] == SLAB || at[0] == MAGAZINE); was_free[1] = (at[1] == SLAB || at[1] == MAGAZINE)
        };
        if
        :: mine ->
            orphan_after_fork(); open_after_fork();
            slab_lock = false; registry_lock = false; recall_lock = false; process_lock = false;
            if
            :: !destroying ->
                if :: at[1] == MAGAZINE -> pop(1, 1); assert(got); d_step { at[1] = SLAB; got = false } :: else fi;
                reclaim();
                assert(!was_free[0] || at[0] == ABSENT); /* whatever another thread's cache held is back */
                assert(!was_free[1] || at[1] == ABSENT);
                assert(!registered[0]); /* and so is the cache */
                destroy()
            :: else /* the child cannot use what another thread was destroying */
            fi
        :: else -> process_lock = false
        fi
    fi
}

init {
    atomic {
        exists[1] = true; registered[1] = true; owner[1] = SELF; table[SELF] = 2;
        run forker(); run other_thread(); run reclaimer(); run destroyer()
    }
}
