/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The instances that one input of the fuzzer works on, and what has to hold for them: live objects
 * are where and what they were, the books agree with what is live, everything comes back in the
 * end.
 */
#ifndef FUZZ_WORLD_H
#define FUZZ_WORLD_H

#include <frusa.h>

#include "input.h"
#include "support/fallback.h"

#include <stdint.h>

enum { WORLD_INSTANCES = 3, WORLD_CACHES = 3, WORLD_THREADS = 3, WORLD_HOOKED = 8 };

/* Slots for live objects of all instances; a multiple of WORLD_THREADS. */
#define WORLD_SLOTS 1023

/* Live objects take no more than this together, so that an input is executed in reasonable time. */
#define WORLD_BYTES ((size_t)12 << 20)

enum fallback_kind { OVER_COUNTING, OVER_ARENA, OVER_MMAP, OVER_MALLOC };

struct instance {
    frusa_t *f;                          /* NULL: its creation failed */
    frusa_cache_t *caches[WORLD_CACHES]; /* number i is used by thread i */
    struct frusa_config config;
    enum fallback_kind kind;
    int is_static;
    int may_fail;      /* calls may fail for a reason */
    unsigned setup[6]; /* the bytes that it was made from */
    struct counting_fallback counting;
    struct frusa_arena arena;
    size_t arena_most;              /* the longest block that the empty arena has */
    fr_atomic hooked[WORLD_HOOKED]; /* objects that were allocated from within the fallback */
    fr_atomic hook_turn;
};

struct object {
    void *ptr; /* NULL: the slot is free */
    struct instance *owner;
    size_t size, align; /* a layout that it may be given back with */
    size_t charged;     /* bytes that it counts for in the statistics */
};

extern struct instance world_instances[WORLD_INSTANCES];
extern struct object world_objects[WORLD_SLOTS];
extern fr_atomic world_bytes; /* of live objects */

/* Whether the instances are watched by a memory checker (port/tools.h), and whether one is a
 * checked one for that reason or because it was asked for. */
extern int world_is_watched;
int world_is_checked(const struct instance *i);

/* Makes an instance as the input says. */
void world_open(struct instance *i, struct input *in);

/* The same once more, as before; for use after world_close. */
void world_open_again(struct instance *i);

/* Frees what is live, reclaims, and destroys; requires that everything comes back. */
void world_close(struct instance *i, int free_first);

/* Lets the fallback fail as planned from now on, or no more (NULL). */
void world_plan(struct instance *i, const struct fault_plan *plan);

/* Lets the fallback call back into the instance, or no more. */
void world_hook(struct instance *i, int on);

/* Requires that statistics and walk agree with what is live. No other thread may be inside. */
void world_require_books(struct instance *i);

/* Non-zero while misuse is expected: then the handler jumps to world_misused. */
extern int world_expects_misuse;
void world_handle_panics(void);

/* Calls act(arg), which has to be reported as misuse. */
void world_require_misuse(void (*act)(void *arg), void *arg);

#endif /* FUZZ_WORLD_H */
