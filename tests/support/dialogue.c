/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "dialogue.h"
#include "require.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum { ANSWER_MAX = 1 << 20 };

static char directory[] = "/tmp/frusa-test-XXXXXX";

const char *dialogue_directory(void)
{
    REQUIRE(mkdtemp(directory) != NULL);
    REQUIRE(setenv("XDG_RUNTIME_DIR", directory, 1) == 0);
    return directory;
}

void dialogue_end(void)
{
    char path[sizeof(directory) + 16];
    snprintf(path, sizeof(path), "%s/frusa", directory);
    REQUIRE_MSG(rmdir(path) == 0 || errno == ENOENT, "%s: %s", path, strerror(errno));
    REQUIRE_MSG(rmdir(directory) == 0, "%s: %s", directory, strerror(errno));
}

void dialogue_open(struct fixture *x, unsigned features, const char *name)
{
    dialogue_directory();
    fixture_open(x, features, NULL);
    REQUIRE_MSG(frusa_control_start(x->f, name) == 0, "%s", strerror(errno));
}

void dialogue_close(struct fixture *x)
{
    frusa_control_stop(x->f);
    fixture_close(x);
    dialogue_end();
}

const char *dialogue_path(const char *name)
{
    static char path[sizeof(((struct sockaddr_un *)NULL)->sun_path)];
    snprintf(path, sizeof(path), "%s/frusa/%ld-%s", directory, (long)getpid(), name);
    return path;
}

int dialogue_connect(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    REQUIRE(fd >= 0 && strlen(path) < sizeof(address.sun_path));
    memcpy(address.sun_path, path, strlen(path) + 1);
    if (connect(fd, (struct sockaddr *)(void *)&address, sizeof(address)) == 0)
        return fd;
    int why = errno;
    close(fd);
    errno = why;
    return -1;
}

int dialogue_send(int fd, const void *bytes, size_t n)
{
    const char *at = bytes;
    while (n > 0) {
        ssize_t sent = send(fd, at, n, MSG_NOSIGNAL);
        if (sent < 0 && errno == EINTR)
            continue;
        if (sent < 0)
            return 0;
        at += sent;
        n -= (size_t)sent;
    }
    return 1;
}

const char *dialogue_line(int fd)
{
    static char line[ANSWER_MAX];
    for (size_t n = 0; n < sizeof(line); n++) {
        ssize_t got;
        while ((got = read(fd, &line[n], 1)) < 0 && errno == EINTR)
            ;
        if (got <= 0)
            return NULL;
        if (line[n] == '\n') {
            line[n] = '\0';
            return line;
        }
    }
    REQUIRE_MSG(0, "an answer of more than %d bytes", ANSWER_MAX);
    return NULL;
}

const char *dialogue_ask(int fd, const char *line)
{
    REQUIRE(dialogue_send(fd, line, strlen(line)) && dialogue_send(fd, "\n", 1));
    const char *answer = dialogue_line(fd);
    REQUIRE_MSG(answer != NULL, "no answer to %s", line);
    return answer;
}

const char *dialogue_ask_once(const char *name, const char *line)
{
    int fd = dialogue_connect(dialogue_path(name));
    REQUIRE_MSG(fd >= 0, "%s: %s", dialogue_path(name), strerror(errno));
    const char *answer = dialogue_ask(fd, line);
    close(fd);
    return answer;
}

size_t dialogue_number(const char *answer, const char *member)
{
    char key[64];
    snprintf(key, sizeof(key), "\"%s\": ", member);
    const char *at = strstr(answer, key);
    REQUIRE_MSG(at != NULL, "no %s in %s", member, answer);
    return strtoul(at + strlen(key), NULL, 10);
}
