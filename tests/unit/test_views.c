/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "clock.h"
#include "follow/sole_user.h"
#include "follow/views.h"
#include "scratch.h"

#define WAIT_MS 60000

/* --- processes with other views --------------------------------------------------------------- */

/* A child that prepares itself, says so, and stays until it is ended. */
static pid_t start(bool (*prepare)(const char *path), const char *path)
{
	int ready[2];
	char byte;
	pid_t pid;

	assert_int_equal(pipe(ready), 0);
	pid = fork();
	assert_return_code(pid, errno);
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL); /* a failed test leaves nobody behind */
		byte = prepare(path) ? 'y' : 'n';
		if (write(ready[1], &byte, 1) == 1)
			pause();
		_exit(1);
	}
	assert_int_equal(read(ready[0], &byte, 1), 1);
	assert_int_equal(byte, 'y');
	close(ready[0]);
	close(ready[1]);
	return pid;
}

static void end(pid_t pid)
{
	kill(pid, SIGKILL);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
}

static void need_root(void)
{
	if (!geteuid())
		return;
	print_message("skipped: only root can make other views\n");
	skip();
}

static bool change_nothing(const char *path)
{
	(void)path;
	return true;
}

static bool leave_namespace(const char *path)
{
	(void)path;
	return !unshare(CLONE_NEWNS);
}

static bool change_root(const char *path)
{
	return !chroot(path);
}

/* A process that was forked has the view of the one that forked it. */
static bool join(const char *other)
{
	int fd = open(other, O_RDONLY);

	return fd >= 0 && !setns(fd, CLONE_NEWNS);
}

static pid_t start_beside(pid_t pid)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/ns/mnt", (int)pid);
	return start(join, path);
}

/* --- views ------------------------------------------------------------------------------------ */

static struct views *make_views(void)
{
	struct views *views = NULL;
	struct fault why = {};

	if (views__new(4, &views, &why))
		fail_msg("%s", why.text);
	return views;
}

static uint32_t expect_due(struct views *views, pid_t pid)
{
	struct pollfd poll_fd = { .fd = views__fd(views), .events = POLLIN };
	char root[VIEW_ROOT_SZ], expected[VIEW_ROOT_SZ];
	uint32_t view;

	do
		assert_int_equal(poll(&poll_fd, 1, WAIT_MS), 1);
	while (!views__take(views, &view, root));
	snprintf(expected, sizeof(expected), "/proc/%d/root", (int)pid);
	assert_string_equal(root, expected);
	return view;
}

static void expect_none(struct views *views)
{
	struct pollfd poll_fd = { .fd = views__fd(views), .events = POLLIN };
	char root[VIEW_ROOT_SZ];
	uint32_t view;

	assert_false(views__take(views, &view, root));
	assert_int_equal(poll(&poll_fd, 1, 0), 0);
}

static void our_own_view_is_never_due(void **state)
{
	struct views *views = make_views();
	pid_t child = start(change_nothing, NULL);

	(void)state;
	views__want(views, getpid());
	views__want(views, child);
	expect_none(views);
	end(child);
	views__want(views, child); /* gone */
	expect_none(views);
	views__free(views);
}

static void another_namespace_is_due_once(void **state)
{
	struct views *views;
	pid_t first, second;
	uint32_t view;

	(void)state;
	need_root();
	views = make_views();
	first = start(leave_namespace, NULL);
	second = start_beside(first);
	views__want(views, first);
	views__want(views, second);
	view = expect_due(views, second);
	views__looked(views);
	expect_none(views);
	views__want(views, first);
	assert_int_equal(expect_due(views, first), view);
	end(first);
	end(second);
	views__free(views);
}

static void another_root_is_another_view(void **state)
{
	struct views *views;
	pid_t caged, free_one;
	uint32_t view;

	need_root();
	views = make_views();
	free_one = start(leave_namespace, NULL);
	caged = start(change_root, ((struct scratch *)*state)->path);
	views__want(views, free_one);
	view = expect_due(views, free_one);
	views__want(views, caged);
	assert_int_not_equal(expect_due(views, caged), view);
	end(free_one);
	end(caged);
	views__free(views);
}

