/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "size_text.h"

#include <stdint.h>
#include <string.h>

static const char units[] = "kmgt";

static int is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* The locale has no say, and may not be set yet. */
static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static size_t count_digits(const char *at, const char *end)
{
    size_t n = 0;
    while (at + n < end && is_digit(at[n]))
        n++;
    return n;
}

/* Returns the binary digits that a unit stands for; -1: it is none. */
static int shift_of(const char *at, const char *end)
{
    const char *found = at < end ? strchr(units, lower(*at)) : NULL;
    int shift = 0;
    if (found && *found) {
        shift = 10 * (int)(found - units + 1);
        at++;
        if (end - at == 2 && lower(*at) == 'i')
            return lower(at[1]) == 'b' ? shift : -1;
    }
    if (end - at == 1 && lower(*at) == 'b')
        at++;
    return at == end ? shift : -1;
}

/* Reads digits; returns 0 if the number is too large. */
static int read_whole(const char *digits, size_t n, uint64_t *out)
{
    uint64_t whole = 0;
    for (size_t i = 0; i < n; i++) {
        uint64_t digit = (uint64_t)(digits[i] - '0');
        if (whole > (UINT64_MAX - digit) / 10)
            return 0;
        whole = whole * 10 + digit;
    }
    *out = whole;
    return 1;
}

/* Returns what the digits behind the point come to, in bytes. From the last digit on, each step
 * divides what is below one unit by 10, so nothing is lost but the fraction of the last byte. */
static uint64_t read_fraction(const char *digits, size_t n, int shift)
{
    uint64_t bytes = 0;
    while (n-- > 0)
        bytes = (((uint64_t)(digits[n] - '0') << shift) + bytes) / 10;
    return bytes;
}

enum fr_size_text fr_size_read(const char *text, size_t length, size_t *out)
{
    const char *end = text + length;
    size_t digits = count_digits(text, end);
    const char *at = text + digits;
    const char *fraction = at;
    size_t fraction_digits = 0;
    uint64_t whole;
    if (digits == 0)
        return FR_SIZE_MALFORMED;
    if (at < end && *at == '.') {
        fraction = at + 1;
        fraction_digits = count_digits(fraction, end);
        at = fraction + fraction_digits;
    }
    int shift = shift_of(at, end);
    if (shift < 0 || (fraction != text + digits && (fraction_digits == 0 || shift == 0)))
        return FR_SIZE_MALFORMED;
    if (!read_whole(text, digits, &whole) || whole > UINT64_MAX >> shift)
        return FR_SIZE_TOO_LARGE;
    whole = (whole << shift) + read_fraction(fraction, fraction_digits, shift);
    if (whole > SIZE_MAX)
        return FR_SIZE_TOO_LARGE;
    *out = (size_t)whole;
    return FR_SIZE_GOOD;
}

const char *fr_size_write(char out[FR_SIZE_ROOM], size_t size)
{
    char reversed[FR_SIZE_ROOM];
    size_t n = 0;
    size_t unit = 0;
    for (; size != 0 && size % 1024 == 0 && unit < strlen(units); unit++)
        size /= 1024;
    if (unit > 0)
        reversed[n++] = units[unit - 1];
    do
        reversed[n++] = (char)('0' + size % 10);
    while ((size /= 10) != 0);
    for (size_t i = 0; i < n; i++)
        out[i] = reversed[n - 1 - i];
    out[n] = '\0';
    return out;
}
