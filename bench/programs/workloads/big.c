/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Schoolbook arithmetic; division is D. Knuth's algorithm D (TAOCP 2, 4.3.1). */
#include "big.h"
#include "common.h"

static struct big *make(uint32_t length)
{
    struct big *a = work_alloc(sizeof *a + length * sizeof a->digits[0]);
    a->length = length;
    return a;
}

static struct big *trim(struct big *a)
{
    while (a->length > 0 && a->digits[a->length - 1] == 0)
        a->length--;
    return a;
}

struct big *big_of(uint64_t value)
{
    struct big *a = make(2);
    a->digits[0] = (uint32_t)value;
    a->digits[1] = (uint32_t)(value >> 32);
    return trim(a);
}

struct big *big_copy(const struct big *a)
{
    struct big *b = make(a->length);
    memcpy(b->digits, a->digits, a->length * sizeof a->digits[0]);
    return b;
}

void big_drop(struct big *a)
{
    free(a);
}

void big_set(struct big **a, struct big *value)
{
    big_drop(*a);
    *a = value;
}

int big_compare(const struct big *a, const struct big *b)
{
    if (a->length != b->length)
        return a->length < b->length ? -1 : 1;
    for (uint32_t i = a->length; i-- > 0;)
        if (a->digits[i] != b->digits[i])
            return a->digits[i] < b->digits[i] ? -1 : 1;
    return 0;
}

uint32_t big_low(const struct big *a)
{
    return a->length == 0 ? 0 : a->digits[0];
}

int big_is(const struct big *a, uint32_t value)
{
    return a->length <= 1 && big_low(a) == value;
}

struct big *big_add(const struct big *a, const struct big *b)
{
    if (a->length < b->length)
        return big_add(b, a);
    struct big *sum = make(a->length + 1);
    uint64_t carry = 0;
    for (uint32_t i = 0; i < a->length; i++) {
        carry += (uint64_t)a->digits[i] + (i < b->length ? b->digits[i] : 0);
        sum->digits[i] = (uint32_t)carry;
        carry >>= 32;
    }
    sum->digits[a->length] = (uint32_t)carry;
    return trim(sum);
}

struct big *big_sub(const struct big *a, const struct big *b)
{
    struct big *rest = make(a->length);
    int64_t borrow = 0;
    for (uint32_t i = 0; i < a->length; i++) {
        borrow += (int64_t)a->digits[i] - (i < b->length ? b->digits[i] : 0);
        rest->digits[i] = (uint32_t)borrow;
        borrow >>= 32;
    }
    return trim(rest);
}

struct big *big_mul(const struct big *a, const struct big *b)
{
    struct big *product = make(a->length + b->length);
    memset(product->digits, 0, product->length * sizeof product->digits[0]);
    for (uint32_t i = 0; i < a->length; i++) {
        uint64_t carry = 0;
        for (uint32_t j = 0; j < b->length; j++) {
            carry += (uint64_t)a->digits[i] * b->digits[j] + product->digits[i + j];
            product->digits[i + j] = (uint32_t)carry;
            carry >>= 32;
        }
        product->digits[i + b->length] = (uint32_t)carry;
    }
    return trim(product);
}

/* The quotient, if wanted; *remainder becomes the remainder. */
static struct big *divide_small(const struct big *a, uint32_t b, uint32_t *remainder, int wanted)
{
    struct big *quotient = wanted ? make(a->length) : NULL;
    uint64_t rest = 0;
    for (uint32_t i = a->length; i-- > 0;) {
        rest = rest << 32 | a->digits[i];
        if (wanted)
            quotient->digits[i] = (uint32_t)(rest / b);
        rest %= b;
    }
    *remainder = (uint32_t)rest;
    return wanted ? trim(quotient) : NULL;
}

struct big *big_div_small(const struct big *a, uint32_t b)
{
    uint32_t remainder;
    return divide_small(a, b, &remainder, 1);
}

struct big *big_mod_small(const struct big *a, uint32_t b)
{
    uint32_t remainder;
    divide_small(a, b, &remainder, 0);
    return big_of(remainder);
}

/* a << bits (0 .. 31), with one digit more than a. */
static struct big *shifted(const struct big *a, unsigned bits)
{
    struct big *b = make(a->length + 1);
    uint64_t carry = 0;
    for (uint32_t i = 0; i < a->length; i++) {
        carry |= (uint64_t)a->digits[i] << bits;
        b->digits[i] = (uint32_t)carry;
        carry >>= 32;
    }
    b->digits[a->length] = (uint32_t)carry;
    return b;
}

