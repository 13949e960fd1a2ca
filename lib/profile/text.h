/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* A heap profile as text in the format heap_v2 of jemalloc, which jeprof reads. */
#ifndef FR_PROFILE_TEXT_H
#define FR_PROFILE_TEXT_H

#include "port/mappings.h"
#include "profile/profile.h"
#include "profile/buffer.h"

/* The counts are those of the samples: jeprof works out from the rate what they count for. */
void fr_profile_text(struct fr_buffer *out, const struct fr_profile_copy *profile,
                     const struct fr_mappings *mappings);

#endif /* FR_PROFILE_TEXT_H */
