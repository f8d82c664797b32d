/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The tracepoints of calls_rebuilt.c, in the form that lttng/tracepoint-event.h reads, twice. */
#undef TRACEPOINT_PROVIDER
#define TRACEPOINT_PROVIDER tacho_bench
#undef TRACEPOINT_INCLUDE
#define TRACEPOINT_INCLUDE "./calls_lttng.h"

#if !defined(BENCH_CALLS_LTTNG_H) || defined(TRACEPOINT_HEADER_MULTI_READ)
#define BENCH_CALLS_LTTNG_H

#include <lttng/tracepoint.h>

TRACEPOINT_EVENT(tacho_bench, begins, TP_ARGS(), TP_FIELDS())
TRACEPOINT_EVENT(tacho_bench, ends, TP_ARGS(), TP_FIELDS())

#endif

#include <lttng/tracepoint-event.h>
