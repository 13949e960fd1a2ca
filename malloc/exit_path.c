/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "exit_path.h"

#include <string.h>
#include <unistd.h>

#include "page.h"

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
    struct fr_page number = {.used = 0};
    size_t used = 0;
    fr_page_number(&number, (size_t)getpid(), 0);
    for (const char *at = path->name; *at; at++) {
        int is_number = at[0] == '%' && at[1] == 'p';
        size_t n = is_number ? number.used : 1;
        if (n >= room - used)
            return 0;
        memcpy(out + used, is_number ? number.text : at, n);
        used += n;
        at += is_number;
    }
    out[used] = '\0';
    return 1;
}
