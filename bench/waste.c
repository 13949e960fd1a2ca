/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * How much do size classes waste on real requests? Reads lines "BYTES COUNT" from standard input,
 * as the recorder writes them (record_sizes.c), and prints what was asked for, what objects of
 * those sizes get, and what of that is waste.
 */
#include <frusa.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

int main(void)
{
    frusa_t *f = frusa_create(NULL);
    uint64_t bytes, count, asked = 0, given = 0, requests = 0;
    if (f == NULL)
        return EXIT_FAILURE;
    while (scanf("%" SCNu64 " %" SCNu64, &bytes, &count) == 2) {
        asked += bytes * count;
        given += frusa_good_size(f, (size_t)bytes, 0) * count;
        requests += count;
    }
    frusa_destroy(f);
    if (asked == 0) {
        fputs("waste: no requests on standard input\n", stderr);
        return EXIT_FAILURE;
    }
    printf("requests %" PRIu64 "\nasked_kib %" PRIu64 "\ngiven_kib %" PRIu64 "\n", requests,
           asked / 1024, given / 1024);
    printf("waste_percent %.2f\n", 100.0 * (double)(given - asked) / (double)asked);
    return EXIT_SUCCESS;
}
