/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "report.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <frusa.h>

#include "environment.h"
#include "exit_path.h"
#include "heap.h"
#include "port/error.h"
#include "report_file.h"

/* Writes it all, as far as the system lets. */
static void write_out(int fd, const char *text, size_t length)
{
    while (length) {
        ssize_t n = write(fd, text, length);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return;
        text += n;
        length -= (size_t)n;
    }
}

/* A row of the table, in KiB: what a person compares. */
static size_t add_row(char *at, size_t room, const char *name, size_t bytes)
{
    int n = snprintf(at, room, "  %-34s %12zu KiB\n", name, (bytes + 1023) / 1024);
    return n < 0 || (size_t)n >= room ? 0 : (size_t)n;
}

void fr_report_text(int fd)
{
    char text[1536];
    size_t used = 0;
    struct frusa_stats s;
    int saved = fr_save_errno();
    if (frusa_get_stats(&fr_malloc_heap, &s) == 0) {
        const struct {
            const char *name;
            size_t bytes;
        } rows[] = {
            {"held from the system for spans", s.allocated_from_fallback},
            {"  in use", s.in_use},
            {"  in caches of threads", s.cached},
            {"  metadata", s.allocated_metadata},
            {"  purged", s.purged},
            {"large objects", s.large},
            {"peak of both", s.peak_allocated},
            {"given back by reclaim", s.reclaimed_total},
        };
        int n = snprintf(text, sizeof(text), "frusa %s, %.64s, process %ld:\n", frusa_version(),
                         program_invocation_short_name, (long)getpid());
        used = n > 0 ? (size_t)n : 0;
        for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
            used += add_row(text + used, sizeof(text) - used, rows[i].name, rows[i].bytes);
        n = snprintf(text + used, sizeof(text) - used, "  %-34s %12zu, %zu back\n",
                     "blocks from the system", s.fallback_allocs, s.fallback_deallocs);
        used += n > 0 && (size_t)n < sizeof(text) - used ? (size_t)n : 0;
        write_out(fd, text, used);
    }
    fr_restore_errno(saved);
}

void fr_report_json(int fd)
{
    int saved = fr_save_errno();
    /* Rows may come between asking for the length and writing: then there is room for some more. */
    size_t room = frusa_stats_json(&fr_malloc_heap, NULL, 0) + 65536;
    char *text = mmap(NULL, room, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (text != MAP_FAILED) {
        size_t length = frusa_stats_json(&fr_malloc_heap, text, room);
        if (length < room - 1) {
            text[length++] = '\n';
            write_out(fd, text, length);
        }
        munmap(text, room);
    }
    fr_restore_errno(saved);
}

/* ---- At exit
 * ------------------------------------------------------------------------------------- */

/* Where to: nowhere, to standard error, or to a file. Set before main, read at exit. */
static enum { NOWHERE, STANDARD_ERROR, TO_FILE } destination;

/* Standard error under a number that programs which close their own leave alone, and what it
 * was. */
static int error_fd = -1;
static struct stat error_file;

/* Beyond what programs use by number. */
#define ERROR_FD_LEAST 250

static struct fr_exit_path path;

void fr_report_prepare(const char *file, size_t length)
{
    if (length == 1 && file[0] == '-') {
        error_fd = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, ERROR_FD_LEAST);
        if (error_fd >= 0 && fstat(error_fd, &error_file) == 0)
            destination = STANDARD_ERROR;
    } else if (length && fr_exit_path_set(&path, file, length)) {
        destination = TO_FILE;
    }
}

/* The program may have closed every descriptor, and opened others. */
static int is_still_standard_error(void)
{
    struct stat now;
    return fstat(error_fd, &now) == 0 && now.st_dev == error_file.st_dev &&
           now.st_ino == error_file.st_ino;
}

/*
 * Nothing is written with more rights than the user's who started the process: the directory and
 * the environment are that user's choice.
 */
static void write_file(void)
{
    static char name[PATH_MAX]; /* not on the stack: whoever calls exit may have little of it */
    int fd = -1;
    if (!fr_environment_is_foreign() && fr_exit_path_expand(&path, name, sizeof(name)))
        fd = fr_report_file_open(name);
    if (fd < 0)
        return;
    fr_report_json(fd);
    close(fd);
}

/* A thread that calls exit with a request for its cancellation pending must not end in the
 * middle. */
void fr_report_at_exit(void)
{
    int saved = fr_save_errno();
    int state;
    pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &state);
    if (destination == STANDARD_ERROR && is_still_standard_error())
        fr_report_text(error_fd);
    else if (destination == TO_FILE)
        write_file();
    pthread_setcancelstate(state, NULL);
    fr_restore_errno(saved);
}