static void looking_is_followed_by_a_rest(void **state)
{
	struct views *views;
	pid_t first, second;
	uint64_t took_ns, looked_ns;

	(void)state;
	need_root();
	views = make_views();
	first = start(leave_namespace, NULL);
	second = start(leave_namespace, NULL);
	views__want(views, first);
	expect_due(views, first);
	took_ns = clock_monotonic_ns();
	usleep(20000);
	looked_ns = clock_monotonic_ns();
	views__looked(views);
	views__want(views, second);
	expect_due(views, second);
	/* A look has a twentieth of the time, however long this process was held up in it. */
	assert_true(clock_monotonic_ns() - looked_ns >= 19 * (looked_ns - took_ns));
	end(first);
	end(second);
	views__free(views);
}

static void a_view_outlives_the_process_that_it_was_seen_with(void **state)
{
	struct views *views;
	pid_t first, second;

	(void)state;
	need_root();
	views = make_views();
	first = start(leave_namespace, NULL);
	second = start_beside(first);
	views__want(views, first);
	end(first);
	expect_due(views, second);
	end(second);
	views__free(views);
}

static void a_view_that_nobody_has_is_not_looked_into(void **state)
{
	struct views *views;
	pid_t child;

	(void)state;
	need_root();
	views = make_views();
	child = start(leave_namespace, NULL);
	views__want(views, child);
	end(child);
	expect_none(views);
	views__free(views);
}

/* --- files ------------------------------------------------------------------------------------ */

static bool is_named(const struct views *views, uint32_t file)
{
	bool named[8] = {};

	views__mark(views, named, 8);
	return named[file];
}

static void a_file_is_named_as_long_as_a_target_is_in_it(void **state)
{
	struct views *views = make_views();

	(void)state;
	assert_int_equal(views__find(views, VIEW_OWN, 2), VIEW_NOWHERE);
	assert_int_equal(views__put(views, VIEW_OWN, 2, VIEW_NOWHERE), 0);
	assert_false(is_named(views, 5));
	assert_int_equal(views__put(views, VIEW_OWN, 2, 5), 0);
	assert_int_equal(views__put(views, VIEW_OWN, 3, 5), 0);
	assert_int_equal(views__find(views, VIEW_OWN, 2), 5);
	assert_int_equal(views__put(views, VIEW_OWN, 2, 6), 0);
	assert_true(is_named(views, 5));
	assert_true(is_named(views, 6));
	assert_int_equal(views__put(views, VIEW_OWN, 3, VIEW_NOWHERE), 0);
	assert_false(is_named(views, 5));
	views__free(views);
}

static void an_ended_view_names_nothing(void **state)
{
	struct views *views;
	pid_t first, second;
	uint32_t view;

	(void)state;
	need_root();
	views = make_views();
	first = start(leave_namespace, NULL);
	second = start_beside(first);
	views__want(views, first);
	view = expect_due(views, first);
	assert_int_equal(views__put(views, view, 0, 3), 0);
	assert_int_equal(views__put(views, VIEW_OWN, 0, 4), 0);
	views__forget_ended(views);
	assert_true(is_named(views, 3));
	end(first);
	views__forget_ended(views); /* the second one is there */
	assert_true(is_named(views, 3));
	end(second);
	views__forget_ended(views);
	assert_false(is_named(views, 3));
	assert_true(is_named(views, 4));
	views__free(views);
}

static pid_t start_with_file(struct views *views, uint32_t file)
{
	pid_t pid = start(leave_namespace, NULL);

	views__want(views, pid);
	assert_int_equal(views__put(views, expect_due(views, pid), 0, file), 0);
	return pid;
}

static void a_view_that_comes_after_one_that_ended_takes_no_files_with_it(void **state)
{
	struct views *views;
	pid_t first, second, third;

	(void)state;
	need_root();
	views = make_views();
	first = start_with_file(views, 3);
	second = start_with_file(views, 4);
	end(first);
	views__forget_ended(views);
	third = start_with_file(views, 5);
	assert_false(is_named(views, 3));
	assert_true(is_named(views, 4));
	assert_true(is_named(views, 5));
	end(second);
	end(third);
	views__forget_ended(views);
	assert_false(is_named(views, 4) || is_named(views, 5));
	end(start_with_file(views, 6));
	views__free(views);
}

