/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* What the requests of a control socket do, and the answers: one JSON object in one line each. */
#ifndef FR_CONTROL_SERVE_H
#define FR_CONTROL_SERVE_H

#include "service/control_client.h"

#include <frusa.h>

/* Executes one line, and appends the answer. Returns 0 when the connection is to be closed. */
int fr_control_serve(struct fr_client *c, frusa_t *f, const char *name, const char *line,
                     size_t length);

/* The answer to a line that was not executed. Returns 0 when it cannot be sent. */
int fr_control_refuse(struct fr_client *c, const char *why);

#endif /* FR_CONTROL_SERVE_H */