/* One step of algorithm D: subtracts estimate * v from the digits of u; returns the true digit. */
static uint32_t subtract_multiple(uint32_t *u, const struct big *v, uint32_t n, uint64_t estimate)
{
    int64_t borrow = 0;
    uint64_t carry = 0;
    for (uint32_t i = 0; i < n; i++) {
        carry += estimate * v->digits[i];
        borrow += (int64_t)u[i] - (int64_t)(uint32_t)carry;
        u[i] = (uint32_t)borrow;
        borrow >>= 32;
        carry >>= 32;
    }
    borrow += (int64_t)u[n] - (int64_t)carry;
    u[n] = (uint32_t)borrow;
    if (borrow >= 0)
        return (uint32_t)estimate;
    carry = 0; /* one too many: add v back */
    for (uint32_t i = 0; i < n; i++) {
        carry += (uint64_t)u[i] + v->digits[i];
        u[i] = (uint32_t)carry;
        carry >>= 32;
    }
    u[n] += (uint32_t)carry;
    return (uint32_t)(estimate - 1);
}

/* Quotient or remainder of a by b, which has at least two digits and is at most a. */
static struct big *divide(const struct big *a, const struct big *b, int want_quotient)
{
    const unsigned bits = (unsigned)__builtin_clz(b->digits[b->length - 1]);
    struct big *u = shifted(a, bits), *v = shifted(b, bits);
    const uint32_t n = b->length, m = a->length - n;
    struct big *quotient = make(m + 1);
    for (uint32_t j = m + 1; j-- > 0;) {
        const uint64_t top = (uint64_t)u->digits[j + n] << 32 | u->digits[j + n - 1];
        uint64_t estimate = top / v->digits[n - 1], rest = top % v->digits[n - 1];
        while (estimate >> 32 != 0 ||
               estimate * v->digits[n - 2] > (rest << 32 | u->digits[j + n - 2])) {
            estimate--;
            rest += v->digits[n - 1];
            if (rest >> 32 != 0)
                break;
        }
        quotient->digits[j] = subtract_multiple(u->digits + j, v, n, estimate);
    }
    big_drop(v);
    if (want_quotient) {
        big_drop(u);
        return trim(quotient);
    }
    big_drop(quotient);
    for (uint32_t i = 0; i < n; i++) /* what is left is below v: the shift comes out again */
        u->digits[i] =
            (uint32_t)(((uint64_t)u->digits[i + 1] << 32 | (uint64_t)u->digits[i]) >> bits);
    u->length = n;
    return trim(u);
}

struct big *big_div(const struct big *a, const struct big *b)
{
    if (big_compare(a, b) < 0)
        return big_of(0);
    return b->length == 1 ? big_div_small(a, b->digits[0]) : divide(a, b, 1);
}

struct big *big_mod(const struct big *a, const struct big *b)
{
    if (big_compare(a, b) < 0)
        return big_copy(a);
    return b->length == 1 ? big_mod_small(a, b->digits[0]) : divide(a, b, 0);
}

struct big *big_gcd(const struct big *a, const struct big *b)
{
    struct big *x = big_copy(a), *y = big_copy(b);
    while (!big_is(y, 0)) {
        struct big *rest = big_mod(x, y);
        big_drop(x);
        x = y;
        y = rest;
    }
    big_drop(y);
    return x;
}

/* Newton's iteration from above. */
struct big *big_root(const struct big *a)
{
    struct big *x = make(a->length / 2 + 1);
    memset(x->digits, 0, x->length * sizeof x->digits[0]);
    x->digits[x->length - 1] = 1;
    for (;;) {
        struct big *quotient = big_div(a, x), *sum = big_add(x, quotient);
        struct big *next = big_div_small(sum, 2);
        big_drop(quotient);
        big_drop(sum);
        if (big_compare(next, x) >= 0) {
            big_drop(next);
            return x;
        }
        big_set(&x, next);
    }
}

struct big *big_parse(const char *decimal)
{
    struct big *a = big_of(0), *ten = big_of(10);
    for (; *decimal >= '0' && *decimal <= '9'; decimal++) {
        struct big *digit = big_of((uint64_t)(*decimal - '0')), *tenfold = big_mul(a, ten);
        big_set(&a, big_add(tenfold, digit));
        big_drop(tenfold);
        big_drop(digit);
    }
    big_drop(ten);
    return a;
}

void big_print(const struct big *a)
{
    char text[512], *p = text + sizeof text - 1;
    struct big *rest = big_copy(a);
    *p = '\0';
    while (!big_is(rest, 0) && p > text) {
        uint32_t digit;
        big_set(&rest, divide_small(rest, 10, &digit, 1));
        *--p = (char)('0' + digit);
    }
    big_drop(rest);
    fputs(*p ? p : "0", stdout);
}
