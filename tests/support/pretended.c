/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "pretended.h"
#include "require.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char root[] = "pretended.XXXXXX";

const char *pretended_begin(void)
{
    REQUIRE(mkdtemp(root) != NULL);
    return root;
}

void pretended_end(void)
{
    char command[100];
    snprintf(command, sizeof(command), "rm -rf '%s'", root);
    REQUIRE(system(command) == 0);
}

void pretended_write(const char *path, const char *text)
{
    char name[2000];
    snprintf(name, sizeof(name), "%s%s", root, path);
    for (char *at = strchr(name + strlen(root) + 1, '/'); at; at = strchr(at + 1, '/')) {
        *at = '\0';
        REQUIRE(mkdir(name, 0700) == 0 || errno == EEXIST);
        *at = '/';
    }
    FILE *file = fopen(name, "w");
    REQUIRE(file != NULL);
    REQUIRE(fputs(text, file) >= 0 && fclose(file) == 0);
}

void pretended_read(const char *path, char *text, size_t room)
{
    char name[2000];
    snprintf(name, sizeof(name), "%s%s", root, path);
    FILE *file = fopen(name, "r");
    REQUIRE(file != NULL);
    text[fread(text, 1, room - 1, file)] = '\0';
    fclose(file);
}
