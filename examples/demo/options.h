/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#ifndef DEMO_OPTIONS_H
#define DEMO_OPTIONS_H

#include <stddef.h>
#include <stdint.h>

/* The command line. */
struct options {
    const char **lookups; /* words to look up; owned */
    size_t n_lookups;
    uint64_t text;  /* bytes of text to index; 0: everything, once */
    uint64_t limit; /* of the instance, in bytes; 0: none */
    uint64_t seed;
    const char *svg;
    const char *on_malloc; /* run on malloc, which is this allocator's, and only report; or NULL */
    int no_others;         /* compare with no other allocator */
    char *const *files;    /* ends with NULL */
    int default_files;     /* none were given */
};

/*
 * Reads the command line. Returns -1 when the program is to go on, options_free then being due;
 * else the status to exit with, after help, the version or a message was printed.
 */
int options_parse(struct options *options, int argc, char **argv);

void options_free(struct options *options);

#endif /* DEMO_OPTIONS_H */
