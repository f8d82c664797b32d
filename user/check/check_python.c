/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "check_python.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../proc_text.h"
#include "../select.h"

#define CORE_PREFIX "_tacho_marks."
#define INTERPRETER "python"

/* What a program needs beside the core to mark functions by name. */
static const char *const beside_core[] = { "tacho_autoload.pth", "tacho_autoload.py",
					   "tacho/_functions.py" };

/* --- files -------------------------------------------------------------------------------------
 */

static bool is_core(const struct plan *plan, uint32_t binary)
{
	for (size_t i = 0; i < plan->probe_cnt; i++) {
		if (plan->probes[i].binary == binary && plan->targets[plan->probes[i].target].core)
			return true;
	}
	return false;
}

static bool has_package(const char *core)
{
	const char *slash = strrchr(core, '/');
	bool found = slash != NULL;
	char path[PATH_MAX];

	for (size_t i = 0; found && i < sizeof(beside_core) / sizeof(beside_core[0]); i++) {
		snprintf(path, sizeof(path), "%.*s/%s", (int)(slash - core), core, beside_core[i]);
		found = !access(path, R_OK);
	}
	return found;
}

static void find_files(const struct plan *plan, struct checked_python *python)
{
	for (uint32_t i = 0; i < plan->binary_cnt; i++) {
		const char *path = plan->binaries[i].path;

		if (!is_core(plan, i))
			continue;
		python->core_cnt++;
		if (has_package(path))
			python->package_cnt++;
		else if (!python->bare)
			python->bare = path;
	}
}

/* --- processes ---------------------------------------------------------------------------------
 */

static bool begins_with(const char *text, const char *prefix)
{
	return !strncmp(text, prefix, strlen(prefix));
}

/* 1 when the process has the core mapped, 0 when not, or negative errno. */
static int has_core(pid_t pid)
{
	char path[64], *line = NULL;
	size_t sz = 0;
	FILE *maps;
	int found = 0;

	snprintf(path, sizeof(path), "/proc/%d/maps", (int)pid);
	maps = fopen(path, "re");
	if (!maps)
		return -errno;
	while (!found && getline(&line, &sz, maps) >= 0)
		found = begins_with(basename(line), CORE_PREFIX);
	if (!found && ferror(maps))
		found = -EIO;
	free(line);
	fclose(maps);
	return found;
}

/* By the file that it executes; by its name, which anybody may read, if that may not be seen. */
static bool is_interpreter(pid_t pid)
{
	char link[64], target[PATH_MAX];
	ssize_t sz;

	snprintf(link, sizeof(link), "/proc/%d/exe", (int)pid);
	sz = readlink(link, target, sizeof(target) - 1);
	if (sz < 0) {
		snprintf(link, sizeof(link), "/proc/%d/comm", (int)pid);
		if (errno == ENOENT || proc_text__read(link, target, sizeof(target)))
			return false;
	} else {
		target[sz] = '\0';
	}
	return begins_with(basename(target), INTERPRETER);
}

static int count_process(void *ctx, pid_t pid)
{
	struct checked_python *python = ctx;
	int found = has_core(pid);

	if (found > 0)
		python->loaded_cnt++;
	else if (found != -ENOENT && found != -ESRCH && is_interpreter(pid))
		*(found ? &python->unknown_cnt : &python->without_cnt) += 1;
	return 0;
}

void checked_python__find(const struct plan *plan, struct checked_python *ret_python)
{
	*ret_python = (struct checked_python) {};
	find_files(plan, ret_python);
	each_process(count_process, ret_python);
}
