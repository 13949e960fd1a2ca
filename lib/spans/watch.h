/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Spans of watched instances: what a memory checker is told when one begins and ends. */
#ifndef FR_WATCH_H
#define FR_WATCH_H

#include "port/tools.h"
#include "spans/span.h"

/* Closes a span, of which no object is live. */
static inline void fr_watch_span(struct fr_span *s)
{
    fr_tools_hold(s->base, s->bytes);
    fr_tools_close(s->base, s->bytes);
}

/* The span is going to be given back. */
static inline void fr_unwatch_span(struct fr_span *s)
{
    fr_tools_unhold(s->base, s->bytes);
}

#endif /* FR_WATCH_H */
