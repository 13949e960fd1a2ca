/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* An instance over a counting fallback, and the configurations that tests run through. */
#ifndef SUPPORT_FIXTURE_H
#define SUPPORT_FIXTURE_H

#include "fallback.h"

struct fixture {
    struct counting_fallback fallback;
    frusa_t *f;
};

/* Creates the instance; features as for fallback_init; config may be NULL. */
void fixture_open(struct fixture *x, unsigned features, const struct frusa_config *config);

/* Requires that the instance is valid, destroys it, and requires that everything came back. */
void fixture_close(struct fixture *x);

struct fixture_variant {
    const char *name;
    unsigned features;
    struct frusa_config config;
};

/* Configurations that have to behave alike. */
extern const struct fixture_variant fixture_variants[];
extern const size_t fixture_variant_count;

/* Creates the instance of a variant. */
void fixture_open_variant(struct fixture *x, size_t variant);

#endif /* SUPPORT_FIXTURE_H */
