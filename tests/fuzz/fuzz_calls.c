/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * A fuzzer of sequences of calls: all public calls, on three instances at a time, by three
 * threads, one after the other or at once; over fallbacks that fail at chosen calls, return
 * misaligned memory, call back into the instance, or are those that come with the library. It
 * requires what the calls promise: contents, alignment, errors with a reason, misuse reported,
 * exact statistics, nothing lost.
 *
 * With clang's libFuzzer; replay.c runs the same function over the inputs that are kept.
 */
#include "crew.h"
#include "fuzz.h"
#include "objects.h"
#include "support/require.h"

#include "check.h"

#include <errno.h>
#include <string.h>

enum code {
    CALL_OBJECT, /* 0 .. ALLOC_CALLS - 1: by that call */
    CALL_LAST_ALLOC = ALLOC_CALLS - 1,
    DEALLOC,
    FREE,
    CACHE_DEALLOC,
    REALLOC,
    RESIZE,
    FREE_MANY,
    ASK,
    RECLAIM,
    RECLAIM_SOME,
    FLUSH,
    STATS,
    CACHE_CREATE,
    CACHE_DESTROY,
    LAST_CONCURRENT = CACHE_DESTROY,
    TOGETHER, /* the next operations are executed by all threads at once */
    PLAN,
    HOOK,
    REOPEN,
    END_THREAD,
    VALIDATE,
    MISUSE,
    CODES
};

struct operation {
    unsigned code;
    size_t thread;
    struct instance *i;
    size_t slot, count, step; /* count objects, every step-th slot from `slot` on */
    size_t size, align;
    unsigned extra;
    int together; /* beside other threads */
};

enum { TOGETHER_MAX = 48, VALIDATIONS = 3, OPERATIONS_MAX = 200 };

static size_t decode_size(unsigned kind, unsigned low, unsigned high)
{
    static const size_t absurd[] = {SIZE_MAX, PTRDIFF_MAX, (size_t)PTRDIFF_MAX + 1,
                                    SIZE_MAX - 4095};
    size_t value = low | (size_t)high << 8;
    if (kind < 190)
        return value % 700;
    if (kind < 230)
        return value;
    if (kind < 244)
        return value << 5;
    if (kind < 253)
        return value << 7;
    return absurd[value % 4];
}

static size_t decode_align(unsigned byte)
{
    if (byte < 100)
        return 0;
    if (byte < 250)
        return (size_t)1 << byte % 23;
    return byte - 247; /* 3, 5, 6, 7 and powers of two */
}

static void decode(struct operation *op, struct input *in)
{
    unsigned code = input_byte(in);
    unsigned who = input_byte(in);
    unsigned slot = input_u16(in);
    unsigned kind = input_byte(in);
    unsigned low = input_byte(in);
    unsigned high = input_byte(in);
    memset(op, 0, sizeof(*op));
    op->extra = input_byte(in);
    op->code = code % CODES;
    op->thread = who % WORLD_THREADS;
    op->i = &world_instances[who / WORLD_THREADS % WORLD_INSTANCES];
    op->slot = slot % WORLD_SLOTS;
    /* Many objects now and then: magazines and spans are to be emptied and filled. */
    op->count = who >= 232 ? 100 : who >= 192 ? 12 : 1;
    op->step = code >= 128 ? 7 : 1;
    op->size = decode_size(kind, low, high);
    op->align = decode_align(op->extra);
}

/* ---- Operations on objects ---- */

/* Beside other threads each has every third slot. */
static struct object *slot_number(const struct operation *op, size_t k)
{
    size_t slot = (op->slot + k * op->step) % WORLD_SLOTS;
    if (op->together)
        slot = slot / WORLD_THREADS * WORLD_THREADS + op->thread;
    return &world_objects[slot];
}

/* An explicit cache that fits the object. */
static frusa_cache_t *cache_for(const struct operation *op, const struct object *o)
{
    return o->ptr ? o->owner->caches[op->thread] : NULL;
}

