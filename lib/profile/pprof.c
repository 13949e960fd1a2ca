/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "profile/pprof.h"

#include <frusa.h>
#include <stdio.h>
#include <string.h>

#include "port/pages.h"
#include "profile/gap.h"

/* Fields of the messages, by number. */
enum profile_field {
    PROFILE_SAMPLE_TYPE = 1,
    PROFILE_SAMPLE,
    PROFILE_MAPPING,
    PROFILE_LOCATION,
    PROFILE_STRING_TABLE = 6,
    PROFILE_DROP_FRAMES,
    PROFILE_TIME_NANOS = 9,
    PROFILE_DURATION_NANOS,
    PROFILE_PERIOD_TYPE,
    PROFILE_PERIOD,
    PROFILE_COMMENT,
    PROFILE_DEFAULT_SAMPLE_TYPE
};
enum value_type_field { VALUE_TYPE_TYPE = 1, VALUE_TYPE_UNIT };
enum sample_field { SAMPLE_LOCATION_ID = 1, SAMPLE_VALUE };
enum mapping_field {
    MAPPING_ID = 1,
    MAPPING_START,
    MAPPING_LIMIT,
    MAPPING_OFFSET,
    MAPPING_FILENAME,
    MAPPING_BUILD_ID
};
enum location_field { LOCATION_ID = 1, LOCATION_MAPPING_ID, LOCATION_ADDRESS };

/* Strings by their index in the table; those of mappings follow, two for each. */
enum string {
    STRING_EMPTY,
    STRING_ALLOC_OBJECTS,
    STRING_ALLOC_SPACE,
    STRING_INUSE_OBJECTS,
    STRING_INUSE_SPACE,
    STRING_COUNT,
    STRING_BYTES,
    STRING_SPACE,
    STRING_DROP_FRAMES,
    STRING_VERSION,
    STRING_LOST,
    STRING_MAPPINGS
};

/* Frames of the allocator at the inner end, where they are in the stacks: of a program that holds
 * the library itself, and of libfrusa-malloc. */
static const char drop_frames[] =
    "fr_.*|frusa_.*|alloc_past_caches|alloc_slow|alloc_profiled|take_sample|malloc|calloc|realloc|"
    "reallocarray|memalign|aligned_alloc|posix_memalign|valloc|pvalloc|operator new.*";

struct writer {
    struct fr_buffer *out;
    struct fr_buffer part; /* a message within the message */
    const struct fr_mappings *mappings;
    /* Ids of locations by address, with linear probing. */
    const void **addresses;
    size_t *ids;
    size_t places; /* a power of two */
    size_t locations_n;
};

static void put_varint(struct fr_buffer *b, uint64_t n)
{
    unsigned char bytes[10];
    size_t used = 0;
    for (; n > 127; n >>= 7)
        bytes[used++] = (unsigned char)(n | 128);
    bytes[used++] = (unsigned char)n;
    fr_buffer_add(b, bytes, used);
}

/* A field of 0 is the same as none. */
static void put_number(struct fr_buffer *b, unsigned field, uint64_t n)
{
    if (n == 0)
        return;
    put_varint(b, (uint64_t)field << 3);
    put_varint(b, n);
}

static void put_bytes(struct fr_buffer *b, unsigned field, const void *bytes, size_t n)
{
    put_varint(b, (uint64_t)field << 3 | 2);
    put_varint(b, n);
    fr_buffer_add(b, bytes, n);
}

static void put_string(struct fr_buffer *b, const char *text)
{
    put_bytes(b, PROFILE_STRING_TABLE, text, strlen(text));
}

/* The message in `part` is complete. */
static void put_part(struct writer *w, unsigned field)
{
    put_bytes(w->out, field, w->part.start, w->part.used);
    w->part.used = 0;
}

static void put_type(struct writer *w, unsigned field, enum string type, enum string unit)
{
    put_number(&w->part, VALUE_TYPE_TYPE, type);
    put_number(&w->part, VALUE_TYPE_UNIT, unit);
    put_part(w, field);
}

static void put_mapping(struct writer *w, size_t i)
{
    const struct fr_mapping *m = &w->mappings->code[i];
    put_number(&w->part, MAPPING_ID, i + 1);
    put_number(&w->part, MAPPING_START, m->start);
    put_number(&w->part, MAPPING_LIMIT, m->end);
    put_number(&w->part, MAPPING_OFFSET, m->offset);
    put_number(&w->part, MAPPING_FILENAME, STRING_MAPPINGS + 2 * i);
    put_number(&w->part, MAPPING_BUILD_ID, STRING_MAPPINGS + 2 * i + 1);
    put_part(w, PROFILE_MAPPING);
}

/* The id of the mapping that holds an address; 0: none. */
static size_t mapping_of(const struct writer *w, uintptr_t address)
{
    for (size_t i = 0; i < w->mappings->n; i++)
        if (address >= w->mappings->code[i].start && address < w->mappings->code[i].end)
            return i + 1;
    return 0;
}

/* A return address may be that of the next function, so the byte before it stands for the call. */
static void put_location(struct writer *w, size_t id, const void *return_address)
{
    uintptr_t address = (uintptr_t)return_address - 1;
    put_number(&w->part, LOCATION_ID, id);
    put_number(&w->part, LOCATION_MAPPING_ID, mapping_of(w, address));
    put_number(&w->part, LOCATION_ADDRESS, address);
    put_part(w, PROFILE_LOCATION);
}

