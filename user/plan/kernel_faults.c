/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "kernel_faults.h"

#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>

#if defined(__x86_64__)

struct release {
	unsigned int major, minor, patch;
};

static bool parse_release(const char *text, struct release *ret_release)
{
	struct release r = {};

	if (sscanf(text, "%u.%u.%u", &r.major, &r.minor, &r.patch) < 2)
		return false;
	*ret_release = r;
	return true;
}

bool kernel_kills_filtered_programs(const char *release)
{
	struct release r;

	if (!parse_release(release, &r) || r.major != 6)
		return false;
	return r.minor == 11 || (r.minor == 12 && r.patch < 20) || (r.minor == 13 && r.patch < 10);
}

bool kernel_kills_forked_programs(const char *release)
{
	struct release r;

	return parse_release(release, &r) && (r.major > 6 || (r.major == 6 && r.minor >= 18));
}

bool kernel_breaks_nops(void)
{
	static enum { UNKNOWN, BREAKS, KEEPS } answer; /* asked of each probe */
	struct utsname kernel;

	if (answer == UNKNOWN)
		answer = uname(&kernel) || kernel_kills_forked_programs(kernel.release) ? BREAKS
											: KEEPS;
	return answer == BREAKS;
}

static bool processor_has_shadow_stacks(void)
{
	FILE *file = fopen("/proc/cpuinfo", "re");
	bool has = false;
	char line[8192];

	while (file && !has && fgets(line, sizeof(line), file))
		has = !strncmp(line, "flags", 5) && strstr(line, " user_shstk");
	if (file)
		fclose(file);
	return has;
}

bool kernel_forgets_shadow_stacks(void)
{
	static enum { UNKNOWN, FORGETS, KEEPS } answer; /* asked of each probe */
	struct utsname kernel;
	struct release r;

	if (answer == UNKNOWN) {
		bool old = uname(&kernel) || !parse_release(kernel.release, &r) || r.major < 6 ||
			   (r.major == 6 && r.minor < 18);

		answer = old && processor_has_shadow_stacks() ? FORGETS : KEEPS;
	}
	return answer == FORGETS;
}

#else

bool kernel_kills_forked_programs(const char *release)
{
	(void)release;
	return false;
}

bool kernel_breaks_nops(void)
{
	return false;
}

bool kernel_kills_filtered_programs(const char *release)
{
	(void)release;
	return false;
}

bool kernel_forgets_shadow_stacks(void)
{
	return false;
}

#endif
