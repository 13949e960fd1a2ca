/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Thread-local variables, and memory for what is kept of a thread.
 *
 * The initial-exec model makes an access one load relative to the thread pointer, without a call.
 * glibc lets libraries that are opened at run time use it, out of a small reserve; musl refuses to
 * open them.
 */
#ifndef FR_PORT_TLS_H
#define FR_PORT_TLS_H

#include <limits.h> /* says which C library this is */
#include <stddef.h>

#include "port/system.h"

#include <frusa-inline.h>

/* Declares a variable that each thread has one of, zero in the beginning. Without FR_HAVE_TLS
 * there is one for all. */
#if FR_HAVE_TLS && defined(__GLIBC__)
#define FR_THREAD_LOCAL __attribute__((tls_model("initial-exec"))) __thread
#elif FR_HAVE_TLS
#define FR_THREAD_LOCAL __thread
#else
#define FR_THREAD_LOCAL
#endif

/* The calling thread's entry for the inline paths; without FR_HAVE_TLS there are none. */
#if FR_HAVE_TLS
#define FR_THREAD_FAST(slot)                                                                       \
    ((void *)(uintptr_t)frusa_inline_load_(&frusa_inline_thread_1.caches[slot]))
#else
#define FR_THREAD_FAST(slot) ((void)(slot), (void *)NULL)
#endif

/* All of them; NULL without FR_HAVE_TLS. */
struct frusa_inline_thread_ *fr_thread_slots(void);

/* An address that no other thread has; the same for all without FR_HAVE_TLS. */
const void *fr_thread_id(void);

/* Zeroed memory from the operating system; NULL when there is none. */
void *fr_thread_pages_alloc(size_t bytes);
void fr_thread_pages_free(void *pages, size_t bytes);

#endif /* FR_PORT_TLS_H */
