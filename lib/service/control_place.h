/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Where control sockets lie: a directory of the user's, and in it a file PID-NAME for each socket.
 * frusactl is compiled with this file too, so it depends on nothing of the library.
 *
 * A directory is used only if it belongs to the user, nobody else has any right to it, and no
 * symbolic link leads to it.
 */
#ifndef FR_CONTROL_PLACE_H
#define FR_CONTROL_PLACE_H

#include <stddef.h>
#include <sys/types.h>

/* Candidates for the directory, in the order in which they are tried:
 * $XDG_RUNTIME_DIR/frusa, /run/user/UID/frusa, /tmp/frusa-UID. */
#define FR_CONTROL_PLACES 3

/* Bytes of a path that fit a socket's address, the zero byte included. */
#define FR_CONTROL_PATH_MAX 108

/* Bytes of a name, the zero byte included. */
#define FR_CONTROL_NAME_MAX 33

/*
 * Writes the path of a candidate. `runtime` is the value of XDG_RUNTIME_DIR or NULL. Returns its
 * length, 0 when there is no such candidate or the path is too long.
 */
size_t fr_control_place(unsigned candidate, const char *runtime, uid_t user, char *path,
                        size_t room);

/* Opens the directory `path`, made if `create`, and checks it. Returns a descriptor, or -1 with
 * errno. */
int fr_control_place_open(const char *path, uid_t user, int create);

/* Non-zero when the name consists of letters, digits, "_", "." and "-", and begins with one of the
 * first three. */
int fr_control_name_is_valid(const char *name);

/* Splits the name of a file, PID-NAME. Returns where NAME begins, or NULL. */
const char *fr_control_split(const char *file, long *pid);

#endif /* FR_CONTROL_PLACE_H */
