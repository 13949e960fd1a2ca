/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * libfrusa: services that work on an instance beside the program's own calls, in hosted builds.
 *
 * A part of <frusa.h>, which includes it.
 */
#include "frusa.h"

#ifndef FRUSA_SERVICE_H
#define FRUSA_SERVICE_H

#if defined(__cplusplus)
extern "C" {
#endif

/* ------------------------------------------------------------------------------------------------
 * Reclaiming by itself
 */

/* Flags of struct frusa_reclaimer_config. */
#define FRUSA_RECLAIM_ON_PRESSURE 1u /* everything at once when memory is short */

/* Options of frusa_reclaimer_start. All zero gives the defaults. */
struct frusa_reclaimer_config {
    /* Milliseconds from the first object given back to the look, 1 .. 86400000; 0: 5000. */
    unsigned interval_ms;
    /* Bytes that may stay idle: held, but neither live nor purged; 0: 1 MiB. */
    size_t slack;
    /* FRUSA_RECLAIM_ON_PRESSURE or 0; an unknown flag is refused with EINVAL. */
    unsigned flags;
    /* Must be NULL: a non-null entry is refused with EINVAL. */
    void *reserved[4];
};

/*
 * Starts a thread that reclaims by itself, in hosted builds.
 *
 * config: copied; NULL: the defaults. The thread looks at the statistics once in an interval while
 * the program gives objects back, and sleeps without waking up while it does not. When more than
 * the slack is idle, it calls frusa_reclaim. It calls the fallback, and the panic handler on
 * misuse, from its own stack of 128 KiB, with all signals blocked. frusa_destroy and exit end it.
 * The child of a fork has none, and may start one. Returns 0, or -1 with errno:
 *   EBUSY   the instance has a reclaimer
 *   EINVAL  a member of config is out of range; or a static instance with options out of range
 *   ENOMEM, EAGAIN  the system has no memory, or no thread, to give
 */
int frusa_reclaimer_start(frusa_t *f, const struct frusa_reclaimer_config *config)
    FRUSA_ATTR_((nonnull(1)));

/*
 * Ends the reclaimer and waits for its thread, if there is one; from any thread. Called by that
 * thread itself, through the fallback, it does not wait. A library that is to be closed must do
 * so for its static instances. Leaves errno alone.
 */
void frusa_reclaimer_stop(frusa_t *f) FRUSA_ATTR_((nonnull(1)));

/* ------------------------------------------------------------------------------------------------
 * Control from outside
 */

/*
 * Lets other processes of the same user, and of root, look into the instance and have it reclaim:
 * opens a socket for frusactl(1), which a thread of its own serves until frusa_control_stop, the
 * end of the instance or exit. frusa-control(7) describes the directory of these sockets and what
 * is said through them. The child of a fork has no socket.
 *
 * name: what frusactl calls the instance: up to 32 letters, digits, "_", ".", "-", none of the last
 *     two in front; copied. NULL: "heap". Returns 0, or -1 with errno:
 *   EACCES      no directory for sockets that belongs to the user alone
 *   EADDRINUSE  the process has a socket of this name
 *   EBUSY       the instance has a socket
 *   EINVAL      such a name is not allowed; or a static instance with options out of range
 *   EPERM       the process has more rights than the user who started it
 *   others      the system refuses the socket or the thread
 */
int frusa_control_start(frusa_t *f, const char *name) FRUSA_ATTR_((nonnull(1)));

/* Ends that: closes the socket and waits for its thread. Does nothing when there is none. Leaves
 * errno alone. */
void frusa_control_stop(frusa_t *f) FRUSA_ATTR_((nonnull(1)));

/* ------------------------------------------------------------------------------------------------
 * Heap profiles
 */

/*
 * A heap profile: which code allocated what is live, by a sample of the objects; hosted only. Start
 * begins one. One byte in `bytes_per_sample` (0: 512 KiB) is sampled, at random, with its object
 * and the stack of calls. Stop ends it, and what it holds stays until the next one. Write makes a
 * file of it: a gzipped profile.proto for pprof; if the name ends in ".heap", heap_v2 text for
 * jeprof. Fast paths have no instruction for it. Return 0, or -1 with errno:
 *   EBUSY   start: there is a profile; or a handler of fork called
 *   EINVAL  start: above 1 TiB; a static instance with options out of range
 *           write: there never was a profile; path is NULL
 *   ENOMEM  the system has no memory
 *   EPERM   start: a system call filter refuses membarrier
 *   others  write: of open and write
 */
int frusa_profile_start(frusa_t *f, size_t bytes_per_sample) FRUSA_ATTR_((nonnull(1)));
void frusa_profile_stop(frusa_t *f) FRUSA_ATTR_((nonnull(1)));
int frusa_profile_write(frusa_t *f, const char *path) FRUSA_ATTR_((nonnull(1)));

#if defined(__cplusplus)
}
#endif

#endif /* FRUSA_SERVICE_H */
