/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * minimise [VARIABLES [CUBES [FUNCTIONS]]]: minimises two-level logic by expansion, irredundancy
 * and reduction, as espresso does (R. Brayton et al., "Logic Minimization Algorithms for VLSI
 * Synthesis", 1984). As an allocator workload (B. Zorn and D. Grunwald, "Empirical Measurements of
 * Six Allocation-intensive C Programs", 1992) it makes many small objects of a few sizes and
 * arrays of all sizes that live as long as a level of a recursion.
 */
#include "common.h"
#include "cover.h"

static struct cover *random_function(size_t variables, size_t cubes, uint64_t *random)
{
    struct cover *f = cover_make(1);
    for (size_t i = 0; i < cubes; i++) {
        struct cube *c = cube_universe();
        for (size_t v = 0; v < variables; v++)
            if (bench_below(random, 100) < 55)
                cube_set(c, v, 1 + (int)bench_below(random, 2));
        cover_add(f, c);
    }
    return f;
}

static int meets_any(const struct cube *c, const struct cover *f)
{
    for (size_t i = 0; i < f->count; i++)
        if (cube_meets(c, f->cubes[i]))
            return 1;
    return 0;
}

/* Drops literals while the cube stays out of the complement; then cubes that others cover go. */
static void expand(struct cover *f, const struct cover *off, size_t variables)
{
    for (size_t i = 0; i < f->count; i++) {
        for (size_t v = 0; v < variables; v++) {
            if (cube_value(f->cubes[i], v) == 3)
                continue;
            struct cube *wider = cube_copy(f->cubes[i]);
            cube_set(wider, v, 3);
            if (meets_any(wider, off)) {
                free(wider);
                continue;
            }
            free(f->cubes[i]);
            f->cubes[i] = wider;
        }
        for (size_t j = f->count; j-- > 0;) {
            if (j == i || !cube_covers(f->cubes[i], f->cubes[j]))
                continue;
            free(f->cubes[j]);
            memmove(&f->cubes[j], &f->cubes[j + 1], (--f->count - j) * sizeof *f->cubes);
            i -= j < i;
        }
    }
}

/* Drops each cube that the others cover together. */
static void irredundant(struct cover *f)
{
    for (size_t i = f->count; i-- > 0;) {
        struct cover *rest = cover_cofactor(f, f->cubes[i], f->cubes[i]);
        if (cover_is_tautology(rest)) {
            free(f->cubes[i]);
            f->cubes[i] = f->cubes[--f->count];
        }
        cover_drop(rest);
    }
}

/* Shrinks each cube to what it alone covers, so that the next expansion may find another way. */
static void reduce(struct cover *f)
{
    for (size_t i = 0; i < f->count; i++) {
        struct cover *rest = cover_cofactor(f, f->cubes[i], f->cubes[i]);
        struct cover *own = cover_complement(rest);
        struct cube *smaller = cube_copy(f->cubes[i]);
        for (size_t w = 0; w < cube_words(); w++) {
            uint64_t all = 0;
            for (size_t j = 0; j < own->count; j++)
                all |= own->cubes[j]->bits[w];
            smaller->bits[w] &= all;
        }
        free(f->cubes[i]);
        f->cubes[i] = smaller;
        cover_drop(rest);
        cover_drop(own);
    }
}

static size_t cost(const struct cover *f)
{
    size_t literals = 0;
    for (size_t i = 0; i < f->count; i++)
        literals += cube_literals(f->cubes[i]);
    return f->count * 1000 + literals;
}

/* f covers every cube of `on` and none of `off`. */
static int is_right(const struct cover *f, const struct cover *on, const struct cover *off)
{
    for (size_t i = 0; i < f->count; i++)
        if (meets_any(f->cubes[i], off))
            return 0;
    for (size_t i = 0; i < on->count; i++) {
        struct cover *part = cover_cofactor(f, on->cubes[i], NULL);
        const int covered = cover_is_tautology(part);
        cover_drop(part);
        if (!covered)
            return 0;
    }
    return 1;
}

static int minimise(size_t variables, size_t cubes, uint64_t *random)
{
    struct cover *on = random_function(variables, cubes, random);
    struct cover *off = cover_complement(on), *f = cover_make(on->count);
    for (size_t i = 0; i < on->count; i++)
        cover_add(f, cube_copy(on->cubes[i]));
    for (size_t best = SIZE_MAX;;) {
        expand(f, off, variables);
        irredundant(f);
        if (cost(f) >= best)
            break;
        best = cost(f);
        reduce(f);
    }
    const int right = is_right(f, on, off);
    printf("%zu cubes, complement %zu, minimised %zu with cost %zu: %s\n", on->count, off->count,
           f->count, cost(f), right ? "right" : "WRONG");
    cover_drop(on);
    cover_drop(off);
    cover_drop(f);
    return right;
}

int main(int argc, char **argv)
{
    const size_t variables = work_argument(argc, argv, 1, 14);
    const size_t cubes = work_argument(argc, argv, 2, 300);
    const size_t functions = work_argument(argc, argv, 3, 25);
    uint64_t random = bench_seed(0);
    int right = 1;
    cube_variables(variables);
    for (size_t i = 0; i < functions; i++)
        right &= minimise(variables, cubes, &random);
    return right ? 0 : 1;
}
