/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Destroying a static instance while threads that have caches live on or end, and using it, and its number, again.
 * lib/cache/registry.c, lib/instance.c; the letters are registry.h's. README says what is left out.
 *
 * Instance A is destroyed, used again, and destroyed again. Thread ENDS ends during the first destroy; thread STAYS
 * meanwhile creates instance B, which may get A's number, uses both, and ends during the second destroy. Memory
 * is sequentially consistent.
 */
#define A 0
#define B 1
#define ENDS 0
#define STAYS 1
#define DESTROYS 2
#define NUMBERS 2
#define HEADERS 5
#define NONE 9

/* The process: its list of instances, by number. */
bool process_lock;
byte instance_of[NUMBERS] = NONE;

/* Threads: whether their data exist, and their tables, 1 + the cache, by thread and number: table[2t + n]. */
bool thread_exists[3] = true;
byte table[6];
#define ENTRY(t, n) table[2 * (t) + (n)]

/* Instances. */
bool ready[2], registry_lock[2];
byte number[2], leaving[2], life[2];

/* Cache headers, and whose they are. */
bool exists[HEADERS], registered[HEADERS];
byte whose[HEADERS], of_life[HEADERS], owner[HEADERS];

bool destroyed, calls_over[3];

inline lock(l) { atomic { !l -> l = true } }
inline unlock(l) { l = false }
#define TOUCH(c) assert(exists[c])

/* Under the process lock: the lowest free number. */
inline assign_number(i) {
    d_step {
        assert(instance_of[0] != i && instance_of[1] != i);
        number[i] = (instance_of[0] == NONE -> 0 : 1);
        assert(instance_of[number[i]] == NONE);
        instance_of[number[i]] = i
    }
}

/* fr_instance_start of a static instance; two threads may come at once. */
inline start(i) {
    if
    :: !ready[i] ->
#ifdef START_UNCHECKED
        lock(process_lock); assign_number(i); ready[i] = true; unlock(process_lock)
#else
        lock(process_lock);
        if :: !ready[i] -> assign_number(i); ready[i] = true :: ready[i] fi;
        unlock(process_lock)
#endif
    :: ready[i]
    fi
}

/* One call on an instance: finds the thread's cache by the instance's number, or makes one. */
inline use(i) {
    start(i);
    c = ENTRY(me, number[i]);
    if
    :: c != 0 ->
        d_step {
            c--;
            TOUCH(c); assert(whose[c] == i && of_life[c] == life[i] && owner[c] == me && registered[c]); /* [R.4] */
            c = 0
        }
    :: else ->
        d_step {
            c = 0;
            do :: c < HEADERS && exists[c] -> c++ :: else -> break od;
            assert(c < HEADERS); /* none was forgotten */
            exists[c] = true; whose[c] = i; of_life[c] = life[i]; owner[c] = me
        };
        lock(process_lock); /* attach */
        lock(registry_lock[i]); registered[c] = true; unlock(registry_lock[i]);
        ENTRY(me, number[i]) = 1 + c;
        unlock(process_lock);
        c = 0
    fi
}

inline free_header(c) { d_step { TOUCH(c); exists[c] = false; registered[c] = false } }

inline thread_ends() {
    for (n : 0 .. NUMBERS - 1) {
        lock(process_lock); /* detach_one */
        c = ENTRY(me, n);
        if
        :: c != 0 ->
            c--;
            ENTRY(me, n) = 0;
            TOUCH(c); i = whose[c];
#ifdef COUNT_LATE
            unlock(process_lock); leaving[i]++
#else
            leaving[i]++; unlock(process_lock) /* [R.4] */
#endif
            ;
            lock(registry_lock[i]); TOUCH(c); unlock(registry_lock[i]); /* fr_registry_end: DEAD, dying */
            TOUCH(c); assert(of_life[c] == life[i]);
#ifdef LEAVE_EARLY
            leaving[i]--;
#endif
            lock(registry_lock[i]); TOUCH(c); registered[c] = false; unlock(registry_lock[i]);
            free_header(c);
#ifndef LEAVE_EARLY
            leaving[i]--; /* from here on a destroy may end the instance */
#endif
        :: else -> unlock(process_lock)
        fi;
        c = 0
    }
    thread_exists[me] = false
}

/* frusa_destroy. */
inline destroy(i) {
#ifdef NUMBER_EARLY
    lock(process_lock); instance_of[number[i]] = NONE; unlock(process_lock);
#endif
#ifndef CLEAR_UNLOCKED
    lock(process_lock);
#endif
    lock(registry_lock[i]);
    for (c : 0 .. HEADERS - 1) {
#ifndef NO_CLEAR
        if
        :: registered[c] && whose[c] == i ->
            d_step { TOUCH(c); assert(thread_exists[owner[c]]); ENTRY(owner[c], number[i]) = 0 }
        :: else
        fi
#else
        skip
#endif
    }
    unlock(registry_lock[i]);
#ifndef CLEAR_UNLOCKED
    unlock(process_lock);
#endif
#ifndef NO_LEAVING_WAIT
    leaving[i] == 0;
#endif
#ifndef NUMBER_EARLY
    lock(process_lock); instance_of[number[i]] = NONE; unlock(process_lock);
#endif
    for (c : 0 .. HEADERS - 1) {
        if :: registered[c] && whose[c] == i -> free_header(c) :: else fi
    }
    c = 0;
    d_step { life[i]++; number[i] = 0; leaving[i] = 0 }; /* the record is wiped; the state goes last */
    ready[i] = false
}

proctype thread_that_ends() {
    byte me = ENDS, c, i, n;
    thread_ends()
}

proctype thread_that_stays() {
    byte me = STAYS, c, i, n;
    if /* creates B, perhaps during the destroy, perhaps after it */
    :: use(B)
    :: destroyed; use(B)
    fi;
    destroyed; /* no call on A before that: the contract */
    use(A); use(B); use(A);
    calls_over[me] = true;
    thread_ends()
}

proctype destroyer() {
    byte me = DESTROYS, c, i, n;
    destroy(A);
    destroyed = true;
    use(A);
    calls_over[STAYS];
    destroy(A);
    assert(!exists[0] || whose[0] != A); assert(!exists[1] || whose[1] != A); assert(!exists[2] || whose[2] != A);
    assert(!exists[3] || whose[3] != A); assert(!exists[4] || whose[4] != A);
    thread_ends()
}

init {
    atomic {
        ready[A] = true; instance_of[0] = A; /* number 0 */
        exists[0] = true; registered[0] = true; whose[0] = A; owner[0] = ENDS; ENTRY(ENDS, 0) = 1;
        exists[1] = true; registered[1] = true; whose[1] = A; owner[1] = STAYS; ENTRY(STAYS, 0) = 2;
        run thread_that_ends(); run thread_that_stays(); run destroyer()
    }
}
