/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Holds libfrusa-malloc in a program that calls none of its functions itself. A linker drops a
 * shared library that no object of the program refers to (--as-needed), and takes from an archive
 * only what was referred to before: a program that calls strdup alone would have the C library's
 * malloc. The undefined symbol of the linker's option -u brings this object in, and the object
 * refers to the library.
 *
 * An archive of its own, because -u alone does not count for --as-needed, and because an option
 * around the library (--no-as-needed) is lost when a build system sorts options and libraries.
 */
#include <frusa-malloc.h>

/* Hidden: in a shared object that is linked this way, too, it is nobody else's business. */
extern frusa_t *(*const fr_malloc_hold)(void)__attribute__((visibility("hidden")));
frusa_t *(*const fr_malloc_hold)(void) = frusa_malloc_instance;
