/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The one instance behind malloc and the C++ operators. */
#ifndef FR_MALLOC_HEAP_H
#define FR_MALLOC_HEAP_H

#include <frusa.h>

#if defined(__cplusplus)
extern "C" {
#endif

extern frusa_t fr_malloc_heap __attribute__((visibility("hidden")));
extern const struct frusa_front fr_malloc_front __attribute__((visibility("hidden")));

#if defined(__cplusplus)
}
#endif

#endif /* FR_MALLOC_HEAP_H */
