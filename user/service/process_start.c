/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "process_start.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "../proc_text.h"

int process_start_ticks(pid_t pid, uint64_t *ret_ticks)
{
	char path[32], text[1024];
	uint64_t ticks;
	char *name_end;
	char state;
	int err;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	err = proc_text__read(path, text, sizeof(text));
	if (err)
		return err == -ESRCH ? -ENOENT : err;
	/* The name is anything, parentheses and blanks among them; behind it are only numbers. */
	name_end = strrchr(text, ')');
	if (!name_end ||
	    sscanf(name_end + 1,
		   " %c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d %*d %*d "
		   "%" SCNu64,
		   &state, &ticks) != 2)
		return -EINVAL;
	if (state == 'Z' || state == 'X')
		return -ENOENT;
	*ret_ticks = ticks;
	return 0;
}
