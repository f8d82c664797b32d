/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* tacho report, run on files of a scratch directory. Include cmocka.h first. */
#ifndef TACHO_TESTS_REPORT_FIXTURE_H
#define TACHO_TESTS_REPORT_FIXTURE_H

#include "run_command.h"

static inline void put(const struct scratch *scratch, const char *name, const char *text)
{
	scratch__write(scratch, name, text, strlen(text));
}

#define RUN_TO(scratch, out_path, ...)                                                             \
	run_command(cmd_report, scratch, out_path,                                                 \
		    (char *[]) { (char *)"report", ##__VA_ARGS__, NULL })
#define RUN(scratch, ...) WEXITSTATUS(RUN_TO(scratch, NULL, ##__VA_ARGS__))

#define CASE(name) cmocka_unit_test_setup_teardown(name, scratch__set_up, scratch__tear_down)

#endif
