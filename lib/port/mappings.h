/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* What is mapped into the process, for those who want to know the function at an address later, in
 * another process. Hosted only. */
#ifndef FR_PORT_MAPPINGS_H
#define FR_PORT_MAPPINGS_H

#include <stddef.h>
#include <stdint.h>

/* Longer build ids are cut. */
#define FR_BUILD_ID_DIGITS 64

/* A mapping with code. */
struct fr_mapping {
    uintptr_t start;
    uintptr_t end;
    uint64_t offset;  /* in the file */
    const char *name; /* the file's path; not terminated */
    size_t name_length;
    char build_id[FR_BUILD_ID_DIGITS + 1]; /* in hexadecimal digits; empty: none */
};

struct fr_mappings {
    size_t text_room;
    char *text; /* all mappings, as the system writes them down; empty where it does not */
    size_t text_length;
    size_t room; /* bytes of the array */
    size_t n;
    struct fr_mapping *code; /* by ascending address */
};

/* 0: no memory. */
int fr_mappings_read(struct fr_mappings *m);
void fr_mappings_free(struct fr_mappings *m);

#endif /* FR_PORT_MAPPINGS_H */
