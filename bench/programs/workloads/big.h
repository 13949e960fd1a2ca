/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Natural numbers of any size, for cfrac. Each is an object of its own and never changes: every
 * operation makes a new one, as in the integer packages of the time. A number is given back with
 * big_drop.
 */
#ifndef WORKLOADS_BIG_H
#define WORKLOADS_BIG_H

#include <stdint.h>

struct big {
    uint32_t length; /* digits; no leading zeroes, so 0 has none */
    uint32_t digits[];
};

struct big *big_of(uint64_t value);
struct big *big_parse(const char *decimal);
struct big *big_copy(const struct big *a);
void big_drop(struct big *a);
/* Puts `value` in the place of *a. */
void big_set(struct big **a, struct big *value);

int big_compare(const struct big *a, const struct big *b);
int big_is(const struct big *a, uint32_t value);
uint32_t big_low(const struct big *a);

struct big *big_add(const struct big *a, const struct big *b);
struct big *big_sub(const struct big *a, const struct big *b); /* a >= b */
struct big *big_mul(const struct big *a, const struct big *b);
struct big *big_div(const struct big *a, const struct big *b);
struct big *big_mod(const struct big *a, const struct big *b);
struct big *big_div_small(const struct big *a, uint32_t b);
struct big *big_mod_small(const struct big *a, uint32_t b);
struct big *big_gcd(const struct big *a, const struct big *b);
struct big *big_root(const struct big *a); /* the integral part of its square root */
void big_print(const struct big *a);

#endif /* WORKLOADS_BIG_H */
