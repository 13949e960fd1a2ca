/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "life.h"

#include "cache/instances.h"
#include "cache/registry.h"
#include "cache/report.h"
#include "cache/retain.h"
#include "port/barrier.h"
#include "port/error.h"
#include "port/memory.h"
#include "port/syscalls.h"
#include "port/tools.h"
#include "providers/arena.h"
#include "providers/providers.h"
#include "reclaim/fork.h"
#include "reclaim/rest.h"
#include "spans/end.h"
#include "spans/kept.h"

_Static_assert(sizeof(struct fr_instance) <= sizeof(frusa_t), "an instance must fit frusa_t");
_Static_assert(_Alignof(struct fr_instance) <= _Alignof(frusa_t), "and be aligned in it");
_Static_assert(offsetof(struct fr_instance, state) >= offsetof(frusa_t, frusa_private_),
               "a static initialiser sets the public part alone");

#define KNOWN_FLAGS (FRUSA_CHECKED | FRUSA_NO_THREAD_CACHE)

/* Bytes of free objects that one cache may hold. Magazines count by their capacity: two slots for
 * each class of 4 to 64 KiB alone take 1.5 MiB, and with less than that they take turns. Mixed
 * traffic up to 64 KiB costs 97 ns an operation with 4 MiB, 112 with 2, 268 with 1. */
#define DEFAULT_THREAD_CACHE_MAX ((size_t)4 << 20)

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

static int all_null(void *const *pointers, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (pointers[i])
            return 0;
    return 1;
}

static int config_valid(const struct frusa_config *c)
{
    return c->managed_max <= FRUSA_2M_MAX && !(c->flags & ~KNOWN_FLAGS) &&
           all_null(c->reserved, LENGTH(c->reserved));
}

/* Up to here an arena has no memory to spare for threads' caches, which take 16 KiB or more
 * each. */
#define SMALL_ARENA ((size_t)256 << 10)

static unsigned flags_for(const struct frusa_fallback_ops *ops, unsigned flags)
{
    size_t bytes = fr_arena_bytes(ops);
    return bytes && bytes <= SMALL_ARENA ? flags | FRUSA_NO_THREAD_CACHE | FR_SMALL_HEAP : flags;
}

/* Under the process lock. Fills in everything but the public part, `state` and `record_bytes`. */
static void fill_in(struct fr_instance *inst, const struct frusa_fallback_ops *ops,
                    const struct frusa_config *config)
{
    inst->thread_cache_max =
        config->thread_cache_max ? config->thread_cache_max : DEFAULT_THREAD_CACHE_MAX;
    fr_registry_init(inst);
    inst->heap.backing.ops = *ops;
    fr_fallback_set_limit(&inst->heap.backing, config->limit);
    inst->heap.managed_max = config->managed_max ? config->managed_max : FRUSA_2M_MAX;
    inst->heap.flags = flags_for(ops, config->flags);
    inst->heap.checking_option = fr_report_name(inst, "FRUSA_CHECKED");
    if (fr_tools_watch()) {
        inst->heap.flags |= FR_WATCHED;
        fr_tools_pool_begin(&inst->heap);
    }
    fr_heap_init(&inst->heap);
    fr_kept_init(&inst->heap);
    fr_retain_init(inst);
    fr_instances_add(inst);
}

/* The process may enter a sandbox once the instance has been used: no call may be new to it
 * then. */
static void prepare_system_calls(void)
{
    fr_barrier_prepare();
    fr_providers_prepare();
}

static const struct frusa_config default_config = FRUSA_CONFIG_INIT;

struct fr_instance *fr_instance_create(const struct frusa_fallback_ops *ops,
                                       const struct frusa_config *config)
{
    if (!ops)
        ops = fr_default_ops;
    if (!config)
        config = &default_config;
    if (!ops || !fr_fallback_ops_valid(ops) || !config_valid(config)) {
        fr_set_error(FR_EINVAL);
        return NULL;
    }
    fr_fork_arm();
    prepare_system_calls();
    size_t bytes = fr_align_up(sizeof(struct fr_instance), FR_PAGE_SIZE);
    struct fr_backing backing;
    memset(&backing, 0, sizeof(backing));
    backing.ops = *ops;
    fr_fallback_set_limit(&backing, config->limit);
    struct fr_instance *inst =
        fr_fallback_alloc(&backing, bytes, FR_PAGE_SIZE, FR_FOR_METADATA, NULL);
    if (!inst) {
        fr_set_error(FR_ENOMEM);
        return NULL;
    }
    memset(inst, 0, sizeof(*inst));
    inst->heap.backing = backing;
    inst->record_bytes = bytes;
    fr_process_guard();
    fill_in(inst, ops, config);
    fr_process_unguard();
    fr_store_release(&inst->state, FR_READY);
    return inst;
}

