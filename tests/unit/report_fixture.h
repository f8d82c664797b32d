/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* tacho report, run on files of a scratch directory. Include cmocka.h first. */
#ifndef TACHO_TESTS_REPORT_FIXTURE_H
#define TACHO_TESTS_REPORT_FIXTURE_H

#include <sys/wait.h>

#include "commands.h"
#include "scratch.h"

static inline void put(const struct scratch *scratch, const char *name, const char *text)
{
	scratch__write(scratch, name, text, strlen(text));
}

/* In a process of its own, in the directory, with its output in the files "out" and "err"; or to
 * out_path, if that is not NULL. Returns what waitpid says. */
static inline int run_to(const struct scratch *scratch, const char *out_path, char **argv)
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
		status = cmd_report(argc, argv);
		fflush(stdout);
		fflush(stderr);
		_exit(status);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return status;
}

#define RUN_TO(scratch, out_path, ...)                                                             \
	run_to(scratch, out_path, (char *[]) { (char *)"report", ##__VA_ARGS__, NULL })
#define RUN(scratch, ...) WEXITSTATUS(RUN_TO(scratch, NULL, ##__VA_ARGS__))

#define CASE(name) cmocka_unit_test_setup_teardown(name, scratch__set_up, scratch__tear_down)

#endif
