/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "amount.h"

#include <stdio.h>

static const char units[] = " KMGTPE";

/* Divides by powers of 1024; returns the unit. */
static int reduce(unsigned long long bytes, double *value)
{
    int unit = 0;
    *value = (double)bytes;
    for (; *value >= 999.5 && units[unit + 1]; unit++)
        *value /= 1024;
    return unit;
}

static int digits_behind(double value, int unit)
{
    return unit == 0 || value >= 99.95 ? 0 : value >= 9.995 ? 1 : 2;
}

const char *amount(char text[AMOUNT_MAX], unsigned long long bytes)
{
    double value;
    int unit = reduce(bytes, &value);
    if (unit == 0)
        snprintf(text, AMOUNT_MAX, "%.0f B", value);
    else
        snprintf(text, AMOUNT_MAX, "%.*f %ciB", digits_behind(value, unit), value, units[unit]);
    return text;
}

const char *amount_short(char text[AMOUNT_MAX], unsigned long long bytes)
{
    double value;
    int unit = reduce(bytes, &value);
    if (unit == 0)
        snprintf(text, AMOUNT_MAX, "%.0f", value);
    else if (bytes % (1ull << 10 * unit) == 0)
        snprintf(text, AMOUNT_MAX, "%.0f%c", value, units[unit]);
    else
        snprintf(text, AMOUNT_MAX, "%.*f%c", digits_behind(value, unit), value, units[unit]);
    return text;
}