/* Where an address is in the table, or its place is. */
static size_t place_of(const struct writer *w, const void *address)
{
    size_t place = (size_t)(((uint64_t)(uintptr_t)address * 0x9e3779b97f4a7c15u) >> 20);
    for (;; place++) {
        place &= w->places - 1;
        if (!w->ids[place] || w->addresses[place] == address)
            return place;
    }
}

/* Writes the locations of a stack that were not written yet. */
static void put_locations(struct writer *w, const struct fr_site *s)
{
    for (size_t i = 0; i < s->depth; i++) {
        size_t place = place_of(w, s->stack[i]);
        if (w->ids[place])
            continue;
        w->ids[place] = ++w->locations_n;
        w->addresses[place] = s->stack[i];
        put_location(w, w->ids[place], s->stack[i]);
    }
}

static uint64_t objects(const struct fr_tally *t)
{
    return (t->objects + FR_WEIGHT_ONE / 2) / FR_WEIGHT_ONE;
}

static void put_sample(struct writer *w, const struct fr_site *s)
{
    const uint64_t values[] = {objects(&s->all), s->all.bytes, objects(&s->live), s->live.bytes};
    put_locations(w, s);
    for (size_t i = 0; i < s->depth; i++)
        put_number(&w->part, SAMPLE_LOCATION_ID, w->ids[place_of(w, s->stack[i])]);
    for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
        put_varint(&w->part, SAMPLE_VALUE << 3); /* all of them, 0 too */
        put_varint(&w->part, values[i]);
    }
    put_part(w, PROFILE_SAMPLE);
}

static void put_types(struct writer *w)
{
    put_type(w, PROFILE_SAMPLE_TYPE, STRING_ALLOC_OBJECTS, STRING_COUNT);
    put_type(w, PROFILE_SAMPLE_TYPE, STRING_ALLOC_SPACE, STRING_BYTES);
    put_type(w, PROFILE_SAMPLE_TYPE, STRING_INUSE_OBJECTS, STRING_COUNT);
    put_type(w, PROFILE_SAMPLE_TYPE, STRING_INUSE_SPACE, STRING_BYTES);
    put_type(w, PROFILE_PERIOD_TYPE, STRING_SPACE, STRING_BYTES);
    put_number(w->out, PROFILE_DEFAULT_SAMPLE_TYPE, STRING_INUSE_SPACE);
    put_number(w->out, PROFILE_DROP_FRAMES, STRING_DROP_FRAMES);
}

/* In the order of enum string. */
static void put_strings(struct writer *w, const struct fr_profile_copy *profile)
{
    static const char *const names[] = {
        "",      "alloc_objects", "alloc_space", "inuse_objects", "inuse_space",
        "count", "bytes",         "space",       drop_frames,     "libfrusa " FRUSA_VERSION};
    char lost[64];
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        put_string(w->out, names[i]);
    snprintf(lost, sizeof(lost), "%zu samples lost for lack of memory", profile->lost);
    put_string(w->out, lost);
    for (size_t i = 0; i < w->mappings->n; i++) {
        const struct fr_mapping *m = &w->mappings->code[i];
        put_bytes(w->out, PROFILE_STRING_TABLE, m->name, m->name_length);
        put_string(w->out, m->build_id);
    }
}

static void put_header(struct writer *w, const struct fr_profile_copy *profile, int64_t now)
{
    int64_t end = profile->stopped ? profile->stopped : now;
    put_number(w->out, PROFILE_TIME_NANOS, (uint64_t)profile->started);
    if (end > profile->started)
        put_number(w->out, PROFILE_DURATION_NANOS, (uint64_t)(end - profile->started));
    put_number(w->out, PROFILE_PERIOD, profile->rate);
    put_number(w->out, PROFILE_COMMENT, STRING_VERSION);
    if (profile->lost)
        put_number(w->out, PROFILE_COMMENT, STRING_LOST);
}

/* The table of locations; 0: no memory. Not more than half full. */
static int make_table(struct writer *w, const struct fr_profile_copy *profile, size_t *bytes)
{
    size_t addresses = 1;
    for (const struct fr_site *s = profile->sites; s; s = s->next)
        addresses += s->depth;
    w->places = (size_t)4 << fr_log2_floor(addresses);
    *bytes = fr_align_up(w->places * (sizeof(*w->addresses) + sizeof(*w->ids)), fr_page_size());
    w->addresses = fr_pages_map(*bytes, fr_page_size());
    w->ids = (void *)(w->addresses + w->places);
    return w->addresses != NULL;
}

void fr_profile_pprof(struct fr_buffer *out, const struct fr_profile_copy *profile,
                      const struct fr_mappings *mappings, int64_t now)
{
    struct writer w;
    size_t bytes;
    memset(&w, 0, sizeof(w));
    w.out = out;
    w.mappings = mappings;
    if (!make_table(&w, profile, &bytes)) {
        out->failed = 1;
        return;
    }
    put_types(&w);
    for (size_t i = 0; i < mappings->n; i++)
        put_mapping(&w, i);
    for (const struct fr_site *s = profile->sites; s; s = s->next)
        put_sample(&w, s);
    put_strings(&w, profile);
    put_header(&w, profile, now);
    out->failed |= w.part.failed;
    fr_buffer_free(&w.part);
    fr_pages_unmap(w.addresses, bytes);
}
