/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "environment.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <unistd.h>

#include "port/error.h"

static const char prefix[] = FR_VARIABLE "=";

/* A search through the text of the environment, byte by byte. */
struct search {
    enum { COMPARING, SKIPPING, TAKING, DONE } state;
    size_t matched; /* bytes of the prefix */
    char *out;
    size_t room;
    size_t used;
};

static void next_byte(struct search *s, char c)
{
    if (s->state == TAKING && c == '\0') {
        s->state = DONE;
    } else if (s->state == TAKING) {
        if (s->used + 1 < s->room)
            s->out[s->used++] = c;
    } else if (c == '\0') {
        s->state = COMPARING;
        s->matched = 0;
    } else if (s->state == COMPARING) {
        s->state = c == prefix[s->matched++] ? COMPARING : SKIPPING;
        if (s->state == COMPARING && prefix[s->matched] == '\0')
            s->state = TAKING;
    }
}

/* Beyond any text that means something. */
#define VALUE_ROOM 4096

/* From the kernel, before the C library knows its environment. The text may end without a zero
 * byte. There is one thread then, so the buffer need not be on the stack, which may be short. */
static const char *ask_kernel(void)
{
    static char buffer[VALUE_ROOM];
    struct search s = {COMPARING, 0, buffer, sizeof(buffer), 0};
    char chunk[512];
    ssize_t n;
    int fd = open("/proc/self/environ", O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return NULL;
    while (s.state != DONE &&
           ((n = read(fd, chunk, sizeof(chunk))) > 0 || (n < 0 && errno == EINTR)))
        for (ssize_t i = 0; i < n && s.state != DONE; i++)
            next_byte(&s, chunk[i]);
    close(fd);
    if (s.state != TAKING && s.state != DONE)
        return NULL;
    buffer[s.used] = '\0';
    return buffer;
}

extern char **environ;

const char *fr_environment_value(void)
{
    int saved = fr_save_errno();
    const char *value = NULL;
    if (getauxval(AT_SECURE))
        return NULL;
    if (!environ)
        value = ask_kernel();
    for (char **at = environ; at && *at && !value; at++)
        if (strncmp(*at, prefix, sizeof(prefix) - 1) == 0)
            value = *at + sizeof(prefix) - 1;
    fr_restore_errno(saved);
    return value;
}

int fr_environment_is_foreign(void)
{
    return getauxval(AT_SECURE) || geteuid() != getuid() || getegid() != getgid();
}

void fr_environment_clean(void)
{
    int saved = fr_save_errno();
    if (getauxval(AT_SECURE) && environ)
        unsetenv(FR_VARIABLE);
    fr_restore_errno(saved);
}
