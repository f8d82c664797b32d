/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "cost_estimate.h"

#include <stdio.h>
#include <string.h>

/*
 * Of one hit, in nanoseconds. On real machines as the kernel's own benchmark has it (`bench
 * uprobe-*`, message of ba2bfc97b462: 7.1, 3.2 and 1.1 million a second); on virtual ones as
 * `tacho doctor` shows it (tacho-doctor(1), EXAMPLES), where stepping has to ask the host. PROGRAMS
 * is what a recorded call takes beyond its probes: the BPF programs, and the record sent.
 */
static const uint32_t hit_ns[2][CODE_COST_REFUSED + 1] = {
	{ [CODE_COST_NOP5] = 140, [CODE_COST_EMULATED] = 320, [CODE_COST_STEPPED] = 900 },
	{ [CODE_COST_NOP5] = 460, [CODE_COST_EMULATED] = 630, [CODE_COST_STEPPED] = 9400 },
};
static const uint32_t replaced_return_ns[2] = { 160, 530 };

#define PROGRAMS_NS 2000

/* x86: a flag that hypervisors set for their guests. Elsewhere nobody says so, and real machines
 * are assumed. */
static bool is_virtual_machine(void)
{
	static enum { UNKNOWN, REAL, VIRTUAL } answer;
	char line[8192];
	FILE *file;

	if (answer != UNKNOWN)
		return answer == VIRTUAL;
	answer = REAL;
	file = fopen("/proc/cpuinfo", "re");
	while (file && answer == REAL && fgets(line, sizeof(line), file)) {
		if (!strncmp(line, "flags", 5) && strstr(line, " hypervisor"))
			answer = VIRTUAL;
	}
	if (file)
		fclose(file);
	return answer == VIRTUAL;
}

uint32_t planned_probe__cost_ns(const struct planned_probe *probe)
{
	bool machine = is_virtual_machine();
	uint32_t dearest = 0;

	for (size_t i = 0; i < probe->exit_cnt; i++) {
		uint32_t ns = hit_ns[machine][probe->exits[i].cost];

		dearest = ns > dearest ? ns : dearest;
	}
	if (probe->kind == PLANNED_CALL && probe->fast)
		dearest = replaced_return_ns[machine];
	return hit_ns[machine][probe->cost] + dearest + PROGRAMS_NS;
}
