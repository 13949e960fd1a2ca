/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "library.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "message.h"

#define LIBRARY_NAME "libfrusa-malloc.so.0"

/* Where the library lies in a build directory, seen from the directory of frusa-run there. */
#define BUILD_DIRECTORY   "/tools"
#define BUILT_LIBRARY     "../malloc/.libs/" LIBRARY_NAME
#define INSTALLED_LIBRARY LIBDIR "/" LIBRARY_NAME

/* The library of the build directory that this program lies in; NULL: it lies in none. */
static char *built_library(void)
{
    char self[PATH_MAX];
    ssize_t length = readlink("/proc/self/exe", self, sizeof(self) - 1);
    if (length <= 0)
        return NULL;
    self[length] = '\0';
    char *slash = strrchr(self, '/');
    if (!slash)
        return NULL;
    *slash = '\0';
    size_t end = strlen(BUILD_DIRECTORY);
    if ((size_t)(slash - self) < end || strcmp(slash - end, BUILD_DIRECTORY) != 0)
        return NULL;
    char *candidate = text_of("%s/%s", self, BUILT_LIBRARY);
    char *found = realpath(candidate, NULL);
    free(candidate);
    return found;
}

/* The dynamic linker splits LD_PRELOAD at these, and knows no way to quote them. */
static char *require_plain(char *path)
{
    if (path[strcspn(path, ": $")] != '\0')
        fail(STATUS_FAILED, "%s: LD_PRELOAD cannot name a file with a colon, space or dollar sign",
             path);
    return path;
}

char *library_find(const char *given)
{
    char *path = given ? realpath(given, NULL) : built_library();
    if (!path && given)
        fail(STATUS_FAILED, "%s: %s", given, strerror(errno));
    if (!path && access(INSTALLED_LIBRARY, R_OK) != 0)
        fail(STATUS_FAILED, "%s: %s", INSTALLED_LIBRARY, strerror(errno));
    return require_plain(path ? path : text_of("%s", INSTALLED_LIBRARY));
}