static void on_object(const struct operation *op, struct object *o)
{
    switch (op->code) {
    case DEALLOC:
        object_free(o, 1, NULL);
        break;
    case CACHE_DEALLOC:
        object_free(o, 1, cache_for(op, o));
        break;
    case REALLOC:
        object_resize(o, op->i, 1, op->size);
        break;
    case RESIZE:
        object_resize(o, op->i, 0, op->size);
        break;
    case ASK:
        object_ask(o);
        break;
    case FREE:
    case FREE_MANY:
        object_free(o, op->extra & 1, NULL);
        break;
    default:
        object_alloc(o, op->i, (enum alloc_call)op->code, op->size, op->align,
                     op->i->caches[op->thread]);
    }
}

/* ---- Operations on instances ---- */

static void create_cache(const struct operation *op)
{
    frusa_cache_t **cache = &op->i->caches[op->thread];
    if (*cache != NULL)
        return;
    errno = 0;
    *cache = frusa_cache_create(op->i->f);
    REQUIRE(*cache != NULL || (op->i->may_fail && errno == ENOMEM));
}

static void destroy_cache(const struct operation *op)
{
    errno = EXDEV;
    frusa_cache_destroy(op->i->caches[op->thread]);
    REQUIRE(errno == EXDEV);
    op->i->caches[op->thread] = NULL;
}

static int stop_sometimes(const struct frusa_span_info *row, void *arg)
{
    unsigned *rows = arg;
    REQUIRE(row->bytes > 0 && row->live <= row->slots);
    if (*rows == 0)
        return 7;
    --*rows;
    return 0;
}

static void look(const struct operation *op)
{
    struct frusa_stats stats;
    char text[4096];
    unsigned rows = op->extra;
    REQUIRE(frusa_get_stats(op->i->f, &stats) == 0);
    size_t most = op->size < sizeof(text) ? op->size : sizeof(text);
    size_t length = frusa_stats_json(op->i->f, most ? text : NULL, most);
    REQUIRE(length > 2);
    REQUIRE(most == 0 || text[length < most ? length : most - 1] == '\0');
    int stopped = frusa_walk(op->i->f, stop_sometimes, &rows);
    REQUIRE(stopped == 0 || stopped == 7);
    /* Any address will do for this question. */
    frusa_owns(op->i->f, (const void *)(uintptr_t)(op->size * 2654435761u));
    frusa_good_size(op->i->f, op->size, op->align);
}

static void on_instance(const struct operation *op)
{
    errno = EXDEV;
    switch (op->code) {
    case RECLAIM:
        frusa_reclaim(op->i->f);
        break;
    case RECLAIM_SOME:
        frusa_reclaim_some(op->i->f, op->size);
        break;
    case FLUSH:
        frusa_thread_flush(op->i->f);
        break;
    case CACHE_CREATE:
        create_cache(op);
        return;
    case CACHE_DESTROY:
        destroy_cache(op);
        break;
    default:
        look(op);
    }
    REQUIRE(errno == EXDEV);
}

static void execute(void *arg)
{
    const struct operation *op = arg;
    if (op->code >= RECLAIM) {
        if (op->i->f != NULL)
            on_instance(op);
        return;
    }
    size_t count = op->code == FREE_MANY ? 60 : op->count;
    for (size_t k = 0; k < count; k++)
        on_object(op, slot_number(op, k));
}

/* ---- Several threads at once ---- */

struct part {
    struct operation operations[TOGETHER_MAX];
    size_t n;
};

static void execute_part(void *arg)
{
    struct part *part = arg;
    for (size_t k = 0; k < part->n; k++)
        execute(&part->operations[k]);
}

static void execute_together(size_t n, struct input *in)
{
    static struct part parts[WORLD_THREADS];
    memset(parts, 0, sizeof(parts));
    for (size_t k = 0; k < n && in->left > 0; k++) {
        struct operation op;
        decode(&op, in);
        op.together = 1;
        if (op.code > LAST_CONCURRENT)
            op.code %= ALLOC_CALLS;
        parts[op.thread].operations[parts[op.thread].n++] = op;
    }
    for (size_t t = 1; t < WORLD_THREADS; t++)
        if (parts[t].n > 0)
            crew_start(t, execute_part, &parts[t]);
    execute_part(&parts[0]);
    for (size_t t = 1; t < WORLD_THREADS; t++)
        if (parts[t].n > 0)
            crew_wait(t);
}

/* ---- Misuse ---- */

