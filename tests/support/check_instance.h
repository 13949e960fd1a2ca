/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The hook into the library's own validity checks. */
#ifndef SUPPORT_CHECK_INSTANCE_H
#define SUPPORT_CHECK_INSTANCE_H

#include <frusa.h>

/* Requires that the instance's internal invariants hold; no other thread may be inside it. Does
 * nothing in a build without access to internals (FRUSA_TEST_INTERNALS). */
void support_check_instance(frusa_t *f);

#endif /* SUPPORT_CHECK_INSTANCE_H */
