/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* What the misuse programs share. */
#include "misuse.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

static const struct mode {
    const char *name;
    unsigned flags;
    const char *finder; /* the call that finds what the mistaken call did not; NULL: none */
} modes[] = {
    {"checked", FRUSA_CHECKED, NULL},   {"uncached", FRUSA_NO_THREAD_CACHE, NULL},
    {"flush", 0, "frusa_thread_flush"}, {"reclaim", 0, "frusa_reclaim"},
    {"elsewhere", 0, "frusa_reclaim"},
};
static const struct mode *mode;
static struct frusa_config config = FRUSA_CONFIG_INIT;

const struct frusa_config *misuse_config(void)
{
    return &config;
}

frusa_t *misuse_begin(int argc, char **argv)
{
    for (size_t i = 0; argc == 2 && i < sizeof(modes) / sizeof(modes[0]); i++)
        if (strcmp(argv[1], modes[i].name) == 0)
            mode = &modes[i];
    if (mode == NULL) {
        fprintf(stderr, "usage: %s checked|uncached|flush|reclaim|elsewhere\n", argv[0]);
        exit(2);
    }
    const struct rlimit no_core_files = {0, 0};
    setrlimit(RLIMIT_CORE, &no_core_files);
    alarm(120); /* hung */
    config.flags = mode->flags;
    frusa_t *f = frusa_create_with(NULL, &config);
    if (f == NULL)
        exit(2);
    return f;
}

frusa_t *misuse_begin_checked(int argc, char **argv)
{
    frusa_t *f = misuse_begin(argc, argv);
    if (!(config.flags & FRUSA_CHECKED))
        exit(77);
    return f;
}

void misuse_expect(const char *call, const char *kind, const void *pointer)
{
    printf("frusa: %s: %s: %p\n", call, kind, pointer);
    if (mode->finder != NULL)
        printf("frusa: %s: %s: %p\n", mode->finder, kind, pointer);
    fflush(stdout);
}

void *misuse_alloc(frusa_t *f, size_t size)
{
    void *p = frusa_alloc(f, size, 0);
    if (p == NULL)
        exit(2);
    memset(p, 0x33, size);
    return p;
}

static void *reclaim(void *f)
{
    frusa_reclaim(f);
    return NULL;
}

int misuse_end(frusa_t *f)
{
    pthread_t thread;
    if (strcmp(mode->name, "flush") == 0)
        frusa_thread_flush(f);
    else if (strcmp(mode->name, "reclaim") == 0)
        frusa_reclaim(f);
    else if (strcmp(mode->name, "elsewhere") == 0 && pthread_create(&thread, NULL, reclaim, f) == 0)
        pthread_join(thread, NULL);
    return EXIT_SUCCESS;
}
