/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Reads the environment variables of the tests; the watchdog. */
#include "environment.h"
#include "tools.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* How much slower than natively the tests run, roughly. */
static double tool_slowdown(void)
{
    if (tool_is_valgrind())
        return 40;
    if (TOOL_TSAN)
        return 10;
    if (TOOL_ASAN)
        return 4;
    return 1;
}

size_t env_scale(size_t full, size_t least)
{
    const char *text = getenv("FRUSA_TEST_SCALE");
    double factor = text != NULL ? strtod(text, NULL) : 0;
    if (factor <= 0)
        factor = 1 / tool_slowdown();
    double scaled = (double)full * factor;
    return scaled < (double)least ? least : (size_t)scaled;
}

static int seed_from_environment(uint64_t *seed)
{
    const char *text = getenv("FRUSA_TEST_SEED");
    if (text == NULL || *text == '\0')
        return 0;
    *seed = strtoull(text, NULL, 0);
    return 1;
}

uint64_t env_seed(uint64_t fallback_seed)
{
    uint64_t seed;
    return seed_from_environment(&seed) ? seed : fallback_seed;
}

uint64_t env_fresh_seed(const char *program)
{
    uint64_t seed;
    if (!seed_from_environment(&seed)) {
        struct timespec now;
        clock_gettime(CLOCK_REALTIME, &now);
        seed = (uint64_t)now.tv_sec * 1000003u ^ (uint64_t)now.tv_nsec ^ (uint64_t)getpid() << 40;
    }
    printf("%s: FRUSA_TEST_SEED=0x%llx repeats this run\n", program, (unsigned long long)seed);
    fflush(stdout);
    return seed;
}

unsigned env_seconds(unsigned usual)
{
    const char *text = getenv("FRUSA_TEST_SECONDS");
    unsigned long seconds = text != NULL ? strtoul(text, NULL, 10) : 0;
    return seconds > 0 ? (unsigned)seconds : usual;
}

int env_child_may_use_malloc(void)
{
    return !TOOL_ASAN && !TOOL_TSAN;
}

int env_child_may_start_threads(void)
{
    return env_child_may_use_malloc() && getenv("FRUSA_TEST_EMULATED") == NULL;
}

unsigned env_watchdog_seconds(void)
{
    const char *text = getenv("FRUSA_TEST_WATCHDOG");
    unsigned long seconds = text != NULL ? strtoul(text, NULL, 10) : 0;
    if (seconds > 0)
        return (unsigned)seconds;
    return tool_slowdown() > 1 ? 900 : 120;
}

static char watchdog_message[128];

static void watchdog_bark(int sig)
{
    (void)sig;
    ssize_t written = write(STDERR_FILENO, watchdog_message, strlen(watchdog_message));
    _exit(written > 0 ? 124 : 125);
}

void watchdog_start(const char *program, unsigned extra)
{
    unsigned seconds = env_watchdog_seconds() + extra;
    snprintf(watchdog_message, sizeof(watchdog_message), "%s: still running after %u s: hung\n",
             program, seconds);
    struct sigaction action;
    memset(&action, 0, sizeof(action));
    action.sa_handler = watchdog_bark;
    sigaction(SIGALRM, &action, NULL);
    alarm(seconds);
}
