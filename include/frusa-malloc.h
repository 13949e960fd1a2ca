/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * libfrusa-malloc: the C library's memory functions and C++'s operators, served by one instance of
 * libfrusa. A program that is linked with it, or run with it in LD_PRELOAD, needs no change and no
 * header; this one is for programs that want to ask more of the instance than malloc can.
 */
#ifndef FRUSA_MALLOC_H
#define FRUSA_MALLOC_H

/* free takes objects of this instance: gcc must not warn of that. */
#if !defined(FRUSA_NO_DEALLOC_WARNINGS)
#define FRUSA_NO_DEALLOC_WARNINGS
#endif
#include <frusa.h>

#if defined(__cplusplus)
extern "C" {
#endif

/*
 * Returns the instance that malloc and all the others allocate from, never NULL. Every call of
 * <frusa.h> works on it but frusa_destroy. Objects may be given back by either family: free(p) for
 * what frusa_alloc returned, frusa_dealloc(f, p, n, 0) for malloc(n).
 */
frusa_t *frusa_malloc_instance(void);

/*
 * Options, in the syntax of the environment variable FRUSA_OPTIONS, that a program gives itself by
 * defining this variable:
 *
 *     const char *frusa_malloc_options = "limit=512m,retain=16m";
 *
 * They hold unless FRUSA_OPTIONS says otherwise. Without a definition of the program's it is NULL.
 * Read at the program's start, perhaps before its first constructor: the initialiser has to be a
 * constant.
 */
extern const char *frusa_malloc_options;

#if defined(__cplusplus)
}
#endif

#endif /* FRUSA_MALLOC_H */
