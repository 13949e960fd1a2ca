/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * A static instance that rests when it holds nothing, and the closing of the library that it lies in. lib/reclaim/rest.c,
 * lib/cache/registry.c [R.7]. README says what is left out.
 *
 * Two threads make calls and end. A third reclaims meanwhile. When all calls are over the third closes the library,
 * if the instance rests then: from there on nobody may touch it. A fourth forks at any time. Memory is sequentially
 * consistent.
 */
#ifndef OPS
#define OPS 2
#endif

#define USERS 2
#define NOBODY 9

mtype = { FREE, USED, RESTING };

bool process_lock, recall_lock;
mtype entry[USERS] = FREE; /* in the threads' tables */

/* The instance. */
bool gone, known = true, rests, wake;
byte held, leaving;

/* Headers of caches: at most one for each user. They stay when the instance is gone. */
bool registered[USERS], dead[USERS];
byte owner[USERS] = NOBODY;

byte calls_over;

inline lock(l) { atomic { !l -> l = true } }
inline unlock(l) { l = false }
#define TOUCH assert(!gone)

/* fr_rest_wake */
inline wake_up() {
    lock(process_lock);
    TOUCH;
    if
    :: rests ->
#ifdef QUIET_EARLY
        wake = false;
#endif
        known = true;
        for (k : 0 .. USERS - 1) {
            if
            :: registered[k] && owner[k] == k -> entry[k] = USED
            :: registered[k] && owner[k] == NOBODY -> dead[k] = true
            :: else
            fi
        }
        wake = false;
        rests = false
    :: else
    fi;
    unlock(process_lock)
}

/* Asks the fallback for a block. */
inline book() {
    TOUCH;
#ifdef BOOK_LATE
    if :: wake -> wake_up() :: else fi;
    held++
#else
    held++;
    if :: wake -> wake_up() :: else fi
#endif
}

/* A call that allocates an object and gives it back. */
inline call() {
    TOUCH;
    if :: rests -> wake_up() :: else fi;
    if
    :: entry[me] == USED -> assert(registered[me] && owner[me] == me && !dead[me])
    :: entry[me] != USED ->
        book(); /* a header */
        lock(process_lock); /* attach */
        if
        :: entry[me] == USED -> held--
        :: else -> d_step { assert(!registered[me]); registered[me] = true; owner[me] = me }; entry[me] = USED
        fi;
        unlock(process_lock)
    fi;
    book(); /* a span */
    TOUCH; assert(known); /* a fork puts it in order */
    held--
}

/* thread_ends */
inline end_thread() {
    lock(process_lock);
    if
    :: entry[me] == USED ->
        entry[me] = FREE;
        TOUCH; leaving++;
        unlock(process_lock);
        TOUCH; d_step { owner[me] = NOBODY; registered[me] = false };
        TOUCH; held--;
        TOUCH; leaving--
    :: entry[me] == RESTING ->
        entry[me] = FREE;
#ifdef END_TOUCHES
        TOUCH; leaving++; leaving--;
#endif
        owner[me] = NOBODY;
        unlock(process_lock)
    :: else -> unlock(process_lock)
    fi
}

proctype user(byte me) {
    byte k, ops;
    do
    :: ops < OPS -> call(); ops++
    :: true -> break
    od;
    calls_over++;
    end_thread()
}

/* What the instance holds beside caches that a thread has; 0: nothing. */
inline count_caches() {
    d_step {
        n = 0; idle = true;
        for (k : 0 .. USERS - 1) {
            if
            :: registered[k] -> n++; idle = idle && owner[k] != NOBODY && !dead[k]
            :: else
            fi
        }
    }
}

/* fr_reclaim frees what dead threads left; fr_rest */
inline reclaim() {
    lock(recall_lock);
    for (k : 0 .. USERS - 1) {
        if :: dead[k] -> d_step { dead[k] = false; registered[k] = false }; held-- :: else fi
    }
    unlock(recall_lock);
    lock(process_lock);
    if
    :: !rests ->
        lock(recall_lock);
#ifdef READ_FIRST
        seen = held; wake = true;
#else
        wake = true; seen = held;
#endif
        count_caches();
        if
#ifdef NO_LEAVING_TEST
        :: seen == n && idle ->
#else
        :: seen == n && idle && leaving == 0 ->
#endif
#ifndef KEEP_ENTRIES
            for (k : 0 .. USERS - 1) {
                if :: registered[k] -> entry[k] = RESTING :: else fi
            }
#endif
            known = false;
            rests = true
        :: else -> wake = false
        fi;
        unlock(recall_lock)
    :: else
    fi;
    unlock(process_lock)
}

proctype reclaimer() {
    byte k, n, seen;
    bool idle;
    reclaim();
    calls_over == USERS; /* the contract of closing */
    reclaim();
    if :: rests -> gone = true :: else fi
}

proctype forker() {
    lock(process_lock);
    if :: known -> TOUCH :: else fi;
    unlock(process_lock)
}

init {
    atomic { run user(0); run user(1); run reclaimer(); run forker() }
}
