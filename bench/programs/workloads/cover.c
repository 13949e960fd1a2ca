/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Shannon's expansion about the variable that most cubes depend on, as in R. Brayton et al., "Logic
 * Minimization Algorithms for VLSI Synthesis" (1984).
 */
#include "cover.h"
#include "common.h"

#define LOW_BITS 0x5555555555555555u

static size_t variables, words;

void cube_variables(size_t n)
{
    variables = n;
    words = (n + 31) / 32;
}

size_t cube_words(void)
{
    return words;
}

static struct cube *cube_make(void)
{
    return work_alloc(words * sizeof(uint64_t));
}

struct cube *cube_universe(void)
{
    struct cube *c = cube_make();
    for (size_t w = 0; w < words; w++)
        c->bits[w] = ~(uint64_t)0;
    return c;
}

struct cube *cube_copy(const struct cube *c)
{
    struct cube *copy = cube_make();
    memcpy(copy->bits, c->bits, words * sizeof(uint64_t));
    return copy;
}

int cube_value(const struct cube *c, size_t variable)
{
    return (int)(c->bits[variable / 32] >> variable % 32 * 2 & 3);
}

void cube_set(struct cube *c, size_t variable, int value)
{
    const size_t shift = variable % 32 * 2;
    c->bits[variable / 32] &= ~((uint64_t)3 << shift);
    c->bits[variable / 32] |= (uint64_t)value << shift;
}

int cube_is_universe(const struct cube *c)
{
    for (size_t w = 0; w < words; w++)
        if (c->bits[w] != ~(uint64_t)0)
            return 0;
    return 1;
}

/* They share a point: no variable is left without a value. */
int cube_meets(const struct cube *a, const struct cube *b)
{
    for (size_t w = 0; w < words; w++) {
        const uint64_t both = a->bits[w] & b->bits[w];
        if (((both | both >> 1) & LOW_BITS) != LOW_BITS)
            return 0;
    }
    return 1;
}

int cube_covers(const struct cube *a, const struct cube *b)
{
    for (size_t w = 0; w < words; w++)
        if ((b->bits[w] & ~a->bits[w]) != 0)
            return 0;
    return 1;
}

size_t cube_literals(const struct cube *c)
{
    size_t n = 0;
    for (size_t i = 0; i < variables; i++)
        n += cube_value(c, i) != 3;
    return n;
}

struct cover *cover_make(size_t capacity)
{
    struct cover *f = work_alloc(sizeof *f);
    f->count = 0;
    f->capacity = capacity > 0 ? capacity : 1;
    f->cubes = work_alloc(f->capacity * sizeof *f->cubes);
    return f;
}

void cover_add(struct cover *f, struct cube *c)
{
    if (f->count == f->capacity) {
        f->capacity *= 2;
        f->cubes = realloc(f->cubes, f->capacity * sizeof *f->cubes);
        if (f->cubes == NULL)
            abort();
    }
    f->cubes[f->count++] = c;
}

void cover_drop(struct cover *f)
{
    for (size_t i = 0; i < f->count; i++)
        free(f->cubes[i]);
    free(f->cubes);
    free(f);
}

struct cover *cover_cofactor(const struct cover *f, const struct cube *c, const struct cube *less)
{
    struct cover *part = cover_make(f->count);
    for (size_t i = 0; i < f->count; i++) {
        if (f->cubes[i] == less || !cube_meets(f->cubes[i], c))
            continue;
        struct cube *wider = cube_make();
        for (size_t w = 0; w < words; w++)
            wider->bits[w] = f->cubes[i]->bits[w] | ~c->bits[w];
        cover_add(part, wider);
    }
    return part;
}

/* The variable that most cubes depend on; `variables` when none does. */
static size_t choose(const struct cover *f)
{
    size_t best = variables, most = 0;
    for (size_t v = 0; v < variables; v++) {
        size_t n = 0;
        for (size_t i = 0; i < f->count; i++)
            n += cube_value(f->cubes[i], v) != 3;
        if (n > most)
            most = n, best = v;
    }
    return best;
}

static int has_universe(const struct cover *f)
{
    for (size_t i = 0; i < f->count; i++)
        if (cube_is_universe(f->cubes[i]))
            return 1;
    return 0;
}

static struct cover *half(const struct cover *f, size_t variable, int value)
{
    struct cube *literal = cube_universe();
    cube_set(literal, variable, value);
    struct cover *part = cover_cofactor(f, literal, NULL);
    free(literal);
    return part;
}

int cover_is_tautology(const struct cover *f)
{
    if (has_universe(f))
        return 1;
    const size_t variable = choose(f);
    if (variable == variables)
        return 0;
    for (int value = 1; value <= 2; value++) {
        struct cover *part = half(f, variable, value);
        const int all = cover_is_tautology(part);
        cover_drop(part);
        if (!all)
            return 0;
    }
    return 1;
}

/* One cube's complement, by De Morgan's law. */
static struct cover *complement_cube(const struct cube *c)
{
    struct cover *result = cover_make(cube_literals(c));
    for (size_t v = 0; v < variables; v++) {
        if (cube_value(c, v) == 3)
            continue;
        struct cube *literal = cube_universe();
        cube_set(literal, v, 3 ^ cube_value(c, v));
        cover_add(result, literal);
    }
    return result;
}

/* Moves the cubes of both halves into one cover; a cube that stands in both needs no literal. */
static struct cover *merge(struct cover *zero, struct cover *one, size_t variable)
{
    struct cover *result = cover_make(zero->count + one->count);
    for (size_t i = 0; i < zero->count; i++) {
        size_t j = 0;
        while (j < one->count &&
               memcmp(zero->cubes[i], one->cubes[j], words * sizeof(uint64_t)) != 0)
            j++;
        if (j < one->count) {
            free(one->cubes[j]);
            one->cubes[j] = one->cubes[--one->count];
        } else {
            cube_set(zero->cubes[i], variable, 1);
        }
        cover_add(result, zero->cubes[i]);
    }
    for (size_t j = 0; j < one->count; j++) {
        cube_set(one->cubes[j], variable, 2);
        cover_add(result, one->cubes[j]);
    }
    zero->count = one->count = 0;
    cover_drop(zero);
    cover_drop(one);
    return result;
}

struct cover *cover_complement(const struct cover *f)
{
    if (f->count == 0) {
        struct cover *all = cover_make(1);
        cover_add(all, cube_universe());
        return all;
    }
    if (has_universe(f))
        return cover_make(1);
    if (f->count == 1)
        return complement_cube(f->cubes[0]);
    const size_t variable = choose(f);
    struct cover *part = half(f, variable, 1);
    struct cover *zero = cover_complement(part);
    cover_drop(part);
    part = half(f, variable, 2);
    struct cover *one = cover_complement(part);
    cover_drop(part);
    return merge(zero, one, variable);
}
