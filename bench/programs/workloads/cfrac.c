/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * cfrac [NUMBER]: factors a number by continued fractions, after M. Morrison and J. Brillhart, "A
 * Method of Factoring and the Factorization of F7" (Mathematics of Computation 29, 1975). As an
 * allocator workload (D. Grunwald, B. Zorn and R. Henderson, "Improving the Cache Locality of
 * Memory Allocation", PLDI 1993) it makes very many, very short-lived, very small objects on one
 * thread: numbers that never change (big.h).
 */
#include "big.h"
#include "common.h"

#define PRIMES 320 /* in the factor base */
#define WORDS  ((PRIMES + 1 + 63) / 64)
#define WANTED (PRIMES + 24)

/* A[i]^2 = (-1)^i Q[i] (mod n), with Q smooth: the exponents of -1 and the primes modulo 2. */
struct relation {
    struct big *a, *q; /* q without its sign */
    uint64_t odd[WORDS];
    uint64_t used[(WANTED + 63) / 64]; /* the relations that were multiplied into this one */
};

static uint32_t primes[PRIMES];
static uint32_t products[PRIMES], first_of[PRIMES + 1], groups; /* primes in groups below 2^32 */
static struct relation relations[WANTED];

/* n is a square modulo p, by Euler's criterion. */
static int is_square_modulo(const struct big *n, uint32_t p)
{
    struct big *rest = big_mod_small(n, p);
    uint64_t base = big_low(rest), power = 1;
    big_drop(rest);
    for (uint32_t e = (p - 1) / 2; e > 0; e >>= 1) {
        if (e & 1)
            power = power * base % p;
        base = base * base % p;
    }
    return power <= 1;
}

static int is_prime(uint32_t p)
{
    for (uint32_t d = 3; d * d <= p; d += 2)
        if (p % d == 0)
            return 0;
    return p % 2 != 0;
}

static void choose_primes(const struct big *n)
{
    uint64_t product = 2;
    primes[0] = 2;
    for (uint32_t p = 3, have = 1; have < PRIMES; p += 2)
        if (is_prime(p) && is_square_modulo(n, p))
            primes[have++] = p;
    for (uint32_t i = 1; i < PRIMES; i++) {
        if (product * primes[i] >> 32 != 0) {
            products[groups++] = (uint32_t)product;
            first_of[groups] = i;
            product = 1;
        }
        product *= primes[i];
    }
    products[groups++] = (uint32_t)product;
    first_of[groups] = PRIMES;
}

/* Divides prime number i out of *rest as often as it goes. */
static void divide_out(struct big **rest, uint32_t i, struct relation *r)
{
    for (;;) {
        struct big *modulo = big_mod_small(*rest, primes[i]);
        const int divides = big_is(modulo, 0);
        big_drop(modulo);
        if (!divides)
            return;
        big_set(rest, big_div_small(*rest, primes[i]));
        r->odd[(i + 1) / 64] ^= (uint64_t)1 << (i + 1) % 64;
    }
}

/* Is q a product of primes of the base? Fills r->odd. Gives up early where hope is small. */
static int is_smooth(const struct big *q, struct relation *r)
{
    struct big *rest = big_copy(q);
    int smooth = 0;
    for (uint32_t g = 0; g < groups && !smooth; g++) {
        struct big *modulo = big_mod_small(rest, products[g]);
        const uint32_t low = big_low(modulo);
        for (uint32_t i = first_of[g]; i < first_of[g + 1]; i++)
            if (low % primes[i] == 0)
                divide_out(&rest, i, r);
        big_drop(modulo);
        smooth = big_is(rest, 1);
        if (g == groups / 6 && rest->length >= q->length)
            break;
    }
    big_drop(rest);
    return smooth;
}

/* The expansion of sqrt(n): collects relations until there are enough. */
static size_t collect(const struct big *n)
{
    struct big *root = big_root(n), *square = big_mul(root, root);
    struct big *q_before = big_of(1), *q = big_sub(n, square), *p = big_copy(root);
    struct big *a_before = big_of(1), *a = big_copy(root);
    size_t found = 0, step = 1;
    for (; found < WANTED && !big_is(q, 1); step++) {
        struct relation *r = &relations[found];
        memset(r, 0, sizeof *r);
        if (is_smooth(q, r)) {
            r->odd[0] ^= step % 2; /* the sign */
            r->used[found / 64] |= (uint64_t)1 << found % 64;
            r->a = big_copy(a);
            r->q = big_copy(q);
            found++;
        }
        struct big *sum = big_add(root, p), *b = big_div(sum, q), *bq = big_mul(b, q);
        struct big *p_next = big_sub(bq, p);
        struct big *q_next; /* q_before + b (p - p_next), whatever the sign of the difference */
        if (big_compare(p, p_next) >= 0) {
            struct big *difference = big_sub(p, p_next), *product = big_mul(b, difference);
            q_next = big_add(q_before, product);
            big_drop(difference);
            big_drop(product);
        } else {
            struct big *difference = big_sub(p_next, p), *product = big_mul(b, difference);
            q_next = big_sub(q_before, product);
            big_drop(difference);
            big_drop(product);
        }
        struct big *ba = big_mul(b, a), *a_sum = big_add(ba, a_before), *a_next = big_mod(a_sum, n);
        big_drop(sum);
        big_drop(b);
        big_drop(bq);
        big_drop(ba);
        big_drop(a_sum);
        big_set(&p, p_next);
        big_set(&q_before, q);
        q = q_next;
        big_set(&a_before, a);
        a = a_next;
    }
    printf("%zu steps, %zu relations\n", step, found);
    big_drop(root), big_drop(square), big_drop(q_before), big_drop(q), big_drop(p);
    big_drop(a_before), big_drop(a);
    return found;
}

static int bit(const uint64_t *words, size_t i)
{
    return (int)(words[i / 64] >> i % 64 & 1);
}

static void add_relation(struct relation *to, const struct relation *from)
{
    for (size_t w = 0; w < WORDS; w++)
        to->odd[w] ^= from->odd[w];
    for (size_t w = 0; w < sizeof to->used / sizeof to->used[0]; w++)
        to->used[w] ^= from->used[w];
}

/* Gaussian elimination modulo 2: marks with pivot[i] = 1 the relations that are not squares yet. */
static void eliminate(size_t n, char *pivot)
{
    memset(pivot, 0, n);
    for (size_t column = 0; column <= PRIMES; column++) {
        size_t row = 0;
        while (row < n && (pivot[row] || !bit(relations[row].odd, column)))
            row++;
        if (row == n)
            continue;
        pivot[row] = 1;
        for (size_t i = 0; i < n; i++)
            if (i != row && bit(relations[i].odd, column))
                add_relation(&relations[i], &relations[row]);
    }
}

/* A factor of n from the relations that `square` combines, or NULL. */
static struct big *try_square(const struct relation *square, size_t found, const struct big *n)
{
    struct big *x = big_of(1), *product = big_of(1);
    for (size_t i = 0; i < found; i++) {
        if (!bit(square->used, i))
            continue;
        struct big *longer = big_mul(x, relations[i].a);
        big_set(&x, big_mod(longer, n));
        big_drop(longer);
        big_set(&product, big_mul(product, relations[i].q));
    }
    struct big *root = big_root(product), *y = big_mod(root, n);
    struct big *sum = big_add(x, y), *factor = big_gcd(sum, n);
    big_drop(x), big_drop(product), big_drop(root), big_drop(y), big_drop(sum);
    if (!big_is(factor, 1) && big_compare(factor, n) != 0)
        return factor;
    big_drop(factor);
    return NULL;
}

int main(int argc, char **argv)
{
    struct big *n = big_parse(argc > 1 ? argv[1] : "8539734222673769370568987281911");
    static char pivot[WANTED];
    choose_primes(n);
    const size_t found = collect(n);
    struct big *factor = NULL;
    eliminate(found, pivot);
    for (size_t i = 0; i < found && factor == NULL; i++)
        if (!pivot[i])
            factor = try_square(&relations[i], found, n);
    if (factor == NULL) {
        puts("no factor found");
        return 1;
    }
    struct big *other = big_div(n, factor);
    big_print(n), fputs(" = ", stdout), big_print(factor), fputs(" * ", stdout);
    big_print(other), putchar('\n');
    for (size_t i = 0; i < found; i++)
        big_drop(relations[i].a), big_drop(relations[i].q);
    big_drop(factor), big_drop(other), big_drop(n);
    return 0;
}
