/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "corpus.h"

#include "complain.h"

#include <errno.h>
#include <fcntl.h>
#include <fts.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FIRST_BUFFER ((size_t)65536)

/* One reading of the corpus. */
struct reader {
    const struct corpus *corpus;
    const struct word_sink *sink;
    struct corpus_totals *totals;
    char *buffer; /* holds the longest word and something of what follows */
    size_t room;
    uint32_t pass;
};

/* How the reading of one file ended, besides what the sink returned. */
enum {
    READ_DONE = 0,
    NO_MEMORY = -1,
    READ_ERROR = -2, /* with errno */
};

bool corpus_is_word_char(unsigned char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

/* Bytes that may still be read. */
static uint64_t budget(const struct reader *r)
{
    return r->corpus->text == 0 ? UINT64_MAX : r->corpus->text - r->totals->bytes;
}

static ssize_t read_retrying(int fd, void *buffer, size_t size)
{
    ssize_t n;
    do {
        n = read(fd, buffer, size);
    } while (n < 0 && errno == EINTR);
    return n;
}

/* ------------------------------------------------------------------------------------------------
 * One file
 */

/* Returns 1 when what would be read of the file holds a zero byte, 0 when not; or READ_ERROR. */
static int is_binary(struct reader *r, int fd)
{
    uint64_t left = budget(r);
    while (left > 0) {
        size_t want = left < r->room ? (size_t)left : r->room;
        ssize_t n = read_retrying(fd, r->buffer, want);
        if (n < 0) {
            return READ_ERROR;
        }
        if (n == 0) {
            break;
        }
        if (memchr(r->buffer, 0, (size_t)n) != NULL) {
            return 1;
        }
        left -= (uint64_t)n;
    }
    return lseek(fd, 0, SEEK_SET) == 0 ? 0 : READ_ERROR;
}

/* Hands over the words of the buffer's first `length` bytes, but keeps one that reaches their end:
 * it is moved to the front and its length goes to *kept. */
static int emit_words(struct reader *r, size_t length, size_t *kept)
{
    size_t start = 0;
    for (size_t i = 0; i < length; i++) {
        if (corpus_is_word_char((unsigned char)r->buffer[i])) {
            continue;
        }
        if (i > start) {
            int rc = r->sink->word(r->sink->arg, r->buffer + start, i - start);
            if (rc != 0) {
                return rc;
            }
        }
        start = i + 1;
    }
    *kept = length - start;
    memmove(r->buffer, r->buffer + start, *kept);
    return READ_DONE;
}

/* Doubles the buffer when a word fills it. */
static int make_room(struct reader *r, size_t kept)
{
    if (kept < r->room) {
        return READ_DONE;
    }
    char *buffer = realloc(r->buffer, 2 * r->room);
    if (buffer == NULL) {
        return NO_MEMORY;
    }
    r->buffer = buffer;
    r->room *= 2;
    return READ_DONE;
}

/* The budget is used up with a word in hand: it counts if it ends here. */
static int emit_last(struct reader *r, int fd, size_t kept)
{
    unsigned char next;
    ssize_t n = read_retrying(fd, &next, 1);
    if (n < 0) {
        return READ_ERROR;
    }
    r->totals->cut |= n == 1;
    if (kept == 0 || (n == 1 && corpus_is_word_char(next))) {
        return READ_DONE;
    }
    return r->sink->word(r->sink->arg, r->buffer, kept);
}

static int read_words(struct reader *r, int fd)
{
    size_t kept = 0;
    for (;;) {
        int rc = make_room(r, kept);
        if (rc != READ_DONE) {
            return rc;
        }
        uint64_t left = budget(r);
        if (left == 0) {
            return emit_last(r, fd, kept);
        }
        size_t want = left < r->room - kept ? (size_t)left : r->room - kept;
        ssize_t n = read_retrying(fd, r->buffer + kept, want);
        if (n < 0) {
            return READ_ERROR;
        }
        if (n == 0) {
            return kept == 0 ? READ_DONE : r->sink->word(r->sink->arg, r->buffer, kept);
        }
        r->totals->bytes += (uint64_t)n;
        rc = emit_words(r, kept + (size_t)n, &kept);
        if (rc != READ_DONE) {
            return rc;
        }
    }
}

static int read_open_file(struct reader *r, int fd, const char *path)
{
    int binary = is_binary(r, fd);
    if (binary < 0) {
        return binary;
    }
    if (binary) {
        r->totals->binary += r->pass == 0;
        return READ_DONE;
    }
    r->totals->files += r->pass == 0;
    int rc = r->sink->file(r->sink->arg, path, r->pass);
    return rc != 0 ? rc : read_words(r, fd);
}

/* ------------------------------------------------------------------------------------------------
 * All files
 */

/* Files may come and go: what cannot be read is told once and passed over. */
static void note_unreadable(struct reader *r, const FTSENT *entry, int error)
{
    if (r->pass > 0) {
        return;
    }
    complain("%s: %s", entry->fts_path, strerror(error));
    r->totals->unreadable++;
    r->totals->named_failed |= entry->fts_level == FTS_ROOTLEVEL;
}

static int read_file(struct reader *r, const FTSENT *entry)
{
    int rc = READ_ERROR;
    int fd = open(entry->fts_accpath, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (fd >= 0) {
        rc = read_open_file(r, fd, entry->fts_path);
    }
    int error = errno;
    if (fd >= 0) {
        (void)close(fd);
    }
    if (rc == READ_ERROR) {
        note_unreadable(r, entry, error);
        return READ_DONE;
    }
    return rc;
}

static int visit(struct reader *r, const FTSENT *entry)
{
    bool named = entry->fts_level == FTS_ROOTLEVEL;
    switch (entry->fts_info) {
    case FTS_F:
        return read_file(r, entry);
    case FTS_NS:
    case FTS_ERR:
    case FTS_DNR:
        if (!(named && entry->fts_errno == ENOENT && r->corpus->may_be_missing)) {
            note_unreadable(r, entry, entry->fts_errno);
        }
        return READ_DONE;
    case FTS_SLNONE: /* a link to nothing, a device, a pipe: trouble only if it was asked for */
    case FTS_DEFAULT:
        if (named) {
            note_unreadable(r, entry, entry->fts_info == FTS_SLNONE ? ENOENT : EINVAL);
        }
        return READ_DONE;
    default:
        return READ_DONE;
    }
}

/* Directories are read in the order of their names, so that a run can be repeated. */
static int by_name(const FTSENT **a, const FTSENT **b)
{
    return strcmp((*a)->fts_name, (*b)->fts_name);
}

/* Reads one of the caller's paths and all that is under it. */
static int read_path(struct reader *r, char *path)
{
    char *paths[] = {path, NULL};
    FTS *walk = fts_open(paths, FTS_PHYSICAL | FTS_COMFOLLOW | FTS_NOCHDIR, by_name);
    if (walk == NULL) {
        return NO_MEMORY;
    }
    int rc = READ_DONE;
    const FTSENT *entry;
    while (rc == READ_DONE && (errno = 0, entry = fts_read(walk)) != NULL) {
        if (budget(r) == 0) {
            r->totals->cut |= entry->fts_info == FTS_F;
            break;
        }
        rc = visit(r, entry);
    }
    if (rc == READ_DONE && entry == NULL && errno != 0) {
        rc = errno == ENOMEM ? NO_MEMORY : READ_ERROR;
        complain("%s: %s", path, strerror(errno));
        r->totals->named_failed = true;
    }
    (void)fts_close(walk);
    return rc;
}

/* The caller's paths are read in the caller's order. */
static int read_pass(struct reader *r)
{
    for (char *const *path = r->corpus->paths; *path != NULL; path++) {
        int rc = read_path(r, *path);
        if (rc != READ_DONE && rc != READ_ERROR) {
            return rc;
        }
    }
    return READ_DONE;
}

int corpus_read(const struct corpus *corpus, const struct word_sink *sink,
                struct corpus_totals *totals)
{
    *totals = (struct corpus_totals){0};
    struct reader r = {.corpus = corpus, .sink = sink, .totals = totals, .room = FIRST_BUFFER};
    r.buffer = malloc(r.room);
    if (r.buffer == NULL) {
        return NO_MEMORY;
    }
    int rc;
    uint64_t before;
    do {
        before = totals->bytes;
        r.pass = totals->passes++;
        rc = read_pass(&r);
    } while (rc == READ_DONE && corpus->text != 0 && budget(&r) > 0 && totals->bytes > before);
    free(r.buffer);
    return rc;
}
