/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "cpu_times.h"

void cpu_times__catch_up(struct cpu_times *shown, uint64_t user_ns, uint64_t system_ns)
{
	if (user_ns < shown->user_ns || system_ns < shown->system_ns)
		return;
	shown->user_ns = user_ns;
	shown->system_ns = system_ns;
}

/* The part of runtime_ns in system mode, before it is held to what was shown. */
static uint64_t system_share(uint64_t user_ns, uint64_t system_ns, uint64_t runtime_ns)
{
	if (!system_ns)
		return 0;
	if (!user_ns)
		return runtime_ns;
	return (unsigned __int128)system_ns * runtime_ns / ((unsigned __int128)system_ns + user_ns);
}

void cpu_times__advance(struct cpu_times *shown, uint64_t user_ns, uint64_t system_ns,
			uint64_t runtime_ns)
{
	uint64_t share;

	if (runtime_ns <= shown->user_ns + shown->system_ns)
		return;
	share = system_share(user_ns, system_ns, runtime_ns);
	if (share < shown->system_ns)
		share = shown->system_ns;
	if (runtime_ns - share < shown->user_ns)
		share = runtime_ns - shown->user_ns;
	shown->system_ns = share;
	shown->user_ns = runtime_ns - share;
}
