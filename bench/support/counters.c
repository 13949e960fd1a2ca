/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "support/counters.h"
#include "support/binding.h"

#include <dlfcn.h>
#include <stdio.h>
#include <string.h>

#define MAX_EVENTS 64

typedef const char *read_counter(unsigned event, size_t *count);

static read_counter *counter;
static size_t counts_at_begin[MAX_EVENTS], counts_at_end[MAX_EVENTS];

static void read_all(size_t *counts)
{
    for (unsigned i = 0; counter != NULL && i < MAX_EVENTS; i++)
        if (counter(i, &counts[i]) == NULL)
            break;
}

void bench_counters_begin(void)
{
    /* As in binding.c: a function pointer cannot be cast from dlsym's result in strict C. */
    void *address = bench_instance != NULL ? dlsym(RTLD_DEFAULT, "fr_counters_read") : NULL;
    memcpy(&counter, &address, sizeof address);
    read_all(counts_at_begin);
}

void bench_counters_end(void)
{
    read_all(counts_at_end);
}

void bench_counters_report(double operations)
{
    for (unsigned i = 0; counter != NULL && i < MAX_EVENTS; i++) {
        size_t now;
        const char *name = counter(i, &now);
        if (name == NULL)
            break;
        if (*name != '\0')
            printf("count_%s %.2f\n", name,
                   (double)(counts_at_end[i] - counts_at_begin[i]) / operations * 1e6);
    }
}
