/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * libuv on an instance of its own (uv_replace_allocator).
 *
 * What it buys: what the loop and its requests take goes back after a burst, whichever thread of
 * libuv's pool allocated it, though the loop and the pool live on. libuv wants errno kept when
 * an object is given back: frusa_free does so.
 */
#include "home.h"

#include <uv.h>

/* ---- The home: what a program copies -------------------------------------------------------- */

static frusa_t heap = FRUSA_INITIALIZER(NULL, NULL);

static void *home_malloc(size_t size)
{
    return frusa_malloc(&heap, size);
}

static void *home_realloc(void *ptr, size_t size)
{
    return frusa_resize(&heap, ptr, size);
}

static void *home_calloc(size_t n, size_t size)
{
    return frusa_calloc(&heap, n, size);
}

static void home_free(void *ptr)
{
    frusa_free(&heap, ptr);
}

/* Must come before any other call of libuv. */
static int install_home(void)
{
    return uv_replace_allocator(home_malloc, home_realloc, home_calloc, home_free);
}

/* ---- The check ------------------------------------------------------------------------------ */

#define REQUESTS 20000

static int answers;

static void answer(uv_fs_t *request)
{
    answers += request->result == 0 && S_ISDIR(request->statbuf.st_mode);
    uv_fs_req_cleanup(request);
    frusa_dealloc(&heap, request, sizeof *request, 0);
}

/* Requests that libuv's threads work on; libuv copies each path. The program's part of a request
 * lies in the same instance. */
static void ask(uv_loop_t *loop)
{
    for (int i = 0; i < REQUESTS; i++) {
        uv_fs_t *request = frusa_alloc(&heap, sizeof *request, 0);
        CHECK(request != NULL);
        CHECK(uv_fs_stat(loop, request, "/usr/share/doc/../../lib/../share", answer) == 0);
    }
}

int main(void)
{
    CHECK(install_home() == 0);
    uv_loop_t *loop = uv_default_loop();
    CHECK(loop != NULL);
    ask(loop);
    size_t peak = held(&heap);
    uv_run(loop, UV_RUN_DEFAULT);
    CHECK(answers == REQUESTS);

    frusa_reclaim(&heap);
    CHECK(held(&heap) < peak / 10);
    printf("%d requests at once: %.1f MiB held, %.0f KiB after them, the loop still open\n",
           REQUESTS, peak / MIB, held(&heap) / KIB);
    CHECK(uv_loop_close(loop) == 0);
    return 0;
}
