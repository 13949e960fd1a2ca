/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Calls the library's own validity check where the build gives access to it. */
#include "check_instance.h"
#include "require.h"

#if defined(FRUSA_TEST_INTERNALS)
#include "../../lib/check.h"
#endif

void support_check_instance(frusa_t *f)
{
    REQUIRE(f != NULL);
#if defined(FRUSA_TEST_INTERNALS)
    REQUIRE(fr_instance_is_valid(f));
#endif
}
