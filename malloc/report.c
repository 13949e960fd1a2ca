/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "report.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <frusa.h>

#include "environment.h"
#include "exit_path.h"
#include "heap.h"
#include "page.h"
#include "port/atomic.h"
#include "port/error.h"
#include "report_file.h"

static size_t kib(size_t bytes)
{
    return bytes / 1024 + (bytes % 1024 >= 512);
}

/* A line of the table, without its end: what a person compares. */
static void add_number(struct fr_page *page, const char *name, size_t value)
{
    size_t line = page->used;
    fr_page_say(page, "  ");
    fr_page_say(page, name);
    fr_page_pad(page, line, 37);
    fr_page_number(page, value, 12);
}

static void add_kib(struct fr_page *page, const char *name, size_t value)
{
    add_number(page, name, value);
    fr_page_say(page, " KiB\n");
}

static void add_counts(struct fr_page *page, const char *name, size_t value, size_t other,
                       const char *other_name)
{
    add_number(page, name, value);
    fr_page_say(page, ", ");
    fr_page_say(page, other_name);
    fr_page_say(page, " ");
    fr_page_number(page, other, 0);
    fr_page_say(page, "\n");
}

/* What is held, by use. Each row is the difference of two rounded sums, so that the rows add up to
 * the last one as a reader sees them. */
static void add_sum(struct fr_page *page, const struct frusa_stats *s)
{
    const struct {
        const char *name;
        size_t bytes;
    } rows[] = {
        {"live objects", s->in_use - s->in_use_metadata},
        {"live large objects", s->large},
        {"free, in caches of threads", s->cached},
        {"free, in spans", s->free_in_spans},
        {"free, kept for reuse", s->kept},
        {"metadata in use", s->in_use_metadata},
        {"metadata free", s->allocated_metadata > s->in_use_metadata
                              ? s->allocated_metadata - s->in_use_metadata
                              : 0},
    };
    size_t sum = 0;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        size_t before = kib(sum);
        sum += rows[i].bytes;
        add_kib(page, rows[i].name, kib(sum) - before);
    }
    add_kib(page, "= held from the system", kib(sum));
}

static void add_title(struct fr_page *page)
{
    fr_page_say(page, "frusa ");
    fr_page_say(page, frusa_version());
    fr_page_say(page, ", ");
    fr_page_add(page, program_invocation_short_name, strnlen(program_invocation_short_name, 64));
    fr_page_say(page, ", process ");
    fr_page_number(page, (size_t)getpid(), 0);
    fr_page_say(page, ":\n");
}

void fr_report_text(int fd)
{
    struct fr_page page = {.used = 0};
    struct frusa_stats s;
    int saved = fr_save_errno();
    if (frusa_get_stats(&fr_malloc_heap, &s) == 0) {
        add_title(&page);
        add_sum(&page, &s);
        add_kib(&page, "of that purged, without memory", kib(s.purged));
        add_kib(&page, "most held at once", kib(s.peak_allocated));
        add_kib(&page, "given back by reclaim", kib(s.reclaimed_total));
        add_counts(&page, "blocks from the system", s.fallback_allocs, s.fallback_deallocs, "back");
        add_counts(&page, "requests refused", s.refused, s.fallback_failures, "by the system");
        fr_page_write(&page, fd);
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
            fr_write_all(fd, text, length);
        }
        munmap(text, room);
    }
    fr_restore_errno(saved);
}

/* ---- Where the option "stats" says ---- */

/* Nowhere, to standard error, or to a file. Set before main. */
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

/* Non-zero while a report is being written. */
static fr_atomic busy;

/* Another report is waited for this long. It may never end: this may be a signal handler that
 * interrupted it. */
#define PATIENCE_MS 100

static void wait_for_others(void)
{
    const struct timespec pause = {.tv_nsec = 1000000};
    for (int i = 0; i < PATIENCE_MS && !fr_cas_relaxed(&busy, 0, 1); i++)
        nanosleep(&pause, NULL);
}

int fr_report_is_wanted(void)
{
    return destination != NOWHERE;
}

/* A thread with a request for its cancellation pending must not end in the middle. */
void fr_report(void)
{
    int saved = fr_save_errno();
    int state;
    pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &state);
    wait_for_others();
    if (destination == STANDARD_ERROR && is_still_standard_error())
        fr_report_text(error_fd);
    else if (destination == TO_FILE)
        write_file();
    fr_store_relaxed(&busy, 0);
    pthread_setcancelstate(state, NULL);
    fr_restore_errno(saved);
}
