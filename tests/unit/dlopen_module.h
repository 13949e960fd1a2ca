/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The functions of the library that test_dlopen opens. */
#ifndef UNIT_DLOPEN_MODULE_H
#define UNIT_DLOPEN_MODULE_H

#include <stddef.h>

/* Allocates and gives back in two instances, in all but the last way: returns 0, or -1 when memory
 * ran out. A tenth of the objects of one instance stays live. */
int module_use(size_t rounds);

/* Reclaims both instances. */
size_t module_reclaim(void);

#endif /* UNIT_DLOPEN_MODULE_H */
