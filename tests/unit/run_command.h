/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A command of tacho, run on files of a scratch directory. Include cmocka.h first. */
#ifndef TACHO_TESTS_RUN_COMMAND_H
#define TACHO_TESTS_RUN_COMMAND_H

#include <sys/wait.h>

#include "commands.h"
#include "scratch.h"

/* In a process of its own, in the directory, with its output in the files "out" and "err"; or to
 * out_path, if that is not NULL. Returns what waitpid says. */
static inline int run_command(int (*command)(int argc, char **argv), const struct scratch *scratch,
			      const char *out_path, char **argv)
{
	int argc = 0, status;
	pid_t pid;

	while (argv[argc])
		argc++;
	pid = fork();
	assert_true(pid >= 0);
	if (!pid) {
		if (chdir(scratch->path) || !freopen(out_path ? out_path : "out", "w", stdout) ||
		    !freopen("err", "w", stderr))
			_exit(100);
		status = command(argc, argv);
		fflush(stdout);
		fflush(stderr);
		_exit(status);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return status;
}

#endif
