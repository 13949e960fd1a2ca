/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Memory shared with other processes (memfd_create) as a fallback.
 *
 * What it buys: another process reads the objects where they are. Nothing is copied, encoded or
 * sent. Objects refer to each other by offsets, because the other process has the memory at
 * another address.
 *
 * Only this process allocates. It must not fork, because the child would share the instance's own
 * data: posix_spawn starts other programs.
 */
#define _GNU_SOURCE
#include "home.h"

#include <spawn.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

/* ---- The home: what a program copies -------------------------------------------------------- */

struct home {
    struct frusa_arena arena;
    int fd;
    char *start;
};

/* Makes the shared memory; its pages come into being when they are first used. */
static frusa_t *home_create(struct home *home, size_t size)
{
    home->fd = memfd_create("frusa", 0);
    if (home->fd < 0 || ftruncate(home->fd, (off_t)size) != 0)
        return NULL;
    home->start = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, home->fd, 0);
    if (home->start == MAP_FAILED || frusa_arena_init(&home->arena, home->start, size) != 0)
        return NULL;
    return frusa_create(&home->arena.ops);
}

/* ---- The check ------------------------------------------------------------------------------ */

#define SIZE    (16 << 20)
#define RECORDS 20000

struct record {
    size_t next; /* offset; 0: none */
    size_t number;
    char text[48];
};

/* A list of records, the last one first. Returns the offset of its head. */
static size_t write_records(const struct home *home, frusa_t *heap)
{
    size_t head = 0;
    for (size_t i = 1; i <= RECORDS; i++) {
        struct record *record = frusa_alloc(heap, sizeof *record, 0);
        CHECK(record != NULL);
        record->next = head, record->number = i;
        snprintf(record->text, sizeof record->text, "record %zu", i);
        head = (size_t)((char *)record - home->start);
    }
    return head;
}

/* The other process: it may read the memory, and nothing else. */
static int read_records(int fd, size_t head)
{
    const char *start = mmap(NULL, SIZE, PROT_READ, MAP_SHARED, fd, 0);
    CHECK(start != MAP_FAILED);
    size_t count = 0, sum = 0;
    for (size_t at = head; at != 0; count++) {
        const struct record *record = (const struct record *)(start + at);
        char expected[48];
        snprintf(expected, sizeof expected, "record %zu", record->number);
        CHECK(strcmp(record->text, expected) == 0);
        sum += record->number;
        at = record->next;
    }
    CHECK(count == RECORDS && sum == (size_t)RECORDS * (RECORDS + 1) / 2);
    return 0;
}

/* Runs this program as the other process. */
static void start_reader(int fd, size_t head)
{
    char fd_text[24], head_text[24];
    char *arguments[] = {"memfd", fd_text, head_text, NULL};
    snprintf(fd_text, sizeof fd_text, "%d", fd);
    snprintf(head_text, sizeof head_text, "%zu", head);
    pid_t reader;
    int status;
    CHECK(posix_spawn(&reader, "/proc/self/exe", NULL, NULL, arguments, environ) == 0);
    CHECK(waitpid(reader, &status, 0) == reader && status == 0);
}

int main(int argc, char **argv)
{
    if (argc == 3)
        return read_records(atoi(argv[1]), strtoul(argv[2], NULL, 10));

    struct home home;
    frusa_t *heap = home_create(&home, SIZE);
    CHECK(heap != NULL);
    size_t head = write_records(&home, heap);
    start_reader(home.fd, head);
    printf("%d records in %.1f MiB, read by another process where they are: 0 bytes copied\n",
           RECORDS, held(heap) / MIB);
    frusa_destroy(heap);
    return 0;
}
