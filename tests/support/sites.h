/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Places at which tests of the heap profile allocate, and what a profile says of each. */
#ifndef SUPPORT_SITES_H
#define SUPPORT_SITES_H

#include "profile/profile.h"

#include <frusa.h>

enum { SITE_A, SITE_B, SITE_C, SITE_COUNT };

/* Allocates from inside of a function of the site's own. */
void *site_alloc(frusa_t *f, unsigned site, size_t size);

/* The sums of one site, or of all stacks (SITE_COUNT). Without a profile all of them are 0. */
struct site_sums {
    struct fr_tally live;
    struct fr_tally all;
};
struct site_sums site_sums(frusa_t *f, unsigned site);

/* Requires that what samples count for is within 5 % of the truth. */
void site_require_share(const struct fr_tally *tally, size_t objects, size_t bytes);

/* Requires that a site has nothing live. */
void site_require_none_live(frusa_t *f, unsigned site);

#endif /* SUPPORT_SITES_H */
