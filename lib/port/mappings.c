/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "port/mappings.h"

#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <string.h>
#include <unistd.h>

#include "port/compiler.h"
#include "port/pages.h"

#define FIRST_ROOM ((size_t)64 << 10)

/* Reads as much as there is room for. */
static size_t read_some(int fd, char *out, size_t room)
{
    ssize_t n;
    do
        n = read(fd, out, room);
    while (n < 0 && errno == EINTR);
    return n > 0 ? (size_t)n : 0;
}

/* Linux: a line for each mapping. 0: no memory. */
static int read_text(struct fr_mappings *m, int fd)
{
    size_t n;
    while ((n = read_some(fd, m->text + m->text_length, m->text_room - m->text_length)) > 0) {
        m->text_length += n;
        if (m->text_length < m->text_room)
            continue;
        char *text = fr_pages_remap(m->text, m->text_room, fr_page_size(), 2 * m->text_room);
        if (!text)
            return 0;
        m->text = text;
        m->text_room *= 2;
    }
    return 1;
}

/* A number at *at, which goes on behind it. */
static uint64_t read_hex(const char **at, const char *end)
{
    uint64_t n = 0;
    for (; *at < end; ++*at) {
        unsigned char c = (unsigned char)**at;
        unsigned digit = c >= 'a' ? c - 'a' + 10u : (unsigned)c - '0';
        if (digit > 15)
            break;
        n = n << 4 | digit;
    }
    return n;
}

static void skip_word(const char **at, const char *end)
{
    while (*at < end && **at != ' ')
        ++*at;
    while (*at < end && **at == ' ')
        ++*at;
}

static void set_name(struct fr_mapping *mapping, const char *at, const char *end)
{
    static const char gone[] = " (deleted)";
    size_t length = (size_t)(end - at);
    size_t suffix = sizeof(gone) - 1;
    if (length > suffix && memcmp(end - suffix, gone, suffix) == 0)
        length -= suffix;
    mapping->name = at;
    mapping->name_length = length;
}

/* "start-end permissions offset device inode path"; 0: no code. */
static int read_line(struct fr_mapping *mapping, const char *at, const char *end)
{
    memset(mapping, 0, sizeof(*mapping));
    mapping->start = (uintptr_t)read_hex(&at, end);
    at += at < end;
    mapping->end = (uintptr_t)read_hex(&at, end);
    skip_word(&at, end);
    int is_code = end - at > 3 && at[2] == 'x';
    skip_word(&at, end);
    mapping->offset = read_hex(&at, end);
    for (int i = 0; i < 3; i++)
        skip_word(&at, end);
    set_name(mapping, at, end);
    return is_code && mapping->name_length != 0;
}

/* With room for one more than there are. */
static void read_lines(struct fr_mappings *m)
{
    const char *end = m->text + m->text_length;
    for (const char *at = m->text, *next; at < end; at = next + 1) {
        next = memchr(at, '\n', (size_t)(end - at));
        if (!next)
            next = end;
        m->n += (size_t)read_line(&m->code[m->n], at, next);
    }
}

static size_t count_lines(const struct fr_mappings *m)
{
    size_t n = 1;
    for (size_t i = 0; i < m->text_length; i++)
        n += m->text[i] == '\n';
    return n;
}

static void set_build_id(struct fr_mapping *mapping, const unsigned char *id, size_t bytes)
{
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < bytes && i < FR_BUILD_ID_DIGITS / 2; i++) {
        mapping->build_id[2 * i] = digits[id[i] >> 4];
        mapping->build_id[2 * i + 1] = digits[id[i] & 15];
    }
}

static size_t note_padded(size_t bytes)
{
    return fr_align_up(bytes, 4);
}

/* Looks for a build id among the notes of an object. */
static void read_notes(struct fr_mapping *mapping, const char *at, size_t bytes)
{
    while (bytes >= sizeof(ElfW(Nhdr))) {
        const ElfW(Nhdr) *note = (const void *)at;
        size_t name = note_padded(note->n_namesz);
        size_t length = sizeof(*note) + name + note_padded(note->n_descsz);
        if (length > bytes)
            return;
        if (note->n_type == NT_GNU_BUILD_ID && note->n_namesz == 4 &&
            memcmp(note + 1, "GNU", 4) == 0)
            set_build_id(mapping, (const unsigned char *)(note + 1) + name, note->n_descsz);
        at += length;
        bytes -= length;
    }
}

static struct fr_mapping *find(struct fr_mappings *m, uintptr_t address)
{
    for (size_t i = 0; i < m->n; i++)
        if (address >= m->code[i].start && address < m->code[i].end)
            return &m->code[i];
    return NULL;
}

/* One object of the dynamic linker: its notes go to its mappings with code. */
static int note_object(struct dl_phdr_info *info, size_t size, void *arg)
{
    (void)size;
    for (size_t i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *code = &info->dlpi_phdr[i];
        struct fr_mapping *mapping = NULL;
        if (code->p_type == PT_LOAD && code->p_flags & PF_X)
            mapping = find(arg, info->dlpi_addr + code->p_vaddr);
        for (size_t k = 0; mapping && k < info->dlpi_phnum; k++) {
            const ElfW(Phdr) *notes = &info->dlpi_phdr[k];
            if (notes->p_type == PT_NOTE)
                read_notes(mapping, (const char *)(info->dlpi_addr + notes->p_vaddr),
                           notes->p_memsz);
        }
    }
    return 0;
}

int fr_mappings_read(struct fr_mappings *m)
{
    memset(m, 0, sizeof(*m));
    m->text_room = fr_align_up(FIRST_ROOM, fr_page_size());
    m->text = fr_pages_map(m->text_room, fr_page_size());
    int fd = open("/proc/self/maps", O_RDONLY | O_CLOEXEC);
    int done = m->text && (fd < 0 || read_text(m, fd));
    if (fd >= 0)
        close(fd);
    if (done) {
        m->room = fr_align_up(count_lines(m) * sizeof(*m->code), fr_page_size());
        m->code = fr_pages_map(m->room, fr_page_size());
        done = m->code != NULL;
    }
    if (!done) {
        fr_mappings_free(m);
        return 0;
    }
    read_lines(m);
    dl_iterate_phdr(note_object, m);
    return 1;
}

void fr_mappings_free(struct fr_mappings *m)
{
    if (m->text)
        fr_pages_unmap(m->text, m->text_room);
    if (m->code)
        fr_pages_unmap(m->code, m->room);
}
