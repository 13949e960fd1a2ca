/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The linker says nothing of that memory, but it gave names to the libraries that it loaded, and
 * those lie there: what is near such a name, outside of all that was loaded from files, is taken
 * for its memory.
 */
#include "early.h"

#include <link.h>
#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

#include <frusa.h>

#include "heap.h"
#include "port/compiler.h"
#include "port/error.h"

/* It takes memory page by page, or a few pages for many libraries. */
#define NEAR ((uintptr_t)64 << 10)

/* Is the address inside a loaded object? For dl_iterate_phdr, which ends at a result that is not
 * 0. */
static int is_in_object(struct dl_phdr_info *info, size_t size, void *p)
{
    (void)size;
    for (size_t i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *segment = &info->dlpi_phdr[i];
        if (segment->p_type == PT_LOAD &&
            (uintptr_t)p - (info->dlpi_addr + segment->p_vaddr) < segment->p_memsz)
            return 1;
    }
    return 0;
}

static int is_in_any_object(const void *p)
{
    return dl_iterate_phdr(is_in_object, (void *)(size_t)p);
}

/* The names near an address. */
struct near_names {
    const char *address;
    const char *last; /* the highest one; NULL: there is none */
};

/* Notes the object's name if it is the linker's own copy, and near the address. */
static int note_near_name(struct dl_phdr_info *info, size_t size, void *arg)
{
    struct near_names *names = arg;
    const char *name = info->dlpi_name;
    (void)size;
    if (name && *name && (uintptr_t)names->address - (uintptr_t)name + NEAR <= 2 * NEAR &&
        (uintptr_t)name >= (uintptr_t)names->last && !frusa_owns(&fr_malloc_heap, name) &&
        !is_in_any_object(name))
        names->last = name;
    return 0;
}

/* Bytes from p to the end of its page, or of that of a name behind it if all pages up to there
 * exist. */
static size_t readable_bytes(const char *p, const char *last)
{
    unsigned char resident;
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    uintptr_t end = fr_align_down((uintptr_t)p, page) + page;
    int saved = fr_save_errno();
    while (end <= (uintptr_t)last && mincore((void *)end, page, &resident) == 0)
        end += page;
    fr_restore_errno(saved);
    return end - (uintptr_t)p;
}

FR_COLD size_t fr_early_bytes(const void *p)
{
    struct near_names names = {p, NULL};
    if (!is_in_any_object(p))
        dl_iterate_phdr(note_near_name, &names);
    return names.last ? readable_bytes(p, names.last) : 0;
}
