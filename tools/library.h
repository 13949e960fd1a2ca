/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Which library frusa-run puts into LD_PRELOAD. */
#ifndef TOOLS_LIBRARY_H
#define TOOLS_LIBRARY_H

/*
 * Returns the path of libfrusa-malloc: the one that is given, unless NULL; else, if frusa-run
 * itself lies in a build directory, the one that was built there; else the one that was installed.
 * Exits with a message when there is none.
 */
char *library_find(const char *given);

#endif /* TOOLS_LIBRARY_H */
