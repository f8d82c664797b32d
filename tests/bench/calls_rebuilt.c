/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * calls_rebuilt THREADS COUNT: see calls_loop.h. For tools that need the program built for them:
 * with -pg for uftrace; with -DLTTNG, tracepoints at the beginning and the end of the function.
 */
#include "calls_loop.h"

#ifdef LTTNG
#define TRACEPOINT_CREATE_PROBES
#define TRACEPOINT_DEFINE
#include "calls_lttng.h"
#define POINT(name) tracepoint(tacho_bench, name)
#else
#define POINT(name) (void)0
#endif

__attribute__((noipa)) static long entry_built(long value)
{
	/* A frame pointer, so that the function begins with an instruction that the kernel
	 * emulates. */
	__asm__ volatile("" ::"r"(__builtin_frame_address(0)));
	POINT(begins);
	value++;
	POINT(ends);
	return value;
}

int main(int argc, char **argv)
{
	return loops_run(entry_built, argc == 3 ? atoi(argv[1]) : 0, argc == 3 ? atol(argv[2]) : 0);
}
