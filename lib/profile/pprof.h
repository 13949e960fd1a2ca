/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * A heap profile as a message of pprof's profile.proto
 * (https://github.com/google/pprof/blob/main/proto/profile.proto), which pprof reads, and other
 * tools do. Functions are not named: whoever reads the profile finds them by the mappings, their
 * files and build ids.
 */
#ifndef FR_PROFILE_PPROF_H
#define FR_PROFILE_PPROF_H

#include "port/mappings.h"
#include "profile/profile.h"
#include "profile/buffer.h"

/* `now` is when the profile was copied, in nanoseconds of the calendar clock. */
void fr_profile_pprof(struct fr_buffer *out, const struct fr_profile_copy *profile,
                      const struct fr_mappings *mappings, int64_t now);

#endif /* FR_PROFILE_PPROF_H */
