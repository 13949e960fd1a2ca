/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * A program whose allocations are known: known_sites RATE FILE... allocates from three functions
 * while a profile is taken, gives some of it back, and writes the profile to each FILE.
 *
 * Prints what a reader should find: a line "FUNCTION LIVE-BYTES ALL-BYTES" for each function. A
 * FILE that cannot be written is an error, which the last line tells.
 *
 * With "malloc" for the RATE the objects come from malloc, and nothing is written here.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <frusa.h>

enum { OBJECTS = 20000 };

static frusa_t heap = FRUSA_2M_INITIALIZER(NULL);
static int by_malloc;

/* Not static: readers find them by name. */
void *site_small(void);
void *site_medium(void);
void *site_large(void);
void *site_released(void);

static void *checked(void *p)
{
    if (!p) {
        perror("known_sites");
        exit(1);
    }
    return p;
}

void *site_small(void)
{
    return checked(by_malloc ? malloc(100) : frusa_malloc(&heap, 100));
}

void *site_medium(void)
{
    return checked(by_malloc ? calloc(1, 3000) : frusa_alloc_zeroed(&heap, 3000, 0));
}

void *site_large(void)
{
    return checked(by_malloc ? malloc(300000) : frusa_alloc(&heap, 300000, 0));
}

void *site_released(void)
{
    return checked(by_malloc ? malloc(1000) : frusa_malloc(&heap, 1000));
}

static void release(void *p)
{
    if (by_malloc)
        free(p);
    else
        frusa_free(&heap, p);
}

/* What is live when the profile is written; static, so that no checker calls it lost. */
static void *kept[3][OBJECTS];

static void allocate(void)
{
    for (size_t i = 0; i < OBJECTS; i++) {
        kept[0][i] = site_small();
        kept[1][i] = site_medium();
        if (i % 100 == 0)
            kept[2][i] = site_large();
        release(site_released());
    }
    for (size_t i = 0; i < OBJECTS / 2; i++) {
        release(kept[1][i]);
        kept[1][i] = NULL;
    }
}

static void tell(const char *function, size_t live, size_t all)
{
    printf("%s %zu %zu\n", function, live, all);
}

static void fail(const char *what)
{
    fprintf(stderr, "known_sites: %s: %s\n", what, strerror(errno));
    exit(1);
}

int main(int argc, char **argv)
{
    by_malloc = argc > 1 && strcmp(argv[1], "malloc") == 0;
    if (argc < 2)
        return 2;
    if (!by_malloc && frusa_profile_start(&heap, strtoul(argv[1], NULL, 10)) != 0)
        fail("frusa_profile_start");
    allocate();
    tell("site_small", (size_t)OBJECTS * 100, (size_t)OBJECTS * 100);
    tell("site_medium", (size_t)OBJECTS / 2 * 3000, (size_t)OBJECTS * 3000);
    tell("site_large", (size_t)OBJECTS / 100 * 300000, (size_t)OBJECTS / 100 * 300000);
    tell("site_released", 0, (size_t)OBJECTS * 1000);
    for (int i = 2; i < argc; i++)
        if (frusa_profile_write(&heap, argv[i]) != 0)
            fail(argv[i]);
    return 0;
}
