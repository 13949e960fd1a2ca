/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "exit_path.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

int fr_exit_path_set(struct fr_exit_path *path, const char *file, size_t length)
{
    size_t used = 0;
    if (file[0] != '/') {
        if (!getcwd(path->name, sizeof(path->name)))
            return 0;
        used = strlen(path->name);
        path->name[used++] = '/';
    }
    if (used >= sizeof(path->name) || length >= sizeof(path->name) - used)
        return 0;
    memcpy(path->name + used, file, length);
    path->name[used + length] = '\0';
    return 1;
}

int fr_exit_path_expand(const struct fr_exit_path *path, char *out, size_t room)
{
    size_t used = 0;
    for (const char *at = path->name; *at; at++) {
        int n = 1;
        if (at[0] == '%' && at[1] == 'p') {
            n = snprintf(out + used, room - used, "%ld", (long)getpid());
            at++;
        } else {
            out[used] = *at;
        }
        used += (size_t)n;
        if (n < 0 || used >= room)
            return 0;
    }
    out[used] = '\0';
    return 1;
}
