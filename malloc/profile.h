/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The heap profile of a whole program, by the options "profile" and "profile_file". */
#ifndef FR_MALLOC_PROFILE_H
#define FR_MALLOC_PROFILE_H

#include <stddef.h>

/* At the program's start: begins a profile with this rate, unless it is 0, and remembers where to
 * write it at exit; a length of 0: nowhere. */
void fr_profile_prepare(size_t rate, const char *file, size_t length);
void fr_profile_at_exit(void);

#endif /* FR_MALLOC_PROFILE_H */
