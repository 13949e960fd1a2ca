/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The text of FRUSA_OPTIONS, "name=value,name=value", made a structure. The text comes from the
 * environment and is not trusted: whatever it holds, each part is either a valid setting or
 * reported and ignored. Depends on nothing but the table of options and the reading of sizes.
 *
 * An option takes an entry in options.def. A kind of value takes a name and the type of its member
 * here, and a function that reads it in the table of kinds in options.c.
 */
#ifndef FR_MALLOC_OPTIONS_H
#define FR_MALLOC_OPTIONS_H

#include <stddef.h>

#include "size_text.h"

#define FR_UNLIMITED ((size_t)-1)

/* Of a PACE: one more than the longest interval, in milliseconds. It stands for "pressure". */
#define FR_PACE_MAX 86400001

enum fr_option_kind {
    FR_KIND_SIZE,
    FR_KIND_FLAG,
    FR_KIND_CHOICE,
    FR_KIND_PACE,
    FR_KIND_FILE,
    FR_KIND_PATH
};

/* A part of the text that was parsed, which has to stay, or a constant. */
struct fr_option_text {
    const char *start; /* NULL: empty */
    size_t length;
};

/* What frusa_profile_start takes at most. */
#define FR_PROFILE_MOST ((size_t)1 << (sizeof(size_t) > 4 ? 40 : 31))

#define FR_OPTION(kind, name, initial, low, high, values, helptext) +1
enum {
    FR_OPTION_COUNT = 0
#include "options.def"
};
#undef FR_OPTION

/* One member for each option. */
struct fr_options {
    const char *source;                   /* where the text that is parsed comes from */
    const char *sources[FR_OPTION_COUNT]; /* where each value comes from; NULL: the default */
#define FR_MEMBER_SIZE                                              size_t
#define FR_MEMBER_FLAG                                              size_t
#define FR_MEMBER_CHOICE                                            size_t
#define FR_MEMBER_PACE                                              size_t
#define FR_MEMBER_FILE                                              struct fr_option_text
#define FR_MEMBER_PATH                                              struct fr_option_text
#define FR_OPTION(kind, name, initial, low, high, values, helptext) FR_MEMBER_##kind name;
#include "options.def"
#undef FR_OPTION
#undef FR_MEMBER_SIZE
#undef FR_MEMBER_FLAG
#undef FR_MEMBER_CHOICE
#undef FR_MEMBER_PACE
#undef FR_MEMBER_FILE
#undef FR_MEMBER_PATH
};

/* Told about a part of the text, `length` bytes from `part` on, that is ignored, and why. Both
 * texts last as long as the call. */
typedef void fr_options_complain(const char *part, size_t length, const char *why);

/* Returns the value that the bare name of an option stands for; NULL: it needs a value. */
const char *fr_option_bare_value(enum fr_option_kind kind);

void fr_options_init(struct fr_options *options);

/* An option in force, as people read it. */
struct fr_option_state {
    const char *name;
    const char *source;          /* NULL: the default */
    struct fr_option_text value; /* perhaps in `room` */
    char room[FR_SIZE_ROOM];
};

/* Option `i`, below FR_OPTION_COUNT, in the order of the table. */
void fr_options_state(const struct fr_options *options, size_t i, struct fr_option_state *state);

/* Applies the text; NULL is as good as empty. Dashes and underscores in a name are the same. Of an
 * option that is set twice the last value holds. */
void fr_options_parse(struct fr_options *options, const char *text, fr_options_complain *complain);

#endif /* FR_MALLOC_OPTIONS_H */
