/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <sys/capability.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "proc_text.h"
#include "scratch.h"
#include "service/privileges.h"

#define BIT(cap) (1ULL << (cap))
#define KEPT                                                                                       \
	(BIT(CAP_BPF) | BIT(CAP_PERFMON) | BIT(CAP_DAC_READ_SEARCH) | BIT(CAP_SYS_PTRACE) |        \
	 BIT(CAP_LEASE) | BIT(CAP_CHECKPOINT_RESTORE))

struct sets {
	uint64_t inheritable, permitted, effective, bounding, ambient, no_new_privs;
};

static struct sets read_sets(void)
{
	char text[8192];
	struct sets sets = {};

	if (proc_text__read("/proc/self/status", text, sizeof(text)) ||
	    proc_text__status_number(text, "CapInh", 16, &sets.inheritable) ||
	    proc_text__status_number(text, "CapPrm", 16, &sets.permitted) ||
	    proc_text__status_number(text, "CapEff", 16, &sets.effective) ||
	    proc_text__status_number(text, "CapBnd", 16, &sets.bounding) ||
	    proc_text__status_number(text, "CapAmb", 16, &sets.ambient) ||
	    proc_text__status_number(text, "NoNewPrivs", 10, &sets.no_new_privs))
		_exit(99);
	return sets;
}

/* What is given up is gone for good: each question is a process of its own, which exits with the
 * number of the line where something was not so. */
static void ask(int (*question)(const struct scratch *), const struct scratch *scratch)
{
	pid_t pid = fork();
	int status;

	if (!pid)
		_exit(question(scratch));
	assert_true(pid > 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	if (WEXITSTATUS(status))
		fail_msg("question %d was answered with no", WEXITSTATUS(status));
}

#define NEED_ROOT()                                                                                \
	do {                                                                                       \
		if (geteuid()) {                                                                   \
			print_message("needs root\n");                                             \
			skip();                                                                    \
		}                                                                                  \
	} while (0)

static int give_up_all(const struct scratch *scratch)
{
	const struct privileges_needs needs = {};
	struct sets before = read_sets(), after;

	(void)scratch;
	if (privileges__give_up(&needs, NULL))
		return 1;
	after = read_sets();
	if (after.permitted != (before.permitted & KEPT) || after.effective != after.permitted)
		return 2;
	if (after.bounding != (before.bounding & KEPT) || after.inheritable || after.ambient)
		return 3;
	return after.no_new_privs == 1 ? 0 : 4;
}

static void all_but_what_following_needs_is_given_up(void **state)
{
	NEED_ROOT();
	ask(give_up_all, *state);
}

static int give_up_with_perf(const struct scratch *scratch)
{
	const struct privileges_needs needs = { .perf_links = true };
	struct sets before = read_sets();

	(void)scratch;
	if (privileges__give_up(&needs, NULL))
		return 1;
	return read_sets().permitted == (before.permitted & (KEPT | BIT(CAP_SYS_ADMIN))) ? 0 : 2;
}

static void perf_links_keep_what_they_ask_for(void **state)
{
	NEED_ROOT();
	ask(give_up_with_perf, *state);
}

static int give_up_with_folder(const struct scratch *scratch)
{
	int fds[] = { open(scratch->path, O_RDONLY | O_DIRECTORY), open("/tmp", O_RDONLY) };
	const struct privileges_needs needs = { .folder_fds = fds, .folder_cnt = 2 };
	bool has;

	if (privileges__give_up(&needs, NULL))
		return 1;
	has = read_sets().effective & BIT(CAP_DAC_OVERRIDE);
	if (has != (access(scratch__at(scratch, "somebody"), F_OK) == 0))
		return 2;
	return openat(fds[0], "new", O_CREAT | O_WRONLY, 0600) < 0 ? 3 : 0;
}

static void files_are_made_in_folders_of_ours_without_more(void **state)
{
	NEED_ROOT();
	ask(give_up_with_folder, *state);
}

static void folders_of_somebody_else_stay_open(void **state)
{
	const struct scratch *scratch = *state;

	NEED_ROOT();
	scratch__write(scratch, "somebody", "", 0);
	assert_int_equal(chown(scratch->path, 4711, 4711), 0);
	ask(give_up_with_folder, scratch);
	assert_int_equal(chown(scratch->path, 0, 0), 0);
}

static int give_up_as_user(const struct scratch *scratch)
{
	const cap_value_t kept[] = { CAP_PERFMON, CAP_BPF };
	const struct privileges_needs needs = {};
	cap_t caps = cap_init();
	uint64_t bounding;
	struct sets after;

	(void)scratch;
	if (prctl(PR_SET_KEEPCAPS, 1) || setresgid(4711, 4711, 4711) || setresuid(4711, 4711, 4711))
		return 1;
	if (!caps || cap_set_flag(caps, CAP_PERMITTED, 2, kept, CAP_SET) ||
	    cap_set_flag(caps, CAP_EFFECTIVE, 2, kept, CAP_SET) ||
	    cap_set_flag(caps, CAP_INHERITABLE, 2, kept, CAP_SET) || cap_set_proc(caps) ||
	    cap_set_ambient(CAP_BPF, CAP_SET))
		return 2;
	cap_free(caps);
	bounding = read_sets().bounding;
	if (privileges__give_up(&needs, NULL))
		return 3;
	after = read_sets();
	if (after.permitted != (BIT(CAP_PERFMON) | BIT(CAP_BPF)) || after.ambient ||
	    after.inheritable)
		return 4;
	return after.bounding == bounding ? 0 : 5; /* who may not lower it leaves it */
}

static void a_user_keeps_what_he_was_given(void **state)
{
	NEED_ROOT();
	ask(give_up_as_user, *state);
}

static int give_up_twice(const struct scratch *scratch)
{
	return give_up_all(scratch) ? 1 : give_up_all(scratch);
}

static void giving_up_again_changes_nothing(void **state)
{
	NEED_ROOT();
	ask(give_up_twice, *state);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, scratch__set_up, scratch__tear_down)
	const struct CMUnitTest tests[] = {
		CASE(all_but_what_following_needs_is_given_up),
		CASE(perf_links_keep_what_they_ask_for),
		CASE(files_are_made_in_folders_of_ours_without_more),
		CASE(folders_of_somebody_else_stay_open),
		CASE(a_user_keeps_what_he_was_given),
		CASE(giving_up_again_changes_nothing),
	};

	return cmocka_run_group_tests_name("service_privileges", tests, NULL, NULL);
}
