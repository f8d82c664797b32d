/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Which programs are shown harmless, and on which kernels. */
#include "elf_fixture.h"

#include "plan/exit_mode.h"
#include "plan/kernel_faults.h"

#if defined(__x86_64__)
static void kernels_that_kill_filtered_programs_are_known(void **state)
{
	static const char *const bad[] = { "6.11.0",	     "6.11.11-generic", "6.12",
					   "6.12.3-arch1-1", "6.13.0-rc4",	"6.13.1" };
	static const char *const good[] = { "6.10.14", "6.12.117+deb13-cloud-amd64",
					    "6.13.12", "6.14.0",
					    "5.15.0",  "7.12.0",
					    "",	       "six" };

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_true(kernel_kills_filtered_programs(bad[i]));
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		assert_false(kernel_kills_filtered_programs(good[i]));
}
#endif

#if defined(__x86_64__)
static void kernels_that_kill_forked_programs_are_known(void **state)
{
	static const char *const bad[] = { "6.18.0", "6.18.44-generic", "6.19.1", "7.0" };
	static const char *const good[] = { "6.17.13", "6.1.0-44-amd64", "5.15.0", "" };

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_true(kernel_kills_forked_programs(bad[i]));
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		assert_false(kernel_kills_forked_programs(good[i]));
}
#endif

static bool fast_is_harmless(const char *target_name, char reason[EXIT_REASON_SZ])
{
	struct elf_file *file = NULL;
	struct fault why = {};
	bool harmless;

	if (elf_file__open(fixture(target_name), &file, &why))
		fail_msg("%s", why.text);
	harmless = exit_mode_fast_is_harmless(file, NULL, reason);
	elf_file__free(file);
	return harmless;
}

static void a_plain_program_may_be_fast(void **state)
{
	char reason[EXIT_REASON_SZ];

	(void)state;
	assert_true(fast_is_harmless("prog_calls", reason));
}

static void programs_that_may_throw_are_safe(void **state)
{
	char reason[EXIT_REASON_SZ];

	(void)state;
	assert_false(fast_is_harmless("prog_throw", reason));
	assert_non_null(strstr(reason, "unwind"));
}

static void a_shared_library_is_safe_whatever_it_is(void **state)
{
	char reason[EXIT_REASON_SZ];

	(void)state;
	assert_false(fast_is_harmless("libelf_lib.so", reason));
	assert_non_null(strstr(reason, "shared library"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#if defined(__x86_64__)
		cmocka_unit_test(kernels_that_kill_filtered_programs_are_known),
		cmocka_unit_test(kernels_that_kill_forked_programs_are_known),
#endif
		cmocka_unit_test(a_plain_program_may_be_fast),
		cmocka_unit_test(programs_that_may_throw_are_safe),
		cmocka_unit_test(a_shared_library_is_safe_whatever_it_is),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
