/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Cubes and covers of two-level logic, for minimise. A cube is a product term: two bits for each
 * variable, the lower one allows the value 0, the upper one 1; both: the variable does not matter.
 * A cover is a sum of cubes, each of which is an object of its own.
 */
#ifndef WORKLOADS_COVER_H
#define WORKLOADS_COVER_H

#include <stddef.h>
#include <stdint.h>

struct cube {
    uint64_t bits[1]; /* as many as the variables take */
};

struct cover {
    size_t count, capacity;
    struct cube **cubes;
};

/* Called once, before all else. */
void cube_variables(size_t n);
size_t cube_words(void);

struct cube *cube_universe(void);
struct cube *cube_copy(const struct cube *c);
int cube_value(const struct cube *c, size_t variable); /* 1: must be 0, 2: must be 1, 3: either */
void cube_set(struct cube *c, size_t variable, int value);
int cube_is_universe(const struct cube *c);
int cube_meets(const struct cube *a, const struct cube *b);
int cube_covers(const struct cube *a, const struct cube *b);
size_t cube_literals(const struct cube *c);

struct cover *cover_make(size_t capacity);
void cover_add(struct cover *f, struct cube *c); /* c is the cover's from now on */
void cover_drop(struct cover *f);

/* The part of the cover that matters where c holds, less one cube (or NULL). */
struct cover *cover_cofactor(const struct cover *f, const struct cube *c, const struct cube *less);
struct cover *cover_complement(const struct cover *f);
int cover_is_tautology(const struct cover *f);

#endif /* WORKLOADS_COVER_H */
