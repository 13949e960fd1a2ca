/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * A Lua state on an instance of its own (lua_newstate).
 *
 * What it buys: a script has a limit, at which Lua raises "not enough memory" and goes on. What the
 * script dropped goes back while the state lives. A state whose finalizers do not matter ends
 * by frusa_destroy, which does not visit its objects. Lua names the size of each object that it
 * gives back, so that no call has to look it up.
 */
#include "home.h"

#include <lauxlib.h>
#include <lualib.h>
#include <time.h>

/* ---- The home: what a program copies -------------------------------------------------------- */

/* For a new object, `old_size` tells its kind instead of a size. */
static void *home_alloc(void *heap, void *ptr, size_t old_size, size_t new_size)
{
    if (ptr == NULL)
        return new_size == 0 ? NULL : frusa_alloc(heap, new_size, 0);
    if (new_size != 0)
        return frusa_realloc(heap, ptr, old_size, 0, new_size);
    frusa_dealloc(heap, ptr, old_size, 0);
    return NULL;
}

/* ---- The check ------------------------------------------------------------------------------ */

static const char *const fill = "t = {} for i = 1, 200000 do t[i] = {'entry ' .. i} end";
static const char *const thin = "for i = 1, 200000 do if i % 1000 ~= 0 then t[i] = nil end end "
                                "collectgarbage()";
static const char *const hunger = "local t = {} for i = 1, 1e7 do t[i] = {i} end";

static lua_State *open_state(frusa_t *heap)
{
    lua_State *state = lua_newstate(home_alloc, heap);
    CHECK(state != NULL);
    luaL_openlibs(state);
    return state;
}

static void run(lua_State *state, const char *script)
{
    CHECK(luaL_dostring(state, script) == LUA_OK);
}

/* What goes back while one entry in a thousand is in use. */
static void give_back(void)
{
    frusa_t *heap = frusa_create(NULL);
    CHECK(heap != NULL);
    lua_State *state = open_state(heap);
    run(state, fill);
    size_t peak = held(heap);
    run(state, thin);
    size_t given = frusa_reclaim(heap);
    CHECK(given > peak / 2);
    run(state, "assert(t[1000][1] == 'entry 1000')");
    printf("%.1f MiB held; one entry in 1000 kept: %.1f MiB went back; ", peak / MIB, given / MIB);
    lua_close(state);
    frusa_destroy(heap);
}

/* A script that runs into the limit; the state is usable afterwards. */
static void hit_limit(void)
{
    const struct frusa_config options = {.limit = 8 << 20};
    frusa_t *heap = frusa_create_with(NULL, &options);
    CHECK(heap != NULL);
    lua_State *state = open_state(heap);
    CHECK(luaL_dostring(state, hunger) != LUA_OK);
    CHECK(strcmp(lua_tostring(state, -1), "not enough memory") == 0);
    run(state, "s = string.rep('x', 1000000) assert(#s == 1000000)");
    printf("limit of 8 MiB: \"not enough memory\"; ");
    lua_close(state);
    frusa_destroy(heap);
}

static double milliseconds_since(struct timespec start)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (now.tv_sec - start.tv_sec) * 1e3 + (now.tv_nsec - start.tv_nsec) / 1e6;
}

/* How long it takes to end a state of 200,000 entries, by lua_close or without. */
static double end_state(int by_lua)
{
    frusa_t *heap = frusa_create(NULL);
    CHECK(heap != NULL);
    lua_State *state = open_state(heap);
    run(state, fill);
    struct timespec start;
    clock_gettime(CLOCK_MONOTONIC, &start);
    if (by_lua)
        lua_close(state);
    frusa_destroy(heap);
    return milliseconds_since(start);
}

int main(void)
{
    give_back();
    hit_limit();
    printf("ended by lua_close in %.1f ms, ", end_state(1));
    printf("by frusa_destroy alone in %.1f ms\n", end_state(0));
    return 0;
}