static void misuse(void *arg)
{
    const struct operation *op = arg;
    const struct object *o = slot_number(op, 0);
    frusa_t *f = o->owner->f;
    char *p = o->ptr;
    switch (op->extra % 6) {
    case 0: /* an interior pointer */
        frusa_free(f, p + 1 + op->size % (o->size - 1));
        break;
    case 1:
        frusa_dealloc(f, p, 2 * o->size + 64, o->align);
        break;
    case 2:
        frusa_free(op->i->f, p);
        break;
    case 3: /* an address of nobody's */
        frusa_free(f, (char *)world_objects + op->size % sizeof(world_objects));
        break;
    case 4:
        frusa_usable_size(f, p + 1 + op->size % (o->size - 1));
        break;
    default:
        frusa_free(f, p);
        frusa_free(f, p);
    }
}

/* Whether `misuse` would be one, and one that has to be noticed. */
static int is_misuse(const struct operation *op, const struct object *o)
{
    if (o->ptr == NULL || !world_is_checked(o->owner) || o->size < 2)
        return 0;
    frusa_t *f = o->owner->f;
    size_t other = frusa_good_size(f, 2 * o->size + 64, o->align);
    switch (op->extra % 6) {
    case 1: /* of another class as a layout, and as a slot */
        return other != o->charged && other != frusa_good_size(f, o->size, o->align);
    case 2:
        return op->i != o->owner && op->i->f != NULL && world_is_checked(op->i);
    default:
        return 1;
    }
}

static void try_misuse(struct operation *op)
{
    struct object *o = slot_number(op, 0);
    if (!is_misuse(op, o))
        return;
    size_t charged = o->charged;
    world_require_misuse(misuse, op);
    if (op->extra % 6 == 5) {
        fr_fetch_sub_relaxed(&world_bytes, charged);
        o->ptr = NULL;
    } else {
        object_require(o);
    }
}

/* ---- The whole input ---- */

static void plan(const struct operation *op)
{
    struct fault_plan plan = {.percent = op->extra % 4 == 3 ? op->extra % 64 : 0,
                              .misaligned_percent = op->extra % 16 == 6 ? 20 : 0,
                              .seed = op->extra};
    plan.fail[0] = op->slot % 32;
    plan.fail[1] = op->slot / 32;
    plan.misalign[0] = op->size % 32;
    world_plan(op->i, op->extra & 1 ? &plan : NULL);
}

/* What has to hold between calls; the whole page map now and then, as that takes long. */
static void validate(unsigned *validations, int pagemap)
{
    if (*validations == 0)
        return;
    --*validations;
    for (size_t k = 0; k < WORLD_INSTANCES; k++) {
        struct instance *i = &world_instances[k];
        world_require_books(i);
        if (i->f == NULL)
            continue;
        REQUIRE(pagemap ? fr_instance_is_valid(i->f) : fr_heap_is_valid(i->f));
        pagemap = 0; /* all instances share it */
    }
}

static void execute_alone(struct operation *op, struct input *in, unsigned *validations)
{
    switch (op->code) {
    case TOGETHER:
        execute_together(1 + op->extra % TOGETHER_MAX, in);
        break;
    case PLAN:
        plan(op);
        break;
    case HOOK:
        world_hook(op->i, op->extra & 1);
        break;
    case REOPEN:
        world_close(op->i, op->extra & 1);
        world_open_again(op->i);
        break;
    case END_THREAD:
        crew_end(op->thread);
        break;
    case VALIDATE:
        validate(validations, op->extra % 64 == 1);
        break;
    case MISUSE:
        try_misuse(op);
        break;
    default:
        crew_run(op->thread, execute, op);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct input in = {data, size};
    unsigned validations = VALIDATIONS;
    world_handle_panics();
    for (size_t k = 0; k < WORLD_INSTANCES; k++)
        world_open(&world_instances[k], &in);
    for (size_t n = 0; n < OPERATIONS_MAX && in.left > 0; n++) {
        struct operation op;
        decode(&op, &in);
        execute_alone(&op, &in, &validations);
    }
    for (size_t k = 0; k < WORLD_INSTANCES; k++) {
        world_require_books(&world_instances[k]);
        world_close(&world_instances[k], size & 1);
    }
    for (size_t t = 1; t < WORLD_THREADS; t++)
        crew_end(t);
    REQUIRE(fr_load_relaxed(&world_bytes) == 0);
    return 0;
}
