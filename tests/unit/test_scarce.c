/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The first use of an instance in a process that the system grants only a few MiB more. Each case
 * runs in a process of its own. */
#include <frusa.h>

#include "port/pages.h"
#include "support/child.h"
#include "support/mappings.h"
#include "support/require.h"
#include "support/tools.h"
#include "unit/runner.h"

#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#define KIB ((size_t)1024)
#define MIB (KIB * KIB)

enum { OBJECT = 1000, NOBODY = 65534 };

/* A leaf of the page map, and what the smallest heap takes beside it. */
#define LEAST (2 * MIB + 256 * KIB)

static int other_memory_is_in_the_way(void)
{
    return TOOL_ASAN || TOOL_TSAN || tool_is_valgrind() || sizeof(void *) < 8;
}

/* Fills objects until the instance refuses; returns the bytes. */
static size_t fill(frusa_t *f)
{
    size_t got = 0;
    void *p;
    while (got < 64 * MIB && (p = frusa_malloc(f, OBJECT)) != NULL) {
        memset(p, 1, OBJECT);
        got += OBJECT;
    }
    return got;
}

/* Most of what is granted beyond the least can be used for objects; small limits are coarse. */
static void require_use_of(size_t granted)
{
    static frusa_t heap = FRUSA_INITIALIZER(NULL, NULL);
    size_t got = fill(&heap);
    REQUIRE_MSG(got > 0, "the first allocation fails with %zu KiB left", granted / KIB);
    REQUIRE_MSG(got >= (granted - LEAST) / 4 * 3, "%zu KiB of %zu", got / KIB, granted / KIB);
    frusa_destroy(&heap);
    REQUIRE(frusa_malloc(&heap, OBJECT) != NULL);
}

static void use_little_address_space(void *arg)
{
    size_t granted = *(const size_t *)arg;
    size_t bytes = mappings_address_space() + granted;
    struct rlimit limit = {bytes, bytes}, now;
    if (setrlimit(RLIMIT_AS, &limit) != 0)
        return;
    if (getrlimit(RLIMIT_AS, &now) != 0 || now.rlim_cur != bytes)
        return; /* an emulator, whose own memory is in the way */
    require_use_of(granted);
}

static void use_little_locked_memory(void *arg)
{
    size_t granted = *(const size_t *)arg;
    struct rlimit limit = {granted, granted};
    /* Root may lock what it likes. */
    if (setrlimit(RLIMIT_MEMLOCK, &limit) != 0 || (geteuid() == 0 && setuid(NOBODY) != 0) ||
        mlockall(MCL_FUTURE) != 0)
        return;
    require_use_of(granted);
}

static void try_all(void (*use)(void *))
{
    if (other_memory_is_in_the_way() || fr_page_size() > 4096)
        return; /* larger pages need more */
    for (size_t granted = LEAST; granted <= 13 * MIB; granted += 256 * KIB)
        child_run(use, &granted);
}

START_TEST(test_little_address_space)
{
    try_all(use_little_address_space);
}
END_TEST

START_TEST(test_little_locked_memory)
{
    try_all(use_little_locked_memory);
}
END_TEST

RUNNER_MAIN("scarce", test_little_address_space, test_little_locked_memory)
