/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Purging free pages of a span, beside mutators, another purge and another reclaim.
 * lib/spans/span_pages.h, lib/reclaim/purge.c, lib/spans/slab_scan.c, lib/spans/slab.c; the letters are span_pages.h's. README says what is
 * left out.
 *
 * A class with one span of four slots on two pages: slots 0 and 1 on page 0, 2 and 3 on page 1; and perhaps one
 * free slot elsewhere. Sets of slots and of pages are bit masks. A hold of the slab lock is one step. Memory is sequentially consistent.
 */
#ifndef OPS
#define OPS 1 /* calls of each mutator */
#endif

#define SLOTS 4
byte count, taken, marks, fresh;
bool linked = true, retired;
byte elsewhere; /* free slots of the class in another span */
short counted; /* the heap's count of purged pages */

byte held;    /* slots that a mutator took and has not released */
byte live;    /* those of them that are handed out */
byte users;   /* the part of count that is not a purge's */
byte gone;    /* pages whose contents were purged and not written since */
bool in_use;  /* the span has had a live object since the other reclaim began */
byte unended; /* processes that run */

#define PAGE_OF(slot) (slot / 2)
#define SLOTS_OF(page) (3 << (2 * (page)))
#define PAGES_OF(slots) (((slots & 3) != 0 -> 1 : 0) | ((slots & 12) != 0 -> 2 : 0))
#define BITS(x) (((x) & 1) + (((x) >> 1) & 1) + (((x) >> 2) & 1) + (((x) >> 3) & 1))
#define LOWEST(x) ((x) & 1 -> 1 : ((x) & 2 -> 2 : ((x) & 4 -> 4 : 8)))
#define END_OF(slots) (slots & 8 -> 4 : (slots & 4 -> 3 : (slots & 2 -> 2 : 1)))
#define TOUCH assert(!retired)

/* Lowers the count by n; left: what is left. */
inline lower(n, left) {
    do
    :: atomic {
            count == SLOTS -> /* [S.4], in a hold of the slab lock */
            TOUCH; count = count - n; linked = true; left = count
        };
        break
    :: d_step { count != SLOTS -> TOUCH; c = count };
        if
        :: atomic { count == c -> count = count - n; left = count }; break
        :: count != c
        fi
    od;
    skip;
    c = 0
}

/* ---- Mutators ---- */
#define LOOK_AT_MARKS d_step { TOUCH; m = marks }

inline reserve(n) {
    d_step {
        if
        :: linked -> TOUCH;
            r = (n < SLOTS - count -> n : SLOTS - count);
            count = count + r; users = users + r; in_use = true;
            linked = (count < SLOTS)
        :: else -> r = 0 /* all taken: the class grows */
        fi
    }
}

/* Takes r reserved slots, clears the marks of their pages, and hands them out. */
inline take() {
#ifdef UNMARK_FIRST
    LOOK_AT_MARKS;
#endif
    do
    :: r > 0 ->
        d_step {
            TOUCH;
            if
            :: taken != 15 -> s = LOWEST(~taken); taken = taken | s; held = held | s; mine = mine | s; r--; s = 0
            :: else
            fi
        }
    :: else -> break
    od;
    skip;
    d_step { f = fresh; fresh = (END_OF(mine) > fresh -> END_OF(mine) : fresh) };
#ifndef UNMARK_FIRST
    LOOK_AT_MARKS; /* [G.2] */
#endif
#ifdef GROWER_BLIND
    m = (grew -> 0 : m);
#endif
    if
    :: m != 0 ->
        d_step { TOUCH; m = marks & PAGES_OF(mine); marks = marks & ~m };
        counted = counted - BITS(m)
    :: else
    fi;
    d_step {
        assert((marks & PAGES_OF(mine)) == 0); /* [G.2] */
        /* What was never handed out is as it came from the fallback. */
        assert((gone & PAGES_OF((mine & (15 << f)))) == 0);
        live = live | mine;
        mine = 0; m = 0; f = 0
    }
}

inline give() {
    d_step {
        if :: live != 0 -> mine = LOWEST(live); live = live & ~mine; assert((marks & PAGES_OF(mine)) == 0) :: else fi
    };
    if
    :: mine != 0 ->
        d_step { TOUCH; taken = taken & ~mine; held = held & ~mine; mine = 0 };
        lower(1, r);
        d_step { users--; r = 0 }
    :: else
    fi
}

