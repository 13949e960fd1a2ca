/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Probes for tracers: bpftrace, perf and systemtap find them in the library's section
 * .note.stapsdt, provider "frusa". A probe is one instruction that does nothing until a tracer
 * replaces it. Probes are in slow paths alone. doc/TRACING.md lists them with their arguments,
 * which are what programs that trace rely on.
 *
 * Built without <sys/sdt.h>, and in the freestanding core, a probe is nothing at all.
 */
#ifndef FR_PORT_PROBE_H
#define FR_PORT_PROBE_H

#include "port/system.h"

#if FR_HOSTED && defined(FRUSA_WITH_PROBES)
#include <sys/sdt.h>

#define FR_PROBE2(name, a, b)       DTRACE_PROBE2(frusa, name, a, b)
#define FR_PROBE3(name, a, b, c)    DTRACE_PROBE3(frusa, name, a, b, c)
#define FR_PROBE4(name, a, b, c, d) DTRACE_PROBE4(frusa, name, a, b, c, d)
#else
#define FR_PROBE2(name, a, b)       ((void)(a), (void)(b))
#define FR_PROBE3(name, a, b, c)    ((void)(a), (void)(b), (void)(c))
#define FR_PROBE4(name, a, b, c, d) ((void)(a), (void)(b), (void)(c), (void)(d))
#endif

#endif /* FR_PORT_PROBE_H */
