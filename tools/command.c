/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "command.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "message.h"

/* ---- Which file
 * -------------------------------------------------------------------------------- */

static int is_file(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 && S_ISREG(st.st_mode);
}

/* Searches PATH; NULL when no file there can be executed, *seen set when one is there all the
 * same. */
static char *search_path(const char *name, int *seen)
{
    const char *path = getenv("PATH");
    if (!path)
        path = "/bin:/usr/bin";
    for (;;) {
        size_t length = strcspn(path, ":");
        char *file = text_of("%.*s%s%s", (int)length, path, length ? "/" : "./", name);
        if (is_file(file)) {
            if (access(file, X_OK) == 0)
                return file;
            *seen = 1;
        }
        free(file);
        if (path[length] == '\0')
            return NULL;
        path += length + 1;
    }
}

char *command_find(const char *name)
{
    int seen = 0;
    if (strchr(name, '/')) {
        if (access(name, F_OK) != 0)
            fail(errno == ENOENT || errno == ENOTDIR ? STATUS_NOT_FOUND : STATUS_NOT_RUN, "%s: %s",
                 name, strerror(errno));
        if (!is_file(name))
            fail(STATUS_NOT_RUN, "%s: not a file", name);
        if (access(name, X_OK) != 0)
            fail(STATUS_NOT_RUN, "%s: %s", name, strerror(errno));
        return text_of("%s", name);
    }
    char *file = *name ? search_path(name, &seen) : NULL;
    if (!file)
        fail(seen ? STATUS_NOT_RUN : STATUS_NOT_FOUND, "%s: %s", name,
             seen ? strerror(EACCES) : "no such command");
    return file;
}

/* ---- Whether it will load the library
 * ------------------------------------------------------------ */

/* The beginning of a file, where an interpreter's name and the program headers stand. */
struct head {
    size_t length;
    union {
        char text[4096];
        ElfW(Ehdr) elf;
    };
};

static int read_head(const char *file, struct head *head)
{
    int fd = open(file, O_RDONLY | O_CLOEXEC);
    ssize_t n = fd >= 0 ? read(fd, head->text, sizeof(head->text) - 1) : -1;
    if (fd >= 0)
        close(fd);
    head->length = n > 0 ? (size_t)n : 0;
    head->text[head->length] = '\0';
    return n > 0;
}

static int is_elf(const struct head *head)
{
    return head->length >= sizeof(head->elf) && memcmp(head->text, ELFMAG, SELFMAG) == 0;
}

/* Of the same kind as this machine word, so that the structures of <elf.h> fit. */
static int is_native_class(const struct head *head)
{
    static const unsigned one = 1;
    int is_little = *(const unsigned char *)&one == 1;
    return head->elf.e_ident[EI_CLASS] == (sizeof(void *) == 8 ? ELFCLASS64 : ELFCLASS32) &&
           head->elf.e_ident[EI_DATA] == (is_little ? ELFDATA2LSB : ELFDATA2MSB);
}

/* Whether a program names a dynamic linker. One whose headers are out of sight is believed to. */
static int is_dynamic(const struct head *head)
{
    const ElfW(Ehdr) *elf = &head->elf;
    if (!is_native_class(head) || elf->e_phentsize != sizeof(ElfW(Phdr)) ||
        elf->e_phoff > head->length ||
        elf->e_phnum > (head->length - elf->e_phoff) / sizeof(ElfW(Phdr)))
        return 1;
    for (size_t i = 0; i < elf->e_phnum; i++) {
        ElfW(Phdr) row;
        memcpy(&row, head->text + elf->e_phoff + i * sizeof(row), sizeof(row));
        if (row.p_type == PT_INTERP)
            return 1;
    }
    return 0;
}

static void check_elf(const char *program, const char *library, const struct head *head)
{
    struct head own;
    if (!read_head(library, &own) || !is_elf(&own))
        fail(STATUS_FAILED, "%s: not a library", library);
    if (own.elf.e_machine != head->elf.e_machine ||
        own.elf.e_ident[EI_CLASS] != head->elf.e_ident[EI_CLASS])
        fail(STATUS_NOT_RUN, "%s: not of the architecture of %s", program, library);
    if (!is_dynamic(head))
        fail(STATUS_NOT_RUN, "%s: linked statically, so it cannot get another allocator", program);
}

/* The dynamic linker ignores LD_PRELOAD in programs that run with more rights than their
 * caller's. */
static void check_rights(const char *program)
{
    struct stat st;
    if (stat(program, &st) != 0)
        return;
    int is_other_user = (st.st_mode & S_ISUID) && st.st_uid != getuid();
    int is_other_group =
        (st.st_mode & (S_ISGID | S_IXGRP)) == (S_ISGID | S_IXGRP) && st.st_gid != getgid();
    int is_capable = getuid() != 0 && getxattr(program, "security.capability", NULL, 0) > 0;
    if (is_other_user || is_other_group || is_capable)
        fail(STATUS_NOT_RUN,
             "%s: runs with rights of its own (%s), so it cannot get another "
             "allocator",
             program,
             is_other_user    ? "set-user-ID"
             : is_other_group ? "set-group-ID"
                              : "capabilities");
}

/* The interpreter that the first line of a script names; NULL: it is no script. */
static char *interpreter_of(const struct head *head)
{
    if (head->length < 2 || head->text[0] != '#' || head->text[1] != '!')
        return NULL;
    const char *start = head->text + 2 + strspn(head->text + 2, " \t");
    size_t length = strcspn(start, " \t\n");
    return length ? text_of("%.*s", (int)length, start) : NULL;
}

void command_check(const char *program, const char *library)
{
    enum { INTERPRETERS_MAX = 4 }; /* as in the kernel */
    char *at = text_of("%s", program);
    for (int i = 0; i <= INTERPRETERS_MAX && at; i++) {
        struct head head;
        char *next = NULL;
        if (read_head(at, &head)) {
            next = interpreter_of(&head);
            if (!next)
                check_rights(at);
            if (is_elf(&head))
                check_elf(at, library, &head);
        } else {
            check_rights(at); /* a program may be executable and not readable */
        }
        free(at);
        at = next;
    }
    free(at);
}
