/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Amounts of memory, as a person reads them. */
#ifndef TOOLS_AMOUNT_H
#define TOOLS_AMOUNT_H

/* What fits an amount: "1023 GiB" and the zero byte. */
#define AMOUNT_MAX 16

/* Writes "512 B", "1.50 MiB": three digits that mean something. Returns `text`. */
const char *amount(char text[AMOUNT_MAX], unsigned long long bytes);

/* The same without a blank and the "iB", for sizes of objects: "96", "1.25K". */
const char *amount_short(char text[AMOUNT_MAX], unsigned long long bytes);

#endif /* TOOLS_AMOUNT_H */
