/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Reading the input: finds the text files under the given paths and hands their words, one by one,
 * to a sink. A word is a run of letters, digits and underscores of ASCII, [A-Za-z0-9_]+. A file
 * that holds a zero byte is binary and is skipped. Symbolic links are followed where the caller
 * names them and nowhere else, so there are no loops.
 */
#ifndef DEMO_CORPUS_H
#define DEMO_CORPUS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What to read. */
struct corpus {
    char *const *paths;  /* files and directories; a NULL ends the list */
    bool may_be_missing; /* a path that does not exist is no trouble */
    /* Stop after as many bytes, and read everything again and again until then; 0: read it once. */
    uint64_t text;
};

/* Where the words go. Both calls return 0, or a positive value to stop the reading. */
struct word_sink {
    int (*file)(void *arg, const char *path, uint32_t pass); /* words of this file follow */
    int (*word)(void *arg, const char *text, size_t length); /* not zero-terminated */
    void *arg;
};

/* What was read. Files are counted once, however often they were read. */
struct corpus_totals {
    uint64_t bytes; /* of text, all passes */
    uint32_t passes;
    size_t files;
    size_t binary;
    size_t unreadable; /* each was named on standard error */
    bool cut;          /* there is more text than was asked for */
    bool named_failed; /* a path that the caller gave could not be read */
};

/* Returns whether c belongs to a word. */
bool corpus_is_word_char(unsigned char c);

/*
 * Reads the corpus. Returns 0 when it is through; what the sink returned when that stopped it; or
 * -1 when there is no memory to read with. *totals tells in every case what was read.
 */
int corpus_read(const struct corpus *corpus, const struct word_sink *sink,
                struct corpus_totals *totals);

#endif /* DEMO_CORPUS_H */
