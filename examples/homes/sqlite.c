/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * SQLite on an instance of its own (SQLITE_CONFIG_MALLOC).
 *
 * What it buys: the memory of all databases has a limit and figures of its own. At the limit SQLite
 * reports SQLITE_NOMEM, and the database stays usable. After the last use all of it goes back.
 */
#include "home.h"

#include <sqlite3.h>

/* ---- The home: what a program copies -------------------------------------------------------- */

static const struct frusa_config options = {.limit = 64 << 20};
static frusa_t heap = FRUSA_INITIALIZER(NULL, &options);

static void *home_malloc(int size)
{
    return frusa_malloc(&heap, (size_t)size);
}

static void home_free(void *ptr)
{
    frusa_free(&heap, ptr);
}

static void *home_realloc(void *ptr, int size)
{
    return frusa_resize(&heap, ptr, (size_t)size);
}

static int home_size(void *ptr)
{
    return (int)frusa_usable_size(&heap, ptr);
}

/* SQLite uses the bytes up to the size class when it knows of them. */
static int home_roundup(int size)
{
    return (int)frusa_good_size(&heap, (size_t)size, 0);
}

/* A static instance needs no preparation. */
static int home_init(void *data)
{
    (void)data;
    return SQLITE_OK;
}

static void home_shutdown(void *data)
{
    (void)data;
    frusa_reclaim(&heap);
}

/* Must come before any other call of SQLite. */
static int install_home(void)
{
    static sqlite3_mem_methods methods = {home_malloc,  home_free, home_realloc,  home_size,
                                          home_roundup, home_init, home_shutdown, NULL};
    return sqlite3_config(SQLITE_CONFIG_MALLOC, &methods);
}

/* ---- The check ------------------------------------------------------------------------------ */

static void run(sqlite3 *db, const char *sql)
{
    CHECK(sqlite3_exec(db, sql, NULL, NULL, NULL) == SQLITE_OK);
}

static int count_rows(sqlite3 *db)
{
    sqlite3_stmt *statement;
    CHECK(sqlite3_prepare_v2(db, "SELECT count(*) FROM t", -1, &statement, NULL) == SQLITE_OK);
    CHECK(sqlite3_step(statement) == SQLITE_ROW);
    int count = sqlite3_column_int(statement, 0);
    sqlite3_finalize(statement);
    return count;
}

/* A database in memory of 100,000 rows with an index; then one row too many. */
int main(void)
{
    sqlite3 *db;
    CHECK(install_home() == SQLITE_OK);
    CHECK(sqlite3_open(":memory:", &db) == SQLITE_OK);
    run(db, "CREATE TABLE t(id INTEGER PRIMARY KEY, word TEXT); CREATE INDEX i ON t(word);"
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100000)"
            "INSERT INTO t SELECT i, printf('word %d', i * 7919 % 100000) FROM n");
    CHECK(count_rows(db) == 100000);
    size_t peak = held(&heap);

    int refused =
        sqlite3_exec(db, "INSERT INTO t(word) VALUES (zeroblob(100000000))", NULL, NULL, NULL);
    CHECK(refused == SQLITE_NOMEM);
    CHECK(count_rows(db) == 100000);

    CHECK(sqlite3_close(db) == SQLITE_OK);
    CHECK(sqlite3_shutdown() == SQLITE_OK);
    CHECK(held(&heap) < peak / 20);
    printf("100000 rows: %.1f MiB held, %.0f KiB after closing; a row of 95 MiB was refused at the "
           "limit of 64 MiB\n",
           peak / MIB, held(&heap) / KIB);
    return 0;
}