proctype mutator(bool grew) {
    byte ops, r, s, c, m, f, mine;
    if
    :: grew -> r = 1; take(); grew = false /* it made the span, linked it with its object reserved */
    :: else
    fi;
    do
    :: ops < OPS ->
        ops++;
        if
        :: reserve(1); if :: r > 0 -> take() :: else fi
        :: reserve(2); if :: r > 0 -> take() :: else fi
        :: live != 0 -> give()
        fi
    :: else -> break
    od;
    unended--
}

/* ---- A reclaim that purges ---- */
#ifdef CLAIM_ALL
#define CLAIMABLE (SLOTS - count + elsewhere)
#else
#define CLAIMABLE ((SLOTS - count + elsewhere) / 2) /* [G.3] */
#endif
#ifdef PURGE_FRESH
#define TOUCHED(page) true
#else
#define TOUCHED(page) (fresh >= 2 * (page) + 2)
#endif
#define FREE_PAGE(page) ((marks & (1 << (page))) == 0 && TOUCHED(page) && (taken & SLOTS_OF(page)) == 0)

inline retire() {
    d_step {
        if
        :: linked && count == 0 -> retired = true; linked = false; assert(taken == 0 && held == 0);
            counted = counted - BITS(marks); marks = 0
        :: else
        fi
    }
}

proctype purger() {
    byte c, pages, page, reserved, left = 1, news, most;
#ifdef CLAIM_STALE
    most = CLAIMABLE;
#endif
    d_step { /* the claim; one page, as half of five slots is no more */
        if
        :: linked ->
#ifndef CLAIM_STALE
            most = CLAIMABLE;
#endif
            page = (FREE_PAGE(0) -> 0 : 1);
            if
            :: FREE_PAGE(page) && most >= 2 && SLOTS - count >= 2 ->
                TOUCH; reserved = 2; pages = 1 << page;
                count = count + 2; linked = (count < SLOTS);
                assert(SLOTS - count + elsewhere > 0) /* [G.3]: mutators need not grow because of this */
            :: else
            fi
        :: else
        fi;
        most = 0
    };
    if
    :: reserved > 0 ->
#ifndef PURGE_UNTAKEN
        d_step {
            TOUCH;
            if
            :: (taken & SLOTS_OF(page)) == 0 -> taken = taken | SLOTS_OF(page)
            :: else -> pages = 0 /* others were faster */
            fi
        };
#endif
        if
        :: pages != 0 -> /* the fallback purges: nobody is on the page, from the call's begin to its end [G.1] */
            assert((held & SLOTS_OF(page)) == 0);
            d_step { assert((held & SLOTS_OF(page)) == 0); gone = gone | pages };
#ifndef MARK_LATE
            if :: true -> counted++; /* counted first: who takes a slot subtracts */
                d_step { TOUCH; news = 1 - BITS((marks & pages)); marks = marks | pages }; /* [G.2] */
                counted = counted - (1 - news)
            :: true /* or refuses to tell */
            fi;
#endif
            d_step { TOUCH; taken = taken & ~SLOTS_OF(page) };
#ifdef MARK_LATE
            counted++;
            d_step { TOUCH; news = 1 - BITS((marks & pages)); marks = marks | pages };
            counted = counted - (1 - news)
#endif
        :: else
        fi;
        lower(reserved, left);
#ifndef LEAVE_EMPTIED
        if :: left == 0 -> retire() :: else fi /* another reclaim may have met the span meanwhile */
#endif
    :: else
    fi;
    unended--
}

/* ---- Another reclaim, as far as this span goes ---- */
proctype other_reclaim() {
    in_use = (users > 0);
    retire();
    unended--
}

init {
    byte i;
    atomic {
        if
        :: count = 0; fresh = 4                             /* drained */
        :: count = 1; taken = 1; held = 1; live = 1; fresh = 4
        :: count = 2; taken = 9; held = 9; live = 9; fresh = 4 /* no free page */
        :: count = 1; taken = 2; held = 2; live = 2; fresh = 2 /* page 1 was never touched */
        :: count = 1; fresh = 0; i = 1                       /* just linked by its grower */
        :: count = 1; fresh = 4; i = 1                       /* and used by others since */
        fi;
        if :: elsewhere = 1 :: true fi;
        users = count; in_use = true; unended = 4;
        run mutator(i); run purger(); run other_reclaim();
#ifdef TWO
        run purger()
#else
        run mutator(0)
#endif
    }
    d_step {
        unended == 0 ->
        assert(counted == BITS(marks));
        assert(retired || (count == BITS(live) && taken == live && held == live && linked == (count < SLOTS)));
        /* The guarantee, also where a purge held slots when the other reclaim looked. */
        assert(in_use || retired)
    }
}