static void a_changed_file_makes_its_views_due(void **state)
{
	struct views *views;
	pid_t first, second;
	uint32_t view;

	(void)state;
	need_root();
	views = make_views();
	first = start(leave_namespace, NULL);
	second = start(leave_namespace, NULL);
	views__want(views, first);
	view = expect_due(views, first);
	assert_int_equal(views__put(views, view, 0, 3), 0);
	views__want(views, second);
	expect_due(views, second);
	views__want_file(views, 4);
	expect_none(views);
	views__want_file(views, 3);
	assert_int_equal(expect_due(views, first), view);
	end(first);
	end(second);
	views__free(views);
}

/* --- who uses a file -------------------------------------------------------------------------- */

static bool keep_open(const char *path)
{
	return open(path, O_RDONLY) >= 0;
}

static bool keep_mapped(const char *path)
{
	int fd = open(path, O_RDONLY);
	void *mapped = mmap(NULL, 1, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, 0);

	close(fd);
	return mapped != MAP_FAILED;
}

/* Not that of this program: a child has its descriptors, too. */
static bool sole_user_says_so(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	bool sole;

	assert_return_code(fd, errno);
	sole = is_sole_user(fd);
	close(fd);
	return sole;
}

static void who_has_a_file_open_or_mapped_uses_it(void **state)
{
	static bool (*const uses[])(const char *path) = { keep_open, keep_mapped };
	const char *path = scratch__at(*state, "file");
	struct sigaction ignore = { .sa_handler = SIG_IGN };
	pid_t user;

	sigaction(SIGIO, &ignore, NULL);
	scratch__write(*state, "file", "content", 7);
	if (!sole_user_says_so(path)) {
		print_message("skipped: no leases on this file system\n");
		skip();
	}
	for (size_t i = 0; i < 2; i++) {
		user = start(uses[i], path);
		assert_false(sole_user_says_so(path));
		end(user);
		assert_true(sole_user_says_so(path));
	}
}

static void targets_may_be_added_and_forgotten(void **state)
{
	struct views *views = NULL;
	bool named[3] = {};

	(void)state;
	assert_int_equal(views__new(1, &views, NULL), 0);
	assert_int_equal(views__put(views, VIEW_OWN, 0, 2), 0);
	assert_int_equal(views__grow(views, 3), 0);
	assert_int_equal(views__find(views, VIEW_OWN, 0), 2);
	assert_int_equal(views__find(views, VIEW_OWN, 2), VIEW_NOWHERE);
	assert_int_equal(views__put(views, VIEW_OWN, 2, 1), 0);
	views__forget_target(views, 0);
	assert_int_equal(views__find(views, VIEW_OWN, 0), VIEW_NOWHERE);
	views__mark(views, named, 3);
	assert_false(named[0] || named[2]);
	assert_true(named[1]);
	views__free(views);
}

#define with_scratch(test)                                                                         \
	cmocka_unit_test_setup_teardown(test, scratch__set_up, scratch__tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(our_own_view_is_never_due),
		cmocka_unit_test(another_namespace_is_due_once),
		with_scratch(another_root_is_another_view),
		cmocka_unit_test(looking_is_followed_by_a_rest),
		cmocka_unit_test(a_view_outlives_the_process_that_it_was_seen_with),
		cmocka_unit_test(a_view_that_nobody_has_is_not_looked_into),
		cmocka_unit_test(a_file_is_named_as_long_as_a_target_is_in_it),
		cmocka_unit_test(an_ended_view_names_nothing),
		cmocka_unit_test(a_view_that_comes_after_one_that_ended_takes_no_files_with_it),
		cmocka_unit_test(a_changed_file_makes_its_views_due),
		cmocka_unit_test(targets_may_be_added_and_forgotten),
		with_scratch(who_has_a_file_open_or_mapped_uses_it),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
