/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#ifndef DEMO_STATUS_H
#define DEMO_STATUS_H

/* What the program exits with. */
enum {
    STATUS_SUCCESS = 0,
    STATUS_FAILURE = 1,
    STATUS_USAGE = 2,
};

#endif /* DEMO_STATUS_H */