/* The options of a static instance. May call out of the library. */
static struct frusa_config static_config(const struct fr_instance *inst)
{
    struct frusa_config config = inst->static_config ? *inst->static_config : default_config;
    const struct frusa_front *front = fr_instance_front(inst);
    if (!front && inst->static_managed_max)
        config.managed_max = inst->static_managed_max;
    if (front && front->configure)
        front->configure(&config);
    if (front && (config.flags & (FR_FRONT_COMMON_SYSCALLS | FR_FRONT_BASIC_SYSCALLS))) {
        fr_syscalls_keep_to(config.flags & FR_FRONT_BASIC_SYSCALLS ? FR_SYSCALLS_BASIC
                                                                   : FR_SYSCALLS_COMMON);
        config.flags &= ~(FR_FRONT_COMMON_SYSCALLS | FR_FRONT_BASIC_SYSCALLS);
    }
    return config;
}

/* Under the process lock. */
static size_t start_static(struct fr_instance *inst, const struct frusa_config *config)
{
    const struct frusa_fallback_ops *ops = inst->static_ops ? inst->static_ops : fr_default_ops;
    const struct frusa_front *front = fr_instance_front(inst);
    if (!ops || !fr_fallback_ops_valid(ops) || !config_valid(config) ||
        (front && !all_null(front->reserved, LENGTH(front->reserved))))
        return FR_REFUSED;
    fill_in(inst, ops, config);
    return FR_READY;
}

/* Starts an instance that nobody has used; non-zero when it can be used afterwards. */
static int start_untouched(struct fr_instance *inst)
{
    fr_fork_arm();
    struct frusa_config config = static_config(inst);
    prepare_system_calls();
    fr_process_guard();
    if (fr_load_acquire(&inst->state) == FR_UNTOUCHED)
        fr_store_release(&inst->state, start_static(inst, &config));
    int started = fr_load_acquire(&inst->state) != FR_REFUSED;
    fr_process_unguard();
    return started;
}

FR_COLD int fr_instance_start(struct fr_instance *inst)
{
    if (fr_instance_rests(inst)) {
        fr_rest_wake(inst);
        return 1;
    }
    if (start_untouched(inst))
        return 1;
    fr_set_error(FR_EINVAL);
    return 0;
}

/* Gives back what is left when no cache and no other thread knows the instance any more. */
static void end(struct fr_instance *inst)
{
    fr_heap_end(&inst->heap);
    fr_pagemap_trim(&inst->heap.map);
    if (fr_heap_is_watched(&inst->heap))
        fr_tools_pool_end(&inst->heap);
    if (inst->record_bytes) {
        struct fr_backing backing = inst->heap.backing;
        fr_fallback_dealloc(&backing, inst, inst->record_bytes, FR_PAGE_SIZE, FR_FOR_METADATA);
        return;
    }
    /* All but the public part and the state, which goes last. */
    memset((char *)inst + offsetof(struct fr_instance, fast_slot), 0,
           sizeof(*inst) - offsetof(struct fr_instance, fast_slot));
    fr_store_release(&inst->state, FR_UNTOUCHED);
}

static fr_atomic end_hook; /* the address of a function; 0: none */

void fr_life_set_end_hook(void (*hook)(frusa_t *f))
{
    fr_store_release(&end_hook, (size_t)(uintptr_t)hook);
}

static void call_end_hook(struct fr_instance *inst)
{
    void (*hook)(frusa_t *) = (void (*)(frusa_t *))(uintptr_t)fr_load_acquire(&end_hook);
    if (hook)
        hook(fr_instance_public(inst));
}

static void free_profile(struct fr_instance *inst)
{
    struct fr_profile *profile = fr_load_ptr_relaxed(&inst->profile);
    if (FR_HOSTED && profile)
        fr_profile_free(profile);
}

void fr_instance_destroy(struct fr_instance *inst)
{
    call_end_hook(inst);
    if (fr_instance_rests(inst))
        fr_rest_wake(inst);
    if (fr_instance_is_ready(inst)) {
        fr_registry_detach_all(inst);
        free_profile(inst);
        end(inst);
    } else {
        fr_store_release(&inst->state,
                         FR_UNTOUCHED); /* REFUSED: the options may be others next time */
    }
}
