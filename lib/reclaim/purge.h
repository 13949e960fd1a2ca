/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#ifndef FR_PURGE_H
#define FR_PURGE_H

#include "cache/instance.h"

/*
 * Purges whole free pages inside spans that stay, where the fallback offers that, until `*want`
 * bytes are purged; lowers *want by that and returns it. Sets *emptied when a span became empty
 * meanwhile: the claims of the purge may have kept another reclaim from retiring it, so the caller
 * retires once more.
 */
size_t fr_purge(struct fr_instance *inst, size_t *want, int *emptied);

#endif /* FR_PURGE_H */
